"""Studies as a figure: what an option does to the change of each condition, as lines or as a forest."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from bareface.io.atomic import atomic_path
from bareface.pipeline.report.words import spaced
from bareface.tasks.settings import setting
from bareface.tasks.study_lines import MOST, Line, Panels, across, labels_of, lines_across, rows_of
from bareface.tasks.study_names import cut, named, told_apart
from bareface.tasks.study_runs import Group

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
"""Okabe and Ito's, in which people with any colour vision tell lines apart."""
SHAPES = ("o", "s", "D", "^", "v", "P", "X")
LONGEST = 44
"""Letters of a study's name; the tables say all."""
MINUS = "\u2212"
"""As matplotlib writes it."""
MOST_TICKS = 8
MOST_ROWS = 12
"""With more the axis is labelled above, too."""
TALLEST = 120.0
"""Inches: a figure of very many studies becomes denser, not taller."""
# Names come from users: a dollar sign in one is no formula. Text stays text in SVG.
STYLE: Any = {"text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "bareface", "font.size": 9}


@dataclass(frozen=True)
class Part:
    """What is drawn of one group of studies; its size in inches."""

    width: float
    height: float
    draw: Callable[[SubFigure], None]


def draw_studies(groups: Sequence[Group], options: Sequence[str], path: Path) -> None:
    """Draws changes from the first condition: ``path`` with .png and .svg.

    Where studies differ in one option that is a number, it goes from left to right, with a line a condition or, where
    they differ in other options as well, a panel a condition. Else there is a panel a condition with a row a study.

    Args:
        groups: Studies of the same photos; each group is drawn by itself.
        options: In which studies differ.
        path: Without a suffix.
    """
    parts = [_part(group, options) for group in groups]
    heights = [part.height for part in parts]
    with matplotlib.rc_context(STYLE):
        size = max(part.width for part in parts), min(TALLEST, sum(heights))
        figure = Figure(figsize=size, layout="constrained")
        places = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
        for place, part in zip(places, parts, strict=True):
            part.draw(place)
        for suffix, more in ((".png", {"dpi": 120}), (".svg", {"metadata": {"Date": None}})):
            with atomic_path(path.with_suffix(suffix)) as temporary:
                figure.savefig(temporary, format=suffix[1:], **more)


def _part(group: Group, options: Sequence[str]) -> Part:
    name = across(group, options)
    if name is not None:
        panels = lines_across(group, name, options)
        if panels and len(labels_of(panels)) <= MOST:
            return _lines(group, name, panels)
    return _forest(group, options)


def _lines(group: Group, name: str, panels: Panels) -> Part:
    labels = labels_of(panels)
    columns = min(len(panels), 3)
    rows = math.ceil(len(panels) / columns)
    beside = 0.5 + 0.075 * max(len(cut(label, LONGEST)) for label in labels) if len(labels) > 1 else 0
    width = beside + max(6.4, 3.3 * columns)

    def draw(place: SubFigure) -> None:
        axes = place.subplots(rows, columns, squeeze=False).ravel()
        for axis, (title, lines) in zip(axes, panels.items(), strict=False):
            for label, line in lines.items():
                _line(axis, line, labels.index(label))
            axis.set_title(spaced(title), loc="left", fontsize=10)
            axis.set_xlabel(name)
            _scale(axis, sorted({value for line in lines.values() for value in line.places}))
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        _finish(place, group, labels, "bands: 95 % intervals", width)

    return Part(width, 1.0 + 2.9 * rows, draw)


def _line(axis: Axes, line: Line, number: int) -> None:
    colour = COLOURS[number]
    axis.fill_between(line.places, line.lows, line.highs, color=colour, alpha=0.15, linewidth=0)
    axis.vlines(line.places, line.lows, line.highs, color=colour, alpha=0.5, linewidth=0.8)  # a band needs two studies
    axis.plot(line.places, line.changes, color=colour, linewidth=1.5)
    for sure in (True, False):
        chosen = [each for each in range(len(line.places)) if line.sure[each] == sure]
        axis.plot(
            [line.places[each] for each in chosen],
            [line.changes[each] for each in chosen],
            SHAPES[number],
            color=colour,
            markerfacecolor=colour if sure else "white",
            markersize=5,
        )


def _scale(axis: Axes, values: Sequence[float]) -> None:
    """Few values are ticks, unless they are too close; far apart, as sides of pictures are, on a scale of ratios."""
    ratios = len(values) <= MOST_TICKS and values[0] >= 1 and values[-1] >= 8 * values[0]
    if ratios:
        axis.set_xscale("log")
        axis.minorticks_off()
    places = np.log(values) if ratios else np.array(values)
    if ratios or (np.diff(places) > np.ptp(places) / (MOST_TICKS + 2)).all():
        axis.set_xticks(values, [f"{value:g}".replace("-", MINUS) for value in values])
    axis.axhline(0, color="#1c1c1e", linewidth=0.8, zorder=1)
    axis.grid(color="#e5e5e5")
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def _forest(group: Group, options: Sequence[str]) -> Part:
    panels, names = rows_of(group), _names(group, options)
    labels = labels_of(panels)
    columns = min(len(panels), 4)
    rows = math.ceil(len(panels) / columns)
    one = 0.26 + 0.1 * max(0, len(labels) - 1)
    width = max(7.5, 0.3 + 0.075 * max(map(len, names)) + 2.7 * columns)

    def draw(place: SubFigure) -> None:
        axes = place.subplots(rows, columns, squeeze=False, sharey=True).ravel()
        for axis, (title, lines) in zip(axes, panels.items(), strict=False):
            for number, label in enumerate(labels):
                shift = (number - (len(labels) - 1) / 2) * 0.7 / len(labels)
                _dots(axis, lines.get(label, Line()), shift, number)
            axis.set_title(spaced(title), loc="left", fontsize=10)
            _shelve(axis, names)
        for axis in axes[::columns]:
            for row, each in enumerate(group.entries):
                if each.study is None:
                    where = {"transform": axis.get_yaxis_transform(), "va": "center", "backgroundcolor": "white"}
                    axis.text(0.03, row, "failed", color="#d55e00", **where)
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        _finish(place, group, labels, "bars: 95 % intervals", width)

    return Part(width, 1.0 + rows * (0.7 + one * len(names)), draw)


def _names(group: Group, options: Sequence[str]) -> list[str]:
    """What each study of a group is called: the options in which they differ."""
    runs = [each.run for each in group.entries]
    own = [name for name in options if len({setting(run, name) for run in runs}) > 1] or options
    columns = [[named(name, each) for each in told_apart([setting(run, name) for run in runs])] for name in own]
    found = [", ".join(words) for words in zip(*columns, strict=True)] or [run.folder.name for run in runs]
    return [cut(name, LONGEST) for name in found]


def _dots(axis: Axes, line: Line, shift: float, number: int) -> None:
    colour = COLOURS[number % len(COLOURS)]
    for row, change, low, high, sure in zip(
        line.places, line.changes, line.lows, line.highs, line.sure, strict=True
    ):  # fmt: skip
        axis.plot([low, high], [row + shift] * 2, color=colour, linewidth=1.6, solid_capstyle="butt")
        face = colour if sure else "white"
        shape = SHAPES[number % len(SHAPES)]
        axis.plot(change, row + shift, shape, color=colour, markerfacecolor=face, markersize=5, zorder=3)


def _shelve(axis: Axes, names: Sequence[str]) -> None:
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labeltop=len(names) > MOST_ROWS)
    if axis.lines:
        axis.axvline(0, color="#1c1c1e", linewidth=0.8, zorder=1)
        axis.locator_params(axis="x", nbins=5, steps=[1, 2, 5, 10])
    else:
        axis.set_xticks([])
    axis.grid(color="#e5e5e5")
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)


def _finish(place: SubFigure, group: Group, labels: Sequence[str], bands: str, width: float) -> None:
    """Says above what is drawn, and beside it what the colours mean."""
    lines = [group.heading]
    if group.quantity is not None:
        first = spaced(group.studies[0][1].conditions[0].name)
        unit = ", points" if group.quantity.unit == "share" else ""
        lines.append(f"change of {group.quantity.title} from {first}{unit}; {bands}; filled: p (Holm) < 0.05")
    failed = sum(each.study is None for each in group.entries)
    lines += [f"{failed} of {len(group.entries)} failed"] if failed else []
    text = "\n".join(fill(line, int(13.5 * width)) for line in lines)
    place.suptitle(text, x=0.01, ha="left", fontsize=10)
    if len(labels) > 1:
        marks = [
            Line2D([], [], color=COLOURS[n % len(COLOURS)], marker=SHAPES[n % len(SHAPES)], label=cut(name, LONGEST))
            for n, name in enumerate(labels)
        ]
        place.legend(handles=marks, loc="outside right upper", frameon=False)
