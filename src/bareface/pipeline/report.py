"""The pipeline's answer as tables and figures."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from torch import Tensor

from bareface.io.atomic import atomic_path
from bareface.pipeline.statistics import change

REPORT_2019 = (
    ("segmenter, mIoU", "98.90 %", ""),
    ("original", "90.81 %", "96.35 %"),
    ("removed, as printed", "70.98 %", "67.09 %"),
    ("removed, columns swapped", "67.09 %", "70.98 %"),
)
"""What, top-1, top-5. As printed, top-5 is below top-1, which cannot be; most likely the two columns are swapped."""
REPORT_NOTE = (
    "The 2019 report, measured on other data (CelebHair; VGGFace2, 72,283 / 4,634 photos). Its removed row has top-5 "
    "below top-1, which cannot be: the two figures are most likely swapped or differently sampled; both readings stand."
)


@dataclass(frozen=True)
class Row:
    """One condition.

    Attributes:
        condition: Its name.
        pictures: Number of photos.
        top1: Share whose identity was first, 0 to 1.
        top5: Share whose identity was among the first five.
        loss: Mean cross-entropy.
        milliseconds: To compose and recognise one photo.
        difference: Top-1 minus that of the first condition; 0 for the first itself.
        low: Lower end of its 95 % interval; NaN where there are too few identities.
        high: Upper end.
    """

    condition: str
    pictures: int
    top1: float
    top5: float
    loss: float
    milliseconds: float
    difference: float
    low: float
    high: float


def rows_of(conditions: Sequence[str], sums: dict[str, Tensor]) -> list[Row]:
    """The table of conditions.

    Args:
        conditions: Their names; the first is what the others are compared with.
        sums: What ``Tally`` computed.
    """
    pictures = sums["pictures"].numpy()
    total = int(pictures.sum())
    first, among_five = sums["first"].numpy(), sums["among_five"].numpy()
    identity = np.repeat(np.arange(len(pictures)), pictures)
    place = np.arange(total) - np.repeat(np.cumsum(pictures) - pictures, pictures)
    right = place < first[:, identity]  # which of an identity's photos are right does not matter to the interval
    rows = []
    for number, condition in enumerate(conditions):
        interval = change(right[:1], right[number : number + 1], identity).interval
        low, high = (interval.low, interval.high) if interval is not None else (float("nan"), float("nan"))
        rows.append(
            Row(
                condition=condition,
                pictures=total,
                top1=float(first[number].sum() / total),
                top5=float(among_five[number].sum() / total),
                loss=float(sums["loss"][number] / total),
                milliseconds=float(sums["seconds"][number] / total * 1e3),
                difference=float((first[number] - first[0]).sum() / total),
                low=low,
                high=high,
            )
        )
    return rows


def figures_of(rows: Sequence[Row]) -> dict[str, float]:
    """Every number under the name that it is logged with."""
    return {
        f"test/{row.condition}/{name}": float(value)
        for row in rows
        for name, value in asdict(row).items()
        if name != "condition"
    }


def _cells(row: Row, first: bool) -> list[str]:
    points = "" if first else f"{100 * row.difference:+.2f}"
    if not first and not np.isnan(row.low):
        points += f" [{100 * row.low:+.2f}, {100 * row.high:+.2f}]"
    return [
        row.condition.replace("_", " "),
        f"{row.top1:.2%}",
        f"{row.top5:.2%}",
        points,
        f"{row.loss:.3f}",
        f"{row.pictures:,}",
        f"{row.milliseconds:.2f}",
    ]


HEAD = ("condition", "top-1", "top-5", "difference, points [95 %]", "loss", "photos", "ms a photo")


def print_table(rows: Sequence[Row], quality: float | None, note: str, file: IO[str]) -> None:
    """Prints the table of conditions, and the 2019 report's figures below.

    Args:
        rows: The conditions.
        quality: mIoU of the segmenter on these photos, or None where it is not known.
        note: What data this is; "" for photos.
        file: Where to.
    """
    console = Console(file=file, width=110)
    table = Table(*HEAD, title=f"Top-1 and top-5 with and without the background{f' ({note})' if note else ''}")
    for number, row in enumerate(rows):
        table.add_row(*_cells(row, first=number == 0))
    console.print(table)
    if quality is not None:
        console.print(f"The segmenter's mIoU on these photos, against their true masks: {quality:.2%}")
    other = Table("2019 report", "top-1", "top-5")
    for line in REPORT_2019:
        other.add_row(*line)
    console.print(other)
    console.print(REPORT_NOTE)


def write_tables(rows: Sequence[Row], quality: float | None, note: str, folder: Path) -> None:
    """Writes ``conditions.csv`` and ``conditions.md``."""
    with (
        atomic_path(folder / "conditions.csv") as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(Row))
        writer.writerows(asdict(row).values() for row in rows)
    lines = [f"# Conditions{f' ({note})' if note else ''}", "", _markdown(HEAD), "|" + "---|" * len(HEAD)]
    lines += [_markdown(_cells(row, first=number == 0)) for number, row in enumerate(rows)]
    if quality is not None:
        lines += ["", f"The segmenter's mIoU on these photos, against their true masks: {quality:.2%}"]
    lines += ["", "## The 2019 report, measured on other data", "", "| | top-1 | top-5 |", "|---|---|---|"]
    lines += [_markdown(line) for line in REPORT_2019]
    lines += ["", REPORT_NOTE, ""]
    with atomic_path(folder / "conditions.md") as temporary:
        temporary.write_text("\n".join(lines), encoding="utf-8")


def _markdown(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def draw_conditions(rows: Sequence[Row], note: str, path: Path) -> None:
    """Draws top-1 and top-5 of each condition as bars."""
    matplotlib.use("Agg")
    figure = Figure(figsize=(7, 1.6 + 0.75 * len(rows)), layout="constrained")
    axes = figure.subplots()
    place = np.arange(len(rows))[::-1]
    for offset, name, label, colour in ((0.19, "top1", "top-1", "#0072b2"), (-0.19, "top5", "top-5", "#9ecae1")):
        values = [100 * getattr(row, name) for row in rows]
        bars = axes.barh(place + offset, values, 0.36, label=label, color=colour)
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=9)
    axes.set_yticks(place, [row.condition.replace("_", " ") for row in rows])
    axes.set_xlim(0, 112)
    axes.set_xlabel("% of photos recognised")
    axes.set_title(f"{rows[0].pictures:,} photos{f', {note}' if note else ''}", fontsize=11, loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=140, format="png")
