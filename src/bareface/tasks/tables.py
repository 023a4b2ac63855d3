"""Tables of runs, on a terminal and as Markdown."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Prints a table on standard output, as wide as it has to be: nothing of it is cut off.

    Args:
        head: Titles of the columns.
        rows: Their cells.
        title: Stands above; "" for none.
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    console = Console(file=sys.stdout, width=max(sum(widths) + 3 * len(widths) + 1, len(title)))
    table = Table(*map(escape, head), title=escape(title) or None, title_justify="left")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def print_lines(lines: Sequence[str]) -> None:
    """Prints lines on standard output as they are, however long."""
    console = Console(file=sys.stdout)
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    above, *below = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in (head, *rows))
    return [f"| {above} |", "|" + "---|" * len(head), *(f"| {row} |" for row in below)]
