"""``report.md``: the study's tables and paragraphs as Markdown."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bareface.io.atomic import atomic_path
from bareface.pipeline.report.elsewhere import ELSEWHERE
from bareface.pipeline.report.tables import (
    READING,
    Table,
    conditions_table,
    contrasts_of,
    contrasts_table,
    leakage_table,
    meanings,
    measured,
)
from bareface.pipeline.results import Study


def write_markdown(study: Study, folder: Path) -> None:
    """Writes ``report.md``."""
    with atomic_path(folder / "report.md") as temporary:
        temporary.write_text("\n".join(_lines(study)), encoding="utf-8")


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is, in one line and in a table's cell.

    >>> print(escaped("a|b <i>_c_"))
    a\|b \<i\>\_c\_
    """
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", " ".join(text.split()))


def _lines(study: Study) -> list[str]:
    note = f" ({escaped(study.note)})" if study.note else ""
    lines = [
        f"# {escaped(study.title)}{note}",
        "",
        f"**{escaped(study.answer)}**",
        "",
        escaped(study.data),
        "",
    ]
    lines += [f"{study.photos:,} photos of {study.identities:,} identities, the same in every condition.", ""]
    lines += _list(f"Left out, {count:,}: {reason}" for reason, count in study.left_out.items())
    lines += ["## Conditions", "", READING.replace("*", "\\*"), ""]
    for quantity in measured(study):
        lines += [f"### {escaped(quantity.title)}{note}", "", *_table(conditions_table(study, quantity))]
        contrasts = contrasts_of(study, quantity)
        if contrasts:
            lines += [f"#### Contrasts in {escaped(quantity.title)}", "", *_table(contrasts_table(study, quantity))]
            lines += _list(f"{question}: {meaning}" for question, meaning in meanings(contrasts).items())
        groups = conditions_table(study, quantity, grouped=True)
        if groups.rows:
            lines += [f"#### {escaped(quantity.title)} by group", "", *_table(groups)]
    lines += ["## Methods", "", escaped(study.methods), "", *_list(study.notes)]
    lines += ["### Leakage", "", *_table(leakage_table(study))]
    lines += ["### Models and versions", ""]
    for card in (*study.recognisers, *study.segmenters):
        prints = ", ".join(f"{file} ({print_})" for file, print_ in zip(card.files, card.fingerprints, strict=True))
        lines.append(f"- {escaped(f'{card.name}: {card.meaning}; {prints}')}")
    lines += ["", *_list(f"{name} {version}" for name, version in study.versions.items())]
    lines += ["## Measured elsewhere, on other data", ""]
    for each in ELSEWHERE:
        lines += [f"### {each.title}", "", *_rows(each.head, each.rows), "", f"{each.note} Source: {each.source}", ""]
    return lines


def _table(table: Table) -> list[str]:
    head = [column.title for column in table.columns]
    lines = _rows(head, [[cell.words for cell in row] for row in table.rows])
    lines += ["", *(f"({number}) {escaped(remark)}" for number, remark in enumerate(table.remarks, 1))]
    return [*lines, ""] if table.remarks else lines


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, *rows]
    written = [f"| {' | '.join(escaped(cell) for cell in row)} |" for row in lines]
    return [written[0], "|" + "---|" * len(head), *written[1:]]


def _list(items: Iterable[str]) -> list[str]:
    lines = [f"- {escaped(item)}" for item in items]
    return [*lines, ""] if lines else []
