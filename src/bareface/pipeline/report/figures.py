"""The study's figures as PNG and SVG: values, changes, and quality of mattes, with their intervals."""

import math
import textwrap
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bareface.io.atomic import atomic_path
from bareface.pipeline.report.forest import Forest, conditions_forest, recognisers
from bareface.pipeline.report.matte_quality import panels
from bareface.pipeline.report.tables import basis, findings_of
from bareface.pipeline.report.words import ends, points, spaced, unit_words
from bareface.pipeline.results import Quantity, Study

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
"""Okabe and Ito's, in which people with any colour vision tell recognisers apart."""
SHAPES = ("o", "s", "D", "^")
# Names come from users: a dollar sign in one is no formula. Text stays text in SVG, files do not differ by date.
STYLE: Any = {"text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "bareface", "font.size": 9}


def write_figures(study: Study, folder: Path) -> None:
    """Draws the first quantity: ``conditions``, ``changes``, ``matte_quality`` as .png and .svg.

    ``changes`` is left out where nothing was compared, ``matte_quality`` where the data has no masks.

    Args:
        study: All of it.
        folder: Where to; made where it is missing.
    """
    matplotlib.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    quantity = study.quantities[0]
    note = f", {study.note}" if study.note else ""
    with matplotlib.rc_context(STYLE):
        _save(_values(study, quantity, note), folder / "conditions")
        forest = conditions_forest(study, quantity)
        if forest is not None:
            _save(_changes(study, quantity, forest, note), folder / "changes")
        if panels(study):
            _save(_quality(study, quantity, note), folder / "matte_quality")


def _values(study: Study, quantity: Quantity, note: str) -> Figure:
    series = recognisers(study)
    names = [card.name for card in study.conditions]
    figure, axes = _canvas(len(names), len(series))
    for each in findings_of(study, quantity):
        if each.condition in names and math.isfinite(each.value):
            number = series.index(each.recogniser)
            low, high = ends(each.interval, quantity)
            place = _place(names.index(each.condition), number, len(series))
            _dot(axes, place, points(each.value, quantity), low, high, number, True)
    if quantity.chance is not None:
        axes.axvline(points(quantity.chance, quantity), color="#777777", linewidth=1, linestyle=":")
    axes.set_yticks(range(len(names)), [_wrapped(spaced(name)) for name in names])
    unit = unit_words(quantity)
    axes.set_xlabel(f"{quantity.title}{f', {unit}' if unit else ''}; 95 % intervals{_chance_words(quantity)}")
    _finish(figure, axes, study, f"{basis(study, quantity)}{note}")
    return figure


def _changes(study: Study, quantity: Quantity, forest: Forest, note: str) -> Figure:
    series = recognisers(study)
    figure, axes = _canvas(len(forest.strips), len(series))
    for line, strip in enumerate(forest.strips):
        for mark in strip.marks:
            place = _place(line, mark.series, len(series))
            _dot(axes, place, mark.value, mark.low, mark.high, mark.series, mark.significant)
    axes.axvline(0, color="#1c1c1e", linewidth=1)
    axes.set_xlim(forest.axis.low, forest.axis.high)
    axes.set_yticks(range(len(forest.strips)), [_wrapped(strip.label) for strip in forest.strips])
    unit = unit_words(quantity, change=True)
    axes.set_xlabel(
        f"change of {quantity.title} from {spaced(study.conditions[0].name)}{f', {unit}' if unit else ''}\n"
        "95 % intervals; filled: p (Holm) < 0.05"
    )
    _finish(figure, axes, study, f"{basis(study, quantity)}{note}")
    return figure


def _quality(study: Study, quantity: Quantity, note: str) -> Figure:
    found = panels(study)
    figure = Figure(figsize=(6.8, 0.6 + 0.24 * sum(panel.lines for panel in found)), layout="constrained")
    for axes, panel in zip(np.ravel(figure.subplots(len(found), 1)), found, strict=True):
        axes.set_xlim(panel.across.low, panel.across.high)
        axes.set_ylim(panel.up.low, panel.up.high)
        for number, point in enumerate(panel.points, 1):
            line = panel.up.low + point.line / panel.lines * (panel.up.high - panel.up.low)
            shift = (-0.015 if point.left else 0.015) * (panel.across.high - panel.across.low)
            colour = COLOURS[panel.series % len(COLOURS)]
            if point.low is not None and point.high is not None:
                axes.plot([point.quality] * 2, [point.low, point.high], color=colour, linewidth=1.5)
            axes.plot(point.quality, point.change, SHAPES[panel.series % len(SHAPES)], color=colour, markersize=5)
            axes.plot([point.quality, point.quality + shift], [point.change, line], color="#999999", linewidth=0.6)
            side = "right" if point.left else "left"
            axes.text(point.quality + shift, line, str(number), ha=side, va="center")
        names = "\n".join(_wrapped(f"{number}  {point.label}") for number, point in enumerate(panel.points, 1))
        axes.text(1.02, 1, names, transform=axes.transAxes, va="top", linespacing=1.3, fontsize=8)
        axes.axhline(0, color="#1c1c1e", linewidth=1)
        unit = unit_words(quantity, change=True)
        axes.set_ylabel(f"change of {quantity.title}{f', {unit}' if unit else ''}")
        axes.set_title(f"{panel.recogniser}{note}", loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e5e5e5")
        axes.set_axisbelow(True)
    axes.set_xlabel("IoU of mattes with the true foreground,\nmean over the photos, %")
    return figure


def _canvas(lines: int, series: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.8, 1.4 + lines * (0.16 + 0.12 * series)), layout="constrained")
    axes = figure.subplots()
    axes.set_ylim(lines - 0.5, -0.5)
    return figure, axes


def _place(line: int, series: int, number: int) -> float:
    """Height of a dot: those of one condition stand a little above each other."""
    return line + (series - (number - 1) / 2) * 0.7 / number


def _dot(
    axes: Axes, place: float, value: float, low: float | None, high: float | None, series: int, filled: bool
) -> None:
    colour = COLOURS[series % len(COLOURS)]
    if low is not None and high is not None:
        axes.plot([low, high], [place, place], color=colour, linewidth=1.6, solid_capstyle="butt")
    face = colour if filled else "white"
    shape = SHAPES[series % len(SHAPES)]
    axes.plot(value, place, shape, color=colour, markerfacecolor=face, markersize=5, zorder=3)


def _wrapped(label: str) -> str:
    return textwrap.fill(label, 28)


def _chance_words(quantity: Quantity) -> str:
    return "" if quantity.chance is None else "; dotted: chance"


def _finish(figure: Figure, axes: Axes, study: Study, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    names = recognisers(study)
    if len(names) > 1:
        marks = [
            Line2D([], [], color=COLOURS[n % len(COLOURS)], marker=SHAPES[n % len(SHAPES)], markersize=5, label=name)
            for n, name in enumerate(names)
        ]
        columns = max(1, min(len(names), 90 // (8 + max(len(name) for name in names))))
        figure.legend(handles=marks, loc="outside lower center", ncols=columns, frameon=False)


def _save(figure: Figure, path: Path) -> None:
    for suffix, options in ((".png", {"dpi": 160}), (".svg", {"metadata": {"Date": None}})):
        with atomic_path(path.with_suffix(suffix)) as temporary:
            figure.savefig(temporary, format=suffix[1:], **options)
