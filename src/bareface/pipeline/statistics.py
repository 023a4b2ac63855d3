"""How sure a mean is, and what it gains from one arm to another on the same photos. numpy in, plain numbers out.

What was drawn by chance are identities, not photos: all photos of a person go together (``intervals.Pulls``). Where a
recogniser was trained with several seeds, these were drawn too, and every seed saw every identity: the variance of the
mean is what identities scatter, plus what seeds scatter, less what both count (how differently seeds take the same
identity). Few seeds say little of how seeds scatter, so intervals are wide: their quantile is the mean of Student's for
identities and for seeds, weighted with the variances. Satterthwaite's degrees of freedom held 92 % instead of 95 %
with three seeds that make up most of the variance.

Source: Searle, Casella, McCulloch, Variance components, 1992 (two crossed classes); Cochran, Cox, Experimental designs,
1957, 4.14 (quantile); Satterthwaite, Biometrics 1946 (seeds of two arms); Bloom, Minimum detectable effects, Evaluation
Review 1995; Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtridf, stdtrit  # type: ignore[import-untyped]

from bareface.pipeline.mcnemar import mcnemar
from bareface.pipeline.results import Change
from bareface.recognition.protocols.intervals import (
    LEAST,
    Interval,
    Pulls,
    Spread,
    of_difference,
    of_share,
    student,
)

Values = NDArray[np.bool_] | NDArray[np.floating[Any]]
Identity = NDArray[np.integer[Any]]
POWER = 0.8
"""With what probability the smallest change is seen."""
ROUNDING = 1e-12
"""Of the size of numbers: what is left where they cancel out."""


def level(values: Values, identity: Identity) -> tuple[float, Spread]:
    """A mean over photos and seeds, and how far it scatters.

    Photos count alike, so that a person with many counts more. It rests on the identities that have photos; with one
    of these the variance is NaN.

    Args:
        values: (S, P) of each seed and photo: right or wrong, or a number.
        identity: (P,) whose photo it is, numbers from 0; some may have none.

    Raises:
        ValueError: The shapes do not fit, there is no photo, or a value is NaN or infinite.
    """
    numbers = _numbers("values", values, identity)
    return float(numbers.mean()), _spread(numbers.mean(0), identity, [numbers])


def interval_of(value: float, spread: Spread, share: bool, positive: bool = False) -> Interval | None:
    """The 95 % interval of a mean; None below ``intervals.LEAST`` identities, or where value or variance are NaN.

    Where nothing varies, each identity counts as one trial for a share (Wilson's interval), and any other number has an
    interval of no width: nothing tells how far others would be.

    Args:
        value: The mean.
        spread: Of the mean.
        share: Whether it lies in [0, 1].
        positive: Whether it is a number that cannot be below 0 and is far above for some, as a cross-entropy: then
            Student's interval is that of its logarithm.
    """
    if not _enough(value, spread):
        return None
    told = exact(spread)
    if share:
        return of_share(value, told)
    if positive and value > 0:
        found = of_difference(math.log(value), told._replace(variance=told.variance / value**2))
        return replace(found, low=math.exp(found.low), high=math.exp(found.high))
    return of_difference(value, told)


def change(first: Values, second: Values, identity: Identity, paired: bool = True) -> Change:
    """What ``second`` gains over ``first`` on the same photos; both arms are taken together, identity by identity.

    Where photos are right or wrong, it also says how many were gained and lost: with several seeds the mean of that
    over the seeds (over every choice of one from each arm where they are not paired), to the nearest whole number.
    McNemar's test is of two checkpoints: of several seeds it says nothing, and there is none.

    Where every photo gains the same, as of two arms that agree everywhere, nothing tells the variance. Each identity
    then is one trial of whether it gains as much as it could differ: 1 for right or wrong, else the range of both
    arms' values. Arms that agree on 60 identities so differ by at most 6 points.

    Args:
        first: (S1, P) values of the arm that is compared with.
        second: (S2, P) of the other.
        identity: (P,) whose photo it is, numbers from 0.
        paired: Whether seed s of both arms is the same recogniser. If not, the seeds of each arm scatter on their own;
            an arm of one seed is taken as it is, and the interval then speaks of this one recogniser.

    Raises:
        ValueError: The shapes do not fit, there is no photo, or a value is NaN or infinite.
    """
    before, after = _numbers("first", first, identity), _numbers("second", second, identity)
    if paired and len(before) != len(after):
        raise ValueError(f"second: {len(after)} seeds, but first has {len(before)}: expected as many where paired.")
    gain = after.mean(0) - before.mean(0)
    arms = [after - before] if paired else [before, after]
    binary = first.dtype == np.bool_ and second.dtype == np.bool_
    reach = 1.0 if binary else float(max(before.max(), after.max()) - min(before.min(), after.min()))
    found = change_of(float(gain.mean()), _spread(gain, identity, arms), reach)
    if not binary:
        return found
    if paired:
        gained, lost = (float(np.maximum(sign * arms[0], 0).mean(0).sum()) for sign in (1, -1))
    else:
        gained, lost = (float((a.mean(0) * (1 - b.mean(0))).sum()) for a, b in ((after, before), (before, after)))
    single = len(before) == len(after) == 1
    tested = mcnemar(first[0], second[0], identity)[2] if single else None
    return replace(found, gained=round(gained), lost=round(lost), mcnemar=tested)


def change_of(value: float, spread: Spread, reach: float = 1.0) -> Change:
    """The same for a quantity whose gain is known, as a difference of areas under two curves.

    Args:
        value: The gain.
        spread: Of the gain.
        reach: How much one identity could gain at most: no interval goes beyond it, and where the variance is 0 it says
            how far others may be.

    Returns:
        Without interval, p and smallest gain below ``intervals.LEAST`` identities, or where value or variance are NaN.
    """
    if not _enough(value, spread):
        return Change(value, None, None, None, None)
    told = spread if spread.variance > (ROUNDING * reach) ** 2 else _of_trials(spread.identities, reach)
    deviation, freedom = math.sqrt(told.variance), told.freedom
    p = 2 * float(stdtr(freedom, -abs(value) / deviation)) if deviation > 0 else 1.0
    smallest = deviation * float(stdtrit(freedom, 0.975) + stdtrit(freedom, POWER))
    ends = of_difference(value, exact(told))
    return Change(value, replace(ends, low=max(-reach, ends.low), high=min(reach, ends.high)), p, None, smallest)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P values corrected for how many there are; None stays None and does not count.

    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        corrected[place] = largest
    return corrected


def with_seeds(spread: Spread, seeds: Sequence[tuple[float, float]]) -> Spread:
    """How far a mean over seeds scatters.

    Args:
        spread: With the identities.
        seeds: What the seeds of each arm add: a variance, by chance below 0, and its degrees of freedom.
    """
    added = sum(variance for variance, _ in seeds)
    if not added > 0 or math.isnan(spread.variance):
        return spread
    parts = [(max(0.0, variance), free) for variance, free in seeds]
    freedom = sum(variance for variance, _ in parts) ** 2 / sum(variance**2 / free for variance, free in parts)
    variance = spread.variance + added
    quantiles = stdtrit([spread.freedom, freedom], 0.975)
    quantile = float(quantiles @ [spread.variance, added]) / variance
    return spread._replace(variance=variance, freedom=float(stdtridf(0.975, quantile)))


def exact(spread: Spread) -> Spread:
    """For ``intervals``, whose quantile is too small below 3 degrees of freedom: the variance makes up for it."""
    if not spread.variance > 0:
        return spread
    short = float(stdtrit(spread.freedom, 0.975)) / student(spread.freedom)
    return spread._replace(variance=spread.variance * short**2)


def _spread(means: NDArray[np.float64], identity: Identity, arms: Sequence[NDArray[np.float64]]) -> Spread:
    """Of the mean of ``means``, which are made of arms of (S, P) values whose seeds were drawn one by one."""
    pulls = Pulls(int(identity.max()) + 1)
    pulls.add((means - means.mean()) / len(means), identity)
    found = pulls.spread()
    parts = [_of_seeds(values, identity) for values in arms if len(values) > 1 and not math.isnan(found.variance)]
    of_seeds = sum(part for part, _ in parts)
    rounding = (ROUNDING * max(float(np.abs(values).max()) for values in arms)) ** 2
    if of_seeds <= rounding:
        return found._replace(variance=0.0) if found.variance <= rounding else found
    return with_seeds(found, parts)


def _of_seeds(values: NDArray[np.float64], identity: Identity) -> tuple[float, float]:
    """The variance that seeds add to what identities scatter, by chance below 0; and its degrees of freedom."""
    seeds, photos = values.shape
    by_seed = values.mean(1)
    apart = values - values.mean(0) - (by_seed - by_seed.mean())[:, None]  # how differently a seed takes a photo
    held = np.bincount(identity) / photos
    cells = np.stack([np.bincount(identity, row) for row in apart]) / (photos * seeds) / (1 - held)
    twice = float((cells**2).sum()) * seeds / (seeds - 1)
    return float(by_seed.var(ddof=1)) / seeds - twice, seeds - 1.0


def _enough(value: float, spread: Spread) -> bool:
    return spread.identities >= LEAST and math.isfinite(value) and not math.isnan(spread.variance)


def _of_trials(identities: int, reach: float) -> Spread:
    """As wide as Wilson's interval of a share of which no identity had any."""
    freedom = identities - 1.0
    quantile = float(stdtrit(freedom, 0.975))
    half = reach * quantile**2 / (identities + quantile**2)
    return Spread((half / quantile) ** 2, freedom, identities)


def _numbers(name: str, values: Values, identity: Identity) -> NDArray[np.float64]:
    if values.ndim != 2 or len(values) < 1 or identity.ndim != 1 or values.shape[1] != len(identity):
        raise ValueError(
            f"{name}: shape {values.shape} with identities of shape {identity.shape}: "
            "expected (seeds, photos) and (photos,)."
        )
    if len(identity) == 0 or identity.min() < 0:
        raise ValueError(f"{name}: expected at least one photo, and identities numbered from 0.")
    numbers = values.astype(np.float64)
    broken = int(np.count_nonzero(~np.isfinite(numbers).all(0)))
    if broken:
        raise ValueError(f"{name}: {broken} of {len(identity)} photos are not numbers. Leave them out of all arms.")
    return numbers
