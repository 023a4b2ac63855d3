"""Studies beside each other: which option does what to recognition without the background."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from bareface.io.atomic import atomic_path
from bareface.pipeline.report.flat import CONTRASTS, FINDINGS, contrasts_rows, findings_rows
from bareface.pipeline.report.words import p_words
from bareface.pipeline.results import Finding, Quantity, Study
from bareface.recognition.protocols.intervals import Interval
from bareface.tasks.settings import differing, setting
from bareface.tasks.study_figure import draw_studies
from bareface.tasks.study_names import told_apart
from bareface.tasks.study_runs import Group, StudyRun, groups_of
from bareface.tasks.tables import markdown_table, print_lines, print_table

GAP = "BG-Gap"


def compare_studies(entries: Sequence[StudyRun], out: Path) -> None:
    """Prints a table of studies and writes ``studies.csv``, ``studies.md``, ``studies.png`` and ``studies.svg``.

    Studies of other photos do not compare; they stand in groups with a heading. One that failed stays in all of them.

    Args:
        entries: At least one.
        out: The folder to write to; made where it is missing.
    """
    options = differing([each.run for each in entries])
    groups = groups_of(entries)
    failed = [f"{each.run.folder}: {each.run.failure}" for each in entries if each.study is None]
    out.mkdir(parents=True, exist_ok=True)
    _write_csv(groups, options, out / "studies.csv")
    lines = ["# Studies"]
    for group in groups:
        head, rows = _table(group, options)
        lines += ["", f"## {group.heading}", "", *markdown_table(head, rows)]
        print_table(head, rows, group.heading)
    if failed:
        lines += ["", f"{len(failed)} of {len(entries)} failed:", "", *(f"- {line}" for line in failed)]
    with atomic_path(out / "studies.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw_studies(groups, options, out / "studies")
    print_lines([f"failed: {line}" for line in failed])


def _table(group: Group, options: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """One row a study, recogniser and condition."""
    names = [told_apart([setting(each.run, name) for each in group.entries]) for name in options]
    names = names or [[each.run.folder.name for each in group.entries]]
    quantity, studies = group.quantity, [study for _, study in group.studies]
    if quantity is None:
        return [*(options or ["run"]), "status"], [[*words, "failed"] for words in zip(*names, strict=True)]
    head, unit = [*(options or ["run"])], ", points" if quantity.unit == "share" else ""
    counted = len({study.photos for study in studies}) > 1
    head += ["photos"] if counted else []
    head += ["recogniser", "condition", f"{quantity.title} [95 %]", f"change{unit} [95 %]", "p (Holm)"]
    truth = any(each.quantity == "matte_iou" for study in studies for each in study.findings)
    head += ["matte IoU"] if truth else []
    gap = any(each.question == GAP for study in studies for each in study.contrasts)
    head += [f"{GAP}{unit} [95 %]"] if gap else []
    rows: list[list[str]] = []
    for each, *row in zip(group.entries, *names, strict=True):
        if each.study is None:
            rows.append([*row, "failed", *[""] * (len(head) - len(row) - 1)])
            continue
        row += [f"{each.study.photos:,}"] if counted else []
        for finding in _asked(each.study, quantity):
            cells = [finding.recogniser, finding.condition, *_cells(finding, quantity)]
            cells += [_iou(each.study, finding)] if truth else []
            cells += [_gap(each.study, finding, quantity)] if gap else []
            rows.append(row + cells)
    return head, rows


def _asked(study: Study, quantity: Quantity) -> list[Finding]:
    """What was found of a quantity on everybody's photos."""
    return [each for each in study.findings if (each.group, each.quantity) == ("", quantity.name)]


def _cells(finding: Finding, quantity: Quantity) -> list[str]:
    value, change = _words(finding.value, finding.interval, quantity), finding.change
    if change is None:
        return [value, "", ""]
    significance = "" if change.holm is None else p_words(change.holm)
    return [value, _words(change.value, change.interval, quantity, "+"), significance]


def _iou(study: Study, finding: Finding) -> str:
    """How good the mattes of a condition were; they are the same for all recognisers."""
    found = (
        each.value
        for each in study.findings
        if (each.condition, each.group, each.quantity) == (finding.condition, "", "matte_iou")
    )
    value = next(found, math.nan)
    return "" if math.isnan(value) else f"{100 * value:.1f} %"


def _gap(study: Study, finding: Finding, quantity: Quantity) -> str:
    """What the background says about who it is; it stands with the first of the two conditions that tell it."""
    return "; ".join(
        _words(each.change.value, each.change.interval, quantity, "+")
        for each in study.contrasts
        if (each.question, each.quantity) == (GAP, quantity.name)
        if (each.recogniser, each.condition) == (finding.recogniser, finding.condition)
    )


def _words(value: float, interval: Interval | None, quantity: Quantity, sign: str = "") -> str:
    """A value, or with a sign a change, and its interval: shares in percent, changes of them in points."""
    if math.isnan(value):
        return "undefined"
    share = quantity.unit == "share"
    factor, form = (100, f"{sign}.1f") if share else (1, f"{sign}.3f")
    unit = " %" if share and not sign else ""
    if interval is None:
        return f"{factor * value:{form}}{unit} (no interval)"
    return f"{factor * value:{form}}{unit} [{factor * interval.low:{form}}, {factor * interval.high:{form}}]"


def _write_csv(groups: Sequence[Group], options: Sequence[str], path: Path) -> None:
    """All findings of all studies, and all contrasts, which have no value but a question."""
    numbers = list(dict.fromkeys((*FINDINGS.names, *CONTRASTS.names)))
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "status", "data", *options, *numbers])
        for group in groups:
            for each in group.entries:
                status = "done" if each.study is not None else f"failed: {each.run.failure}"
                row = [each.run.folder, status, group.heading, *(setting(each.run, name) for name in options)]
                rows = [{}] if each.study is None else [*findings_rows(each.study), *contrasts_rows(each.study)]
                writer.writerows([*row, *(numbered.get(name) for name in numbers)] for numbered in rows)
