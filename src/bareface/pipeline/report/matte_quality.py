"""How good the mattes were, against what the condition did to recognition."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bareface.pipeline.report.forest import Axis, axis_of, recognisers
from bareface.pipeline.report.words import points, spaced
from bareface.pipeline.results import Study

QUALITY = "matte_iou"
"""Name of the quantity that says how good mattes were."""


@dataclass(frozen=True)
class Point:
    """One condition.

    Attributes:
        label: Its name.
        quality: Intersection over union of its mattes with the true foreground, in percent.
        change: Of the study's first quantity, in points where that is a share.
        low: Lower end of its interval; None where there is none.
        high: Upper end.
        line: Where its label stands, counted in lines from the bottom of the picture.
    """

    label: str
    quality: float
    change: float
    low: float | None
    high: float | None
    line: float


@dataclass(frozen=True)
class Panel:
    """The conditions of one recogniser.

    Attributes:
        recogniser: Its name.
        series: Its number, for the colour.
        points: At least one.
        across: Axis of the quality.
        up: Axis of the change.
        lines: How many lines of text are as tall as the picture.
    """

    recogniser: str
    series: int
    points: tuple[Point, ...]
    across: Axis
    up: Axis
    lines: int


def panels(study: Study) -> list[Panel]:
    """One panel a recogniser that has conditions with both numbers; empty where the data has no masks."""
    first = study.quantities[0]
    quality = {(f.recogniser, f.condition): f.value for f in study.findings if f.quantity == QUALITY and not f.group}
    by_condition = {condition: value for (_, condition), value in reversed(quality.items())}
    found = []
    for series, name in enumerate(recognisers(study)):
        rows = []
        for each in study.findings:
            if each.recogniser != name or each.quantity != first.name or each.group or each.change is None:
                continue
            iou = quality.get((name, each.condition), by_condition.get(each.condition, math.nan))
            if math.isfinite(iou) and math.isfinite(each.change.value):
                interval = each.change.interval
                ends = (None, None) if interval is None else (points(interval.low, first), points(interval.high, first))
                rows.append((spaced(each.condition), 100 * iou, points(each.change.value, first), *ends))
        if rows:
            found.append(_panel(name, series, rows))
    return found


def _panel(
    name: str, series: int, rows: Sequence[tuple[str, float, float, float | None, float | None]]
) -> Panel:
    across = axis_of((row[1] for row in rows), zero=False)
    up = axis_of(value for row in rows for value in row[2:] if value is not None)
    lines = max(14, len(rows) + 4)
    left = [row for row in rows if across.place(row[1]) > 50]
    placed = {}
    for side in (left, [row for row in rows if row not in left]):
        side = sorted(side, key=lambda row: row[2])
        placed |= dict(zip((row[0] for row in side), _apart([up.place(row[2]) / 100 * lines for row in side], lines)))
    return Panel(name, series, tuple(Point(*row, placed[row[0]]) for row in rows), across, up, lines)


def _apart(wanted: Sequence[float], lines: int) -> list[float]:
    """Heights near the wanted ones, in the same order, one line apart and inside the picture.

    >>> _apart([1.0, 1.2, 5.0], 6)
    [1.0, 2.0, 5.0]
    """
    heights: list[float] = []
    for height in wanted:
        heights.append(max(height, heights[-1] + 1 if heights else 0.5))
    ceiling = lines - 0.5
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], ceiling)
        ceiling = heights[number] - 1
    return heights
