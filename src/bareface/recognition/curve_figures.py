"""ROC, DET and CMC as pictures."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import NormalDist

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from bareface.io.atomic import atomic_path
from bareface.recognition.assessment import Assessment
from bareface.recognition.protocols.open_set import NEVER

Shares = NDArray[np.float64]
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
DASHES = {"pairs": "-", "verification": "-", "open_set": "--"}
SHARES = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)


def draw_curves(systems: Mapping[str, Assessment], note: str, folder: Path) -> None:
    """Draws ``roc.png`` and ``det.png``, and ``cmc.png`` where anybody was identified.

    Args:
        systems: What was measured, by system.
        note: What data this is; "" for photos.
        folder: Where to.
    """
    matplotlib.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    if any(assessment.curves for assessment in systems.values()):
        for name, draw in (("roc", _roc), ("det", _det)):
            _save(draw, systems, f"{name.upper()}{f', {note}' if note else ''}", folder / f"{name}.png")
    if any(assessment.cmc is not None for assessment in systems.values()):
        _save(_cmc, systems, f"CMC{f', {note}' if note else ''}", folder / "cmc.png")


def _save(
    draw: Callable[[Axes, Mapping[str, Assessment]], None], systems: Mapping[str, Assessment], title: str, path: Path
) -> None:
    figure = Figure(figsize=(6.4, 5), layout="constrained")
    axes = figure.subplots()
    draw(axes, systems)
    axes.set_title(title, fontsize=11, loc="left")
    axes.grid(color="#e5e5e5")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=140, format="png")


def _roc(axes: Axes, systems: Mapping[str, Assessment]) -> None:
    """TAR over FAR, which is logarithmic: what is at small FAR is what matters. Each curve begins at one trial."""
    least = 1.0
    for label, colour, dash, far, miss in _lines(systems):
        shown = far > 0  # a logarithmic axis would draw FAR = 0 as a line to its left end
        least = min(least, float(far[shown].min()))
        axes.step(far[shown], 1 - miss[shown], dash, where="post", color=colour, label=label)
    axes.set_xscale("log")
    axes.set_xlim(least / 1.5, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("FAR (FPIR of the open set)")
    axes.set_ylabel("TAR (TPIR of the open set)")


def _det(axes: Axes, systems: Mapping[str, Assessment]) -> None:
    """Misses over FAR, both on the scale on which normal scores give a straight line."""
    least = 0.5
    for label, colour, dash, far, miss in _lines(systems):
        inside = (far > 0) & (far < 1) & (miss > 0) & (miss < 1)
        if not inside.any():  # the scale has no place for 0 %: the line would be outside of the picture
            label += "\n(no line: one of the errors is 0 % or 100 %)"
        else:
            least = min(least, float(far[inside].min()), float(miss[inside].min()))
        axes.plot(_deviate(far[inside]), _deviate(miss[inside]), dash, color=colour, label=label)
    ticks = np.array([share for share in SHARES if share >= least / 2])
    labels = [f"{100 * share:g} %" for share in ticks]
    axes.set_xticks(_deviate(ticks), labels, fontsize=8, rotation=45)
    axes.set_yticks(_deviate(ticks), labels, fontsize=8)
    low, high = _deviate(np.array([least / 1.5, 0.99]))
    axes.plot([low, high], [low, high], ":", color="#999999", linewidth=1, label="equal errors")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_xlabel("FAR (FPIR of the open set)")
    axes.set_ylabel("1 - TAR (FNIR of the open set)")


def _cmc(axes: Axes, systems: Mapping[str, Assessment]) -> None:
    for (name, assessment), colour in zip(systems.items(), COLOURS, strict=False):
        if assessment.cmc is None:
            continue
        ranks = np.arange(1, len(assessment.cmc) + 1)
        marker = "o" if len(ranks) <= 50 else ""
        axes.plot(ranks, assessment.cmc, marker=marker, markersize=3, color=colour, label=name)
        axes.set_xlabel(f"rank, of N = {len(ranks):,} enrolled identities")
        if len(ranks) > 50:
            axes.set_xscale("log")
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("share of probes found up to that rank")


def _lines(systems: Mapping[str, Assessment]) -> Iterator[tuple[str, str, str, Shares, Shares]]:
    """Label, colour, dash, FAR and 1 - TAR of every curve."""
    for (name, assessment), colour in zip(systems.items(), COLOURS, strict=False):
        for protocol, curve in assessment.curves.items():
            points = curve.points()
            real = points.threshold > NEVER  # below that probes would be found that are not within the rank
            label = f"{name}, {protocol.replace('_', ' ')}"
            yield label, colour, DASHES[protocol], points.far[real], 1 - points.tar[real]


def _deviate(shares: Shares) -> Shares:
    """Normal deviates of shares above 0 and below 1."""
    normal = NormalDist()
    return np.array([normal.inv_cdf(float(share)) for share in shares])
