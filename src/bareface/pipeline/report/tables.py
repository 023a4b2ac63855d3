"""The tables of a study as cells of text, from which every form of the report is written."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bareface.pipeline.report.words import (
    NONE,
    interval_words,
    is_significant,
    p_words,
    signed_words,
    size_words,
    spaced,
    unit_words,
    value_words,
)
from bareface.pipeline.results import Change, Contrast, Finding, Quantity, Study

TOO_FEW = "too few identities for an interval"
READING = (
    "Brackets hold 95 % intervals; changes are from the first condition to this one, on the same photos. p (Holm): of "
    "a change this far from 0 if there were none, corrected for all conditions, * below 0.05. Detectable: the smallest "
    "change of either sign that a study like this one sees with probability 0.8. Gained and lost: photos that became "
    "right or wrong; McNemar's test compares these two."
)


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table.

    Attributes:
        text: As it is read.
        sort: What rows are put in order by; None goes last.
        interval: The interval of the number, or why there is none.
        detail: What stands below it where columns are hidden for lack of room.
    """

    text: str
    sort: float | str | None = None
    interval: str = ""
    detail: str = ""

    @property
    def words(self) -> str:
        """The number with its interval."""
        return f"{self.text} {self.interval}".strip()


@dataclass(frozen=True)
class Column:
    """Heading of a column.

    Attributes:
        title: What stands above it.
        numeric: Whether its cells are numbers.
        spare: Whether a narrow screen hides it, its text being the detail of the first cell.
    """

    title: str
    numeric: bool = False
    spare: bool = False


@dataclass
class Table:
    """Rows under a head, with remarks below that cells refer to by number.

    Attributes:
        columns: The head.
        rows: One list of cells a row, as long as the head.
        remarks: What (1), (2), ... stand for.
    """

    columns: list[Column]
    rows: list[list[Cell]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def refer(self, remark: str) -> str:
        """The number of a remark, in parentheses; the same one for the same remark."""
        if remark not in self.remarks:
            self.remarks.append(remark)
        return f"({self.remarks.index(remark) + 1})"


def measured(study: Study) -> list[Quantity]:
    """The quantities that something is known of."""
    names = {each.quantity for each in study.findings} | {each.quantity for each in study.contrasts}
    return [quantity for quantity in study.quantities if quantity.name in names]


def findings_of(study: Study, quantity: Quantity, grouped: bool = False) -> list[Finding]:
    """What was measured of one quantity: of everybody's photos, or group by group."""
    return [each for each in study.findings if each.quantity == quantity.name and bool(each.group) == grouped]


def basis(study: Study, quantity: Quantity) -> str:
    """How many photos of how many identities a quantity rests on: fewer than a study has where some are not known."""
    counts = {(each.photos, each.identities) for each in findings_of(study, quantity)}
    photos, identities = counts.pop() if len(counts) == 1 else (study.photos, study.identities)
    return f"{photos:,} photos of {identities:,} identities"


def contrasts_of(study: Study, quantity: Quantity) -> list[Contrast]:
    """The contrasts in one quantity."""
    return [each for each in study.contrasts if each.quantity == quantity.name]


def conditions_table(study: Study, quantity: Quantity, grouped: bool = False) -> Table:
    """Value and change of every recogniser in every condition.

    The recogniser's column is left out where there is only one. Photos that changed sides are counted where photos are
    right or wrong, but not group by group.

    Args:
        study: All of it.
        quantity: Which one.
        grouped: The groups instead of everybody.
    """
    findings = findings_of(study, quantity, grouped)
    several = len({each.recogniser for each in study.findings}) > 1
    counted = not grouped and any(each.change is not None and each.change.gained is not None for each in findings)
    table = Table(
        [
            Column("condition"),
            *([Column("recogniser", spare=True)] if several else []),
            *([Column("group"), Column("photos", True)] if grouped else []),
            Column(f"{quantity.title} [95 %]", True),
            *_change_columns(quantity, counted),
        ]
    )
    for each in findings:
        name = spaced(each.condition)
        cells = [Cell(name, name, detail=each.recogniser if several else "")]
        cells += [Cell(each.recogniser, each.recogniser)] if several else []
        if grouped:
            cells += [Cell(each.group, each.group), Cell(f"{each.photos:,}", float(each.photos))]
        interval = interval_words(each.interval, quantity) or _without(table, each.note)
        cells.append(Cell(value_words(each.value, quantity), number(each.value), interval))
        if each.condition == study.conditions[0].name:
            cells += [Cell("reference"), *[Cell(NONE)] * (5 if counted else 2)]
        else:
            cells += _change_cells(table, each.change, quantity, counted, each.note)
        table.rows.append(cells)
    return table


def contrasts_table(study: Study, quantity: Quantity) -> Table:
    """The questions that two arms answer together; empty rows where none was asked in this quantity."""
    contrasts = contrasts_of(study, quantity)
    counted = any(each.change.gained is not None for each in contrasts)
    table = Table([Column("question"), Column("from"), Column("to"), *_change_columns(quantity, counted)])
    for each in contrasts:
        first, second = arms(study, each)
        cells = [Cell(each.question, each.question), Cell(first, first), Cell(second, second)]
        table.rows.append([*cells, *_change_cells(table, each.change, quantity, counted, "")])
    return table


def leakage_table(study: Study) -> Table:
    """Photos and identities of the study that each model was trained on."""
    table = Table([Column("model"), Column("photos", True), Column("identities", True), Column("compared")])
    for each in study.leakage:
        counts = (_count(each.photos), _count(each.identities))
        table.rows.append([Cell(each.model, each.model), *counts, Cell(each.note)])
    return table


def arms(study: Study, contrast: Contrast) -> tuple[str, str]:
    """The two arms of a contrast in words; recognisers are named where there are several."""
    first, second = spaced(contrast.against_condition), spaced(contrast.condition)
    if len(study.recognisers) > 1:
        return f"{contrast.against_recogniser}: {first}", f"{contrast.recogniser}: {second}"
    return first, second


def meanings(contrasts: Iterable[Contrast]) -> dict[str, str]:
    """What each question means, each once."""
    return {each.question: each.meaning for each in contrasts}


def number(value: float | None) -> float | None:
    """A value to put in order by; None for one that is not finite."""
    return None if value is None or not math.isfinite(value) else value


def _change_columns(quantity: Quantity, counted: bool) -> Sequence[Column]:
    unit = unit_words(quantity, change=True)
    return (
        Column(f"change{', ' if unit else ''}{unit} [95 %]", True),
        Column("p (Holm)", True),
        Column("detectable", True),
        *((Column("gained", True), Column("lost", True), Column("p (McNemar)", True)) if counted else ()),
    )


def _change_cells(table: Table, change: Change | None, quantity: Quantity, counted: bool, note: str) -> list[Cell]:
    if change is None:
        return [Cell(NONE)] * (6 if counted else 3)
    interval = interval_words(change.interval, quantity, signed=True) or _without(table, note)
    cells = [
        Cell(signed_words(change.value, quantity), number(change.value), interval),
        Cell(p_words(change.holm) + (" *" if is_significant(change) else ""), number(change.holm)),
        Cell(size_words(change.smallest, quantity), number(change.smallest)),
    ]
    if counted:
        cells += [_count(change.gained), _count(change.lost), Cell(p_words(change.mcnemar), number(change.mcnemar))]
    return cells


def _count(photos: int | None) -> Cell:
    return Cell(NONE) if photos is None else Cell(f"{photos:,}", float(photos))


def _without(table: Table, note: str) -> str:
    return f"no interval {table.refer(note or TOO_FEW)}"
