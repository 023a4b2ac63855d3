"""The study on the terminal: the answer, the conditions, the contrasts."""

from typing import IO

from rich.console import Console
from rich.table import Table as Printed
from rich.text import Text

from bareface.pipeline.report.elsewhere import HEIDELBERG_2019
from bareface.pipeline.report.tables import Table, basis, conditions_table, contrasts_table, measured
from bareface.pipeline.results import Study


def print_study(study: Study, file: IO[str]) -> None:
    """Prints what a study found in its first quantity, the others' tables being in the report.

    Args:
        study: All of it.
        file: Where to.
    """
    first, *others = measured(study)
    note = f" ({study.note})" if study.note else ""
    counts = basis(study, first)
    tables = [(conditions_table(study, first), f"{first.title} in each condition{note}: {counts}")]
    if any(each.quantity == first.name for each in study.contrasts):
        tables.append((contrasts_table(study, first), f"Contrasts in {first.title}{note}"))
    lines = [*(f"Left out, {count:,}: {reason}" for reason, count in study.left_out.items()), study.answer]
    lines += [f"Note: {each}" for each in study.notes]
    if others:
        lines.append(f"report.html has these tables for {', '.join(each.title for each in others)}, too.")
    lines.append(f"{HEIDELBERG_2019.title}:")
    lines += [f"  {what}: top-1 {top1}, top-5 {top5}" for what, top1, top5 in HEIDELBERG_2019.rows]
    lines.append(HEIDELBERG_2019.note)
    for table, title in tables:
        _print(table, title, file)
    console = Console(file=file, width=110)
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _print(table: Table, title: str, file: IO[str]) -> None:
    cells = [[column.title for column in table.columns], *([cell.words for cell in row] for row in table.rows)]
    widths = [max(len(row[number]) for row in cells) for number in range(len(table.columns))]
    console = Console(file=file, width=max(sum(widths) + 3 * len(widths) + 1, len(title)))
    printed = Printed(title=Text(title))
    for column in table.columns:
        printed.add_column(Text(column.title), justify="right" if column.numeric else "left")
    for row in cells[1:]:
        printed.add_row(*(Text(cell) for cell in row))
    console.print(printed)
    for number, remark in enumerate(table.remarks, 1):
        console.print(f"({number}) {remark}", markup=False, highlight=False, soft_wrap=True)
