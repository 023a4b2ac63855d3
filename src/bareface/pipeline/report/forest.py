"""What a forest plot shows, as numbers to draw: changes with their intervals, one under the other."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from bareface.pipeline.report.tables import arms, contrasts_of, findings_of
from bareface.pipeline.report.words import ends, interval_words, is_significant, points, signed_words, spaced
from bareface.pipeline.results import Change, Quantity, Study


@dataclass(frozen=True)
class Mark:
    """One change.

    Attributes:
        series: Which recogniser it is of; decides colour and shape.
        value: As it is drawn: shares in points.
        low: Lower end of the interval; None where there is none.
        high: Upper end.
        significant: Whether it is told from no change.
        text: The same in words.
    """

    series: int
    value: float
    low: float | None
    high: float | None
    significant: bool
    text: str


@dataclass(frozen=True)
class Strip:
    """The marks that stand in one line.

    Attributes:
        label: What they are of.
        marks: One a recogniser.
        detail: Smaller, below the label.
    """

    label: str
    marks: tuple[Mark, ...]
    detail: str = ""


@dataclass(frozen=True)
class Axis:
    """From where to where is drawn, and what is written below.

    Attributes:
        low: Left end.
        high: Right end.
        ticks: Round values between them.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Per cent of the width at which a value stands.

        >>> Axis(-10, 10, ()).place(5)
        75.0
        """
        return 100 * (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Forest:
    """Strips over one axis."""

    strips: tuple[Strip, ...]
    axis: Axis


def conditions_forest(study: Study, quantity: Quantity, grouped: bool = False) -> Forest | None:
    """Changes from the first condition, a strip a condition (and group); None where nothing was compared."""
    series = recognisers(study)
    strips: dict[str, list[Mark]] = {}
    for each in findings_of(study, quantity, grouped):
        if each.change is not None and math.isfinite(each.change.value):
            label = spaced(each.condition) + (f", {each.group}" if grouped else "")
            strips.setdefault(label, []).append(_mark(series.index(each.recogniser), each.change, quantity))
    return _forest([Strip(label, tuple(marks)) for label, marks in strips.items()])


def contrasts_forest(study: Study, quantity: Quantity) -> Forest | None:
    """Contrasts in one quantity, in the order of the study; None where there are none."""
    series = recognisers(study)
    strips: dict[tuple[str, str], list[Mark]] = {}
    for each in contrasts_of(study, quantity):
        if math.isfinite(each.change.value):
            first, second = arms(study, each)
            if each.recogniser == each.against_recogniser:
                first, second = spaced(each.against_condition), spaced(each.condition)
            mark = _mark(series.index(each.recogniser), each.change, quantity)
            strips.setdefault((each.question, f"{first} → {second}"), []).append(mark)
    return _forest([Strip(label, tuple(marks), detail) for (label, detail), marks in strips.items()])


def recognisers(study: Study) -> list[str]:
    """Who was asked, each with the number that its colour has."""
    found = [card.name for card in study.recognisers]
    found += [each.recogniser for each in study.findings]
    found += [each.recogniser for each in study.contrasts]
    return list(dict.fromkeys(found))


def axis_of(values: Iterable[float], zero: bool = True) -> Axis:
    """An axis on which all values have room.

    Args:
        values: At least one, finite.
        zero: Whether 0 belongs on it.
    """
    all_values = [*values, *([0.0] if zero else [])]
    low, high = min(all_values), max(all_values)
    room = 0.06 * (high - low) or 1.0
    low, high = low - room, high + room
    ticks = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return Axis(low, high, tuple(float(tick) for tick in ticks if low <= tick <= high))


def _forest(strips: Sequence[Strip]) -> Forest | None:
    if not strips:
        return None
    drawn = [value for strip in strips for mark in strip.marks for value in (mark.value, mark.low, mark.high)]
    return Forest(tuple(strips), axis_of(value for value in drawn if value is not None))


def _mark(series: int, change: Change, quantity: Quantity) -> Mark:
    words = interval_words(change.interval, quantity, signed=True)
    low, high = ends(change.interval, quantity)
    return Mark(
        series=series,
        value=points(change.value, quantity),
        low=low,
        high=high,
        significant=is_significant(change),
        text=f"{signed_words(change.value, quantity)} {words or 'no interval'}",
    )
