"""Verification: are these two pictures of one identity? TAR, FAR, AUC and EER, each with its interval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bareface.recognition.protocols.curve import Curve, allowed
from bareface.recognition.protocols.intervals import (
    LEAST,
    Estimate,
    Interval,
    Pulls,
    Spread,
    of_difference,
    of_share,
    of_skewed_share,
)
from bareface.recognition.protocols.scores import Comparisons

Scores = NDArray[np.floating[Any]]
Pull = Callable[[Scores], NDArray[np.float64]]


@dataclass(frozen=True)
class Verification:
    """What was measured.

    Attributes:
        curve: The sorted scores.
        estimates: AUC, EER, TAR at each FAR, and what each given threshold reaches.
    """

    curve: Curve
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True)
class Quantity:
    """A number, and what each pair adds to its deviation from the number of all people there are.

    Attributes:
        name: Of the quantity.
        value: Of the quantity.
        threshold: Where there is one.
        mated: Pulls of mated scores; None where they do not matter.
        non_mated: Pulls of non-mated scores.
        interval: Makes an interval of the number and how far it scatters.
    """

    name: str
    value: float
    threshold: float | None
    mated: Pull | None
    non_mated: Pull | None
    interval: Callable[[float, Spread], Interval] = of_share


def verify(
    pairs: Comparisons,
    fars: Sequence[float] = (0.1, 0.01, 0.001),
    thresholds: Mapping[str, float] | None = None,
    intervals: bool = True,
) -> Verification:
    """Measures all quantities of verification.

    Where a FAR is less than one of the non-mated pairs, its TAR is NaN and its note says so.

    Args:
        pairs: Similarities and identities.
        fars: At which TAR is wanted.
        thresholds: Chosen on other data, by name: ``val`` gives ``far_at_val`` and ``tar_at_val``.
        intervals: Whether the identities are known, and intervals wanted.

    Raises:
        ValueError: There are no mated pairs, or no non-mated ones, or a score is not a finite number.
    """
    curve = Curve.of(pairs.mated[0], pairs.non_mated())
    shown = [far for far in fars if not _refusal(far, curve)]
    found = quantities(pairs, curve, shown, thresholds or {}, intervals)
    spreads = scatter([(1, pairs, found)]) if intervals else [None] * len(found)
    estimates = []
    for quantity, spread in zip(found, spreads, strict=True):
        estimates.append(_estimate(quantity, spread, len(curve.mated), len(curve.non_mated)))
    for far in fars:
        if far not in shown:
            name, counts = f"tar_at_far_{far:g}", (len(curve.mated), len(curve.non_mated))
            estimates.append(Estimate(name, float("nan"), None, *counts, note=_refusal(far, curve)))
    return Verification(curve, tuple(estimates))


def differences(first: Comparisons, second: Comparisons, fars: Sequence[float]) -> tuple[Estimate, ...]:
    """AUC, EER and TAR at each FAR of a second arm minus those of a first one.

    Args:
        first: The pairs as one arm scores them.
        second: The same pairs, in the same order, as the other one does.
        fars: At which TAR is compared.

    Raises:
        ValueError: The arms have other pairs, or a FAR is less than one of the non-mated ones.
    """
    curves = [Curve.of(arm.mated[0], arm.non_mated()) for arm in (first, second)]
    if first.count != second.count or not np.array_equal(first.mated[1], second.mated[1]):
        raise ValueError("differences: the two arms have other pairs. Give both the same pictures in the same order.")
    for far in fars:
        allowed(far, len(curves[0].non_mated))
    one, other = (quantities(arm, curve, fars, {}) for arm, curve in zip((first, second), curves, strict=True))
    spreads = scatter([(-1, first, one), (1, second, other)])
    estimates = []
    for before, after, spread in zip(one, other, spreads, strict=True):
        change = Quantity(before.name, after.value - before.value, None, None, None, of_difference)
        counts = len(curves[0].mated), len(curves[0].non_mated)
        estimates.append(_estimate(change, spread, *counts))
    return tuple(estimates)


def quantities(
    pairs: Comparisons, curve: Curve, fars: Sequence[float], thresholds: Mapping[str, float], intervals: bool = True
) -> list[Quantity]:
    """All that is measured on a curve.

    Args:
        pairs: What the curve is of.
        curve: The sorted scores.
        fars: At which TAR is wanted; all of them can be measured.
        thresholds: Chosen on other data.
        intervals: Whether pulls will be asked for; they cost another look at all pairs.
    """
    points = [curve.at(curve.eer_threshold), *(curve.tar_at_far(far) for far in fars)]
    rejections = [_share_pull(point.threshold, point.far, len(curve.non_mated)) for point in points]
    errors = [0.0] * len(points)
    if intervals:
        rates = [Quantity("far", 0, None, None, pull) for pull in rejections]
        errors = [float(np.sqrt(spread.variance)) for spread in scatter([(1, pairs, rates)])]
    slopes = [curve.slope(point.far, error) for point, error in zip(points, errors, strict=True)]
    acceptances = [_share_pull(point.threshold, point.tar, len(curve.mated)) for point in points]
    found = [
        Quantity("auc", curve.auc, None, *_auc_pulls(curve)),
        # the lines FAR and 1 - TAR cross: along the ROC, whose slope is s, EER moves by (s dFAR - dTAR) / (1 + s)
        Quantity(
            "eer",
            curve.eer,
            points[0].threshold,
            partial(_times, acceptances[0], -1 / (1 + slopes[0])),
            partial(_times, rejections[0], slopes[0] / (1 + slopes[0])),
            of_skewed_share,
        ),
    ]
    for number, (far, point) in enumerate(zip(fars, points[1:], strict=True), 1):
        shifted = partial(_times, rejections[number], -slopes[number])
        found.append(Quantity(f"tar_at_far_{far:g}", point.tar, point.threshold, acceptances[number], shifted))
    for name, threshold in thresholds.items():
        point = curve.at(threshold)
        mated = _share_pull(threshold, point.tar, len(curve.mated))
        non_mated = _share_pull(threshold, point.far, len(curve.non_mated))
        found.append(Quantity(f"far_at_{name}", point.far, threshold, None, non_mated))
        found.append(Quantity(f"tar_at_{name}", point.tar, threshold, mated, None))
    return found


def scatter(arms: Sequence[tuple[float, Comparisons, Sequence[Quantity]]]) -> list[Spread]:
    """How far quantities scatter, or sums and differences of them over the same pairs.

    Args:
        arms: Factor, pairs and quantities of each arm; the quantities of all arms correspond.
    """
    lists = [arm[2] for arm in arms]
    pulls = [Pulls(arms[0][1].count) for _ in lists[0]]
    identity = arms[0][1].mated[1]
    for number, pull in enumerate(pulls):
        own = [factor * q[number].mated(pairs.mated[0]) for factor, pairs, q in arms if q[number].mated is not None]  # type: ignore[misc]
        if own:
            pull.add(np.sum(own, 0), identity)
    for blocks in zip(*(pairs.blocks() for _, pairs, _ in arms), strict=True):
        for number, pull in enumerate(pulls):
            parts = [
                arm[0] * arm[2][number].non_mated(block.scores)  # type: ignore[misc]
                for arm, block in zip(arms, blocks, strict=True)
                if arm[2][number].non_mated is not None
            ]
            if parts:
                pull.add_shared(np.sum(parts, 0), blocks[0].first, blocks[0].second)
    return [pull.spread() for pull in pulls]


def _estimate(quantity: Quantity, spread: Spread | None, mated: int, non_mated: int) -> Estimate:
    interval, note = None, "identities are not known: no interval"
    if spread is not None:
        enough = spread.identities >= LEAST
        interval = quantity.interval(quantity.value, spread) if enough else None
        note = "" if enough else f"{spread.identities} identities: an interval needs {LEAST}"
    return Estimate(quantity.name, quantity.value, interval, mated, non_mated, 0, quantity.threshold, note)


def _refusal(far: float, curve: Curve) -> str:
    """Why TAR at this FAR cannot be measured; empty where it can."""
    try:
        allowed(far, len(curve.non_mated))
    except ValueError as error:
        return str(error)
    return ""


def _share_pull(threshold: float, share: float, trials: int) -> Pull:
    return lambda scores: ((scores >= threshold) - share) / trials


def _times(pull: Pull, factor: float, scores: Scores) -> NDArray[np.float64]:
    return factor * pull(scores)


def _auc_pulls(curve: Curve) -> tuple[Pull, Pull]:
    """A pair's pull on AUC: the share of the other kind's scores that it is on the right side of."""
    area = curve.auc

    def mated(scores: Scores) -> NDArray[np.float64]:
        return np.asarray((_share_below(curve.non_mated, scores) - area) / len(curve.mated))

    def non_mated(scores: Scores) -> NDArray[np.float64]:
        return np.asarray((1 - _share_below(curve.mated, scores) - area) / len(curve.non_mated))

    return mated, non_mated


def _share_below(ordered: Scores, scores: Scores) -> NDArray[np.float64]:
    """Share of sorted scores below each; ties count half."""
    low, high = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    return np.asarray((low + high) / 2 / len(ordered))
