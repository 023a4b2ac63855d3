"""How good the mattes were, against what the condition did to recognition."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from bareface.pipeline.report.forest import Axis, axis_of, recognisers
from bareface.pipeline.report.words import ends, interval_words, points, signed_words, spaced
from bareface.pipeline.results import Finding, Study

QUALITY = "matte_iou"
"""Name of the quantity that says how good mattes were."""
NEAR = 4.0
"""Per cent of the picture's width below which two points stand above each other."""


@dataclass(frozen=True)
class Point:
    """One condition; its number in the picture is its place in the panel, from 1.

    Attributes:
        label: Its name.
        text: Both numbers in words.
        quality: Intersection over union of its mattes with the true foreground, in percent.
        change: Of the study's first quantity, in points where that is a share.
        low: Lower end of its interval; None where there is none.
        high: Upper end.
        left: On which side of the point its number stands.
        line: At what height its number stands, counted in lines from the bottom of the picture.
    """

    label: str
    text: str
    quality: float
    change: float
    low: float | None
    high: float | None
    left: bool
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
    first = study.quantities[0].name
    quality = {(f.recogniser, f.condition): f.value for f in study.findings if f.quantity == QUALITY and not f.group}
    by_condition = {condition: value for (_, condition), value in reversed(quality.items())}
    found = []
    for series, name in enumerate(recognisers(study)):
        rows = []
        for each in study.findings:
            if each.recogniser == name and each.quantity == first and not each.group and each.change is not None:
                iou = quality.get((name, each.condition), by_condition.get(each.condition, math.nan))
                if math.isfinite(iou) and math.isfinite(each.change.value):
                    rows.append((each, 100 * iou))
        if rows:
            found.append(_panel(study, name, series, rows))
    return found


def _panel(study: Study, name: str, series: int, rows: Sequence[tuple[Finding, float]]) -> Panel:
    quantity = study.quantities[0]
    changes = [each.change for each, _ in rows if each.change is not None]
    drawn = [value for c in changes for value in (points(c.value, quantity), *ends(c.interval, quantity))]
    across = axis_of((iou for _, iou in rows), zero=False)
    up = axis_of(value for value in drawn if value is not None)
    lines = max(16, len(rows) + 4)
    places = [
        (across.place(iou), up.place(points(c.value, quantity))) for (_, iou), c in zip(rows, changes, strict=True)
    ]
    made = []
    for (each, iou), change, (left, line) in zip(rows, changes, _numbers(places, lines), strict=True):
        words = interval_words(change.interval, quantity, signed=True) or "no interval"
        low, high = ends(change.interval, quantity)
        made.append(
            Point(
                label=spaced(each.condition),
                text=f"IoU {iou:.1f} %, change {signed_words(change.value, quantity)} {words}",
                quality=iou,
                change=points(change.value, quantity),
                low=low,
                high=high,
                left=left,
                line=line,
            )
        )
    return Panel(name, series, tuple(made), across, up, lines)


def _numbers(places: Sequence[tuple[float, float]], lines: int) -> list[tuple[bool, float]]:
    """Side and height of the number of each point, so that numbers of points near each other stay apart.

    Args:
        places: Per cent from the left and from the bottom.
        lines: How many lines of text are as tall as the picture.
    """
    order = sorted(range(len(places)), key=lambda number: places[number])
    clusters: list[list[int]] = []
    for number in order:
        if clusters and places[number][0] - places[clusters[-1][0]][0] < NEAR:
            clusters[-1].append(number)
        else:
            clusters.append([number])
    found: dict[int, tuple[bool, float]] = {}
    for place, cluster in enumerate(clusters):
        cluster.sort(key=lambda number: places[number][1])
        here = places[cluster[0]][0]
        after = 100 - here if place + 1 == len(clusters) else places[clusters[place + 1][0]][0] - here
        before = here if not place else here - places[clusters[place - 1][0]][0]
        heights = _apart([places[number][1] / 100 * lines for number in cluster], lines)
        found |= {number: (before > after, height) for number, height in zip(cluster, heights, strict=True)}
    return [found[number] for number in range(len(places))]


def _apart(wanted: Sequence[float], lines: int) -> list[float]:
    """Heights as near the wanted ones as can be, in the same order, one line apart and inside the picture.

    >>> _apart([1.0, 1.5, 5.0], 6)
    [0.75, 1.75, 5.0]
    """
    # One line apart is no less than the line before, once each is lowered by its place: a monotone regression.
    blocks: list[list[float]] = []
    for place, height in enumerate(wanted):
        blocks.append([height - place])
        while len(blocks) > 1 and mean(blocks[-2]) > mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    lowered = [mean(block) for block in blocks for _ in block]
    highest = lines + 0.5 - len(wanted)
    return [min(max(height, 0.5), highest) + place for place, height in enumerate(lowered)]
