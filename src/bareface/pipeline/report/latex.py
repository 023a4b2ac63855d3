r"""``tables/*.tex``: tables that a paper can include with ``\input``; they need the package booktabs."""

import re
from pathlib import Path

from bareface.io.atomic import atomic_path
from bareface.pipeline.report.tables import Table, basis, conditions_table, contrasts_table
from bareface.pipeline.report.words import MINUS, NONE, spaced
from bareface.pipeline.results import Study

SPECIAL = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"<": "$<$", ">": "$>$", "|": "$|$", '"': "''", MINUS: "$-$", NONE: "--", "→": r"$\rightarrow$"},
    # After the end of a row these two would be read as an option of it.
    **{"[": "{[}", "]": "{]}", "*": "{*}"},
}
LATIN = 0x17F
"""The last letter that pdflatex writes without further packages."""


def write_latex(study: Study, folder: Path) -> None:
    """Writes ``conditions_QUANTITY.tex`` for each quantity and ``contrasts_QUANTITY.tex`` where there are contrasts.

    Args:
        study: All of it.
        folder: Where to; made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = f" ({study.note})" if study.note else ""
    first = spaced(study.conditions[0].name)
    for quantity in study.quantities:
        measured = f"{basis(study, quantity)}{note}"
        tables = {
            "conditions": (
                conditions_table(study, quantity),
                f"{quantity.title} in each condition and its change from {first}; {measured}.",
            ),
            "contrasts": (contrasts_table(study, quantity), f"Contrasts in {quantity.title}; {measured}."),
        }
        for name, (table, caption) in tables.items():
            if table.rows:
                label = re.sub("[^a-z0-9]+", "-", f"{name}-{quantity.name}".lower())
                with atomic_path(folder / f"{name}_{quantity.name}.tex") as temporary:
                    temporary.write_text(_latex(table, caption, label), encoding="utf-8")


def escaped(text: str) -> str:
    r"""Text that LaTeX sets as it is; letters that pdflatex does not know are given by their number.

    >>> print(escaped("50 % of a_b"))
    50 \% of a\_b
    >>> print(escaped("漢"))
    {[}U+6F22{]}
    """
    found = []
    for letter in " ".join(text.split()):
        if letter in SPECIAL:
            found.append(SPECIAL[letter])
        elif letter.isprintable():
            found.append(letter if ord(letter) <= LATIN else f"{{[}}U+{ord(letter):04X}{{]}}")
    return "".join(found)


def _latex(table: Table, caption: str, label: str) -> str:
    remarks = "".join(f" ({number}) {remark}." for number, remark in enumerate(table.remarks, 1))
    body = [" & ".join(escaped(cell.words) for cell in row) + r" \\" for row in table.rows]
    return "\n".join(
        [
            r"% Needs \usepackage{booktabs}.",
            r"\begin{table}",
            r"\centering\scriptsize\setlength{\tabcolsep}{3pt}",
            rf"\caption{{{escaped(caption + remarks)}}}",
            rf"\label{{tab:{label}}}",
            rf"\begin{{tabular}}{{@{{}}{''.join('r' if column.numeric else 'l' for column in table.columns)}@{{}}}}",
            r"\toprule",
            " & ".join(escaped(column.title) for column in table.columns) + r" \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )
