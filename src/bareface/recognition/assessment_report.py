"""What the protocols found, as tables."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.table import Table

from bareface.io.atomic import atomic_path
from bareface.recognition.assessment import Assessment
from bareface.recognition.protocols.intervals import Estimate

HEAD = ("protocol", "quantity", "system", "value [95 %]", "mated", "non-mated", "N", "identities", "threshold", "note")
COLUMNS = (
    *("system", "protocol", "quantity", "value", "low", "high"),
    *("identities", "mated", "non_mated", "gallery", "threshold", "note"),
)
READING = (
    "Intervals take identities, not pairs, as what was drawn by chance. mated and non-mated count pairs (pairs, "
    "verification) or probes; N is the number of enrolled identities. FAR is a share of comparisons, FPIR of non-mated "
    "probes. TAR at a FAR is that of the largest FAR not above it on these very pictures; what is at val is reached at "
    "the threshold that validation pictures gave."
)


def figures_of(systems: Mapping[str, Assessment]) -> dict[str, float]:
    """Every number under the name that it is logged with; what could not be measured is left out."""
    figures = {}
    for system, assessment in systems.items():
        for protocol, each in assessment.rows:
            name = f"test/{system}/{protocol}/{each.quantity}"
            if not math.isnan(each.value):
                figures[name] = each.value
            if each.interval is not None:
                figures |= {f"{name}_low": each.interval.low, f"{name}_high": each.interval.high}
    return figures


def print_table(systems: Mapping[str, Assessment], note: str, file: IO[str]) -> None:
    """Prints the table.

    Args:
        systems: What was measured, by system.
        note: What data this is; "" for photos.
        file: Where to.
    """
    rows = _rows(systems)
    used = [number for number in range(len(HEAD) - 1) if any(row[number] for row in rows)]
    table = Table(*(HEAD[number] for number in used), title=f"Protocols{f' ({note})' if note else ''}")
    for row in rows:
        table.add_row(*(row[number] for number in used))
    widths = [max(len(row[number]) for row in [HEAD, *rows]) for number in used]
    console = Console(file=file, width=sum(widths) + 3 * len(widths) + 1)
    console.print(table)
    reasons = [each.note for assessment in systems.values() for _, each in assessment.rows if math.isnan(each.value)]
    for line in [*dict.fromkeys(reasons), *_remarks(systems)]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def write_tables(systems: Mapping[str, Assessment], note: str, folder: Path) -> None:
    """Writes ``protocols.csv`` and ``protocols.md``."""
    path = folder / "protocols.csv"
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for system, assessment in systems.items():
            writer.writerows(_record(system, protocol, each) for protocol, each in assessment.rows)
    lines = [f"# Protocols{f' ({note})' if note else ''}", "", f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    lines += [f"| {' | '.join(row)} |" for row in _rows(systems)]
    lines += ["", READING, *([""] if _remarks(systems) else []), *(f"- {line}" for line in _remarks(systems)), ""]
    with atomic_path(folder / "protocols.md") as temporary:
        temporary.write_text("\n".join(lines), encoding="utf-8")


def _record(system: str, protocol: str, each: Estimate) -> list[object]:
    interval = each.interval
    ends = ["", "", ""] if interval is None else [interval.low, interval.high, interval.identities]
    value = "" if math.isnan(each.value) else each.value
    threshold = "" if each.threshold is None else each.threshold
    return [
        system,
        protocol,
        each.quantity,
        value,
        *ends,
        each.mated,
        each.non_mated,
        each.gallery,
        threshold,
        each.note,
    ]


def _remarks(systems: Mapping[str, Assessment]) -> list[str]:
    """What was left out, each reason once."""
    return list(dict.fromkeys(note for assessment in systems.values() for note in assessment.notes))


def _rows(systems: Mapping[str, Assessment]) -> list[list[str]]:
    """The cells, the systems beside each other: a quantity's rows follow one another."""
    found: dict[tuple[str, str], list[list[str]]] = {}
    for system, assessment in systems.items():
        for protocol, each in assessment.rows:
            found.setdefault((protocol, each.quantity), []).append(_cells(system, protocol, each))
    return [row for rows in found.values() for row in rows]


def _cells(system: str, protocol: str, each: Estimate) -> list[str]:
    value = "" if math.isnan(each.value) else f"{each.value:.4f}"
    interval = each.interval
    if interval is not None:
        value += f" [{interval.low:.4f}, {interval.high:.4f}]"
    counts = (each.mated, each.non_mated, each.gallery, 0 if interval is None else interval.identities)
    return [
        protocol.replace("_", " "),
        each.quantity.replace("_", " "),
        system,
        value,
        *(f"{count:,}" if count else "" for count in counts),
        "" if each.threshold is None else f"{each.threshold:.4f}",
        each.note,
    ]
