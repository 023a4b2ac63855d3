"""95 % intervals that take identities, not pairs, as what was drawn by chance.

Pairs that share an identity rise and fall together: a person who is hard to recognise lowers all mated pairs, one whom
many resemble raises non-mated pairs with everybody. So a quantity is written as a sum of small pulls, one a pair (or a
probe), each of them belonging to one identity or to two; its variance is the sum of the products of all pulls that
share an identity. That is what leaving out one identity after the other measures, without counting twice what belongs
to two identities.

Source: Aronow, Samii, Assenova, Cluster-robust variance estimation for dyadic data, Political Analysis 2015; for faces
Fogliato, Patil, Perona, Confidence intervals for error rates in 1:1 matching tasks, IJCV 2024 (Wilson interval with a
variance that knows of the dependence).
"""

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST = 10
"""Identities below which no interval is given."""
ROUNDING = 1e-13
"""Of the size of all pulls: what is left of pulls that cancel out."""
LEAST_FREEDOM = 3.0
"""Degrees of freedom that a variance has at least: of rare errors it comes from very few identities."""


@dataclass(frozen=True)
class Interval:
    """A 95 % interval.

    Attributes:
        low: Lower end.
        high: Upper end.
        identities: How many identities it rests on.
    """

    low: float
    high: float
    identities: int


@dataclass(frozen=True)
class Estimate:
    """A measured quantity.

    Attributes:
        quantity: Its name, with the target in it.
        value: NaN where the data cannot show it.
        interval: None where there is none.
        mated: Mated pairs, or probes, that it is measured on.
        non_mated: Non-mated ones.
        gallery: N, number of enrolled identities; 0 where nobody is looked up.
        threshold: The score that is accepted from; None where there is no one threshold.
        note: Why there is no value, or no interval.
    """

    quantity: str
    value: float
    interval: Interval | None = None
    mated: int = 0
    non_mated: int = 0
    gallery: int = 0
    threshold: float | None = None
    note: str = ""


class Spread(NamedTuple):
    """How far a quantity scatters.

    Attributes:
        variance: Of the quantity.
        freedom: Degrees of freedom of the variance itself, fewer where a few identities make up most of it.
        identities: How many identities it rests on.
        skewness: Of the quantity: positive where a few identities can raise it far, and most lower it a little.
    """

    variance: float
    freedom: float
    identities: int
    skewness: float = 0.0

    def plus(self, other: "Spread") -> "Spread":
        """Of the sum of two quantities that share no identity.

        Degrees of freedom after Welch and Satterthwaite. Where one of the two rests on too few identities for an
        interval, so does the sum: it has the fewer.
        """
        variance = self.variance + other.variance
        parts = [part.variance**2 / part.freedom for part in (self, other) if part.variance > 0]
        fewer, more = sorted((self.identities, other.identities))
        freedom = variance**2 / sum(parts) if parts else min(self.freedom, other.freedom)
        third = sum(part.skewness * part.variance**1.5 for part in (self, other))
        skewness = third / variance**1.5 if variance > 0 else 0.0
        return Spread(variance, freedom, fewer if fewer < LEAST else fewer + more, skewness)


class Pulls:
    """Collects the pulls on one quantity, block by block.

    An identity that holds the share h of the pairs pulled the quantity towards itself; its own pulls are divided by
    1 - h, which is what leaving it out shows.

    Args:
        count: Number of identities; they are numbered 0, 1, ... below it.
    """

    def __init__(self, count: int) -> None:
        self._own, self._shared = np.zeros(count), np.zeros(count)
        self._own_count, self._shared_count = np.zeros(count), np.zeros(count)
        self._twice = self._alone = self._size = 0.0

    def add(self, pulls: NDArray[np.float64], identity: NDArray[np.integer[Any]]) -> None:
        """Adds (P,) pulls that belong to one identity each."""
        size = len(self._own)
        own = np.bincount(identity, pulls, size)
        self._size += float(np.abs(pulls).sum())
        self._own += own
        self._own_count += np.bincount(identity, minlength=size)
        self._alone += float((own**2).sum())

    def add_shared(
        self, pulls: NDArray[np.float64], first: NDArray[np.integer[Any]], second: NDArray[np.integer[Any]]
    ) -> None:
        """Adds (P,) pulls that belong to two identities each, all those of the same two in one call."""
        size = len(self._own)
        self._size += float(np.abs(pulls).sum())
        for identity in (first, second):
            self._shared += np.bincount(identity, pulls, size)
            self._shared_count += np.bincount(identity, minlength=size)
        low, high = np.minimum(first, second), np.maximum(first, second)
        two = (low - low.min(initial=size)) * size + high
        if int(two.max(initial=0)) > 4 * len(two) + 1_000_000:  # listed pairs of many people: most have no pair
            two = np.unique(two, return_inverse=True)[1]
        of_two = np.bincount(two, pulls)
        self._twice += float((of_two**2).sum())

    def spread(self) -> Spread:
        """The variance of the sum of all pulls; NaN where there are fewer than two identities, or one holds all pulls.

        Where both kinds of pulls were added, the quantity rests on as many identities as the kind that has fewer: many
        who are in non-mated pairs alone say nothing of how mated pairs scatter.

        It is never below what it would be if only pulls of the very same identities hung together. The jackknife's
        factor (n - 1) / n is left out (HC3 instead of the jackknife): with 25 identities intervals of AUC and EER held
        the truth too seldom with it.
        """
        own, shared = self._own_count, self._shared_count
        numbers = [int(np.count_nonzero(count)) for count in (own, shared) if count.any()]
        number = min(numbers, default=0)
        held = np.stack([own / max(1, own.sum()), shared / max(1, shared.sum() / 2)])
        if number < 2 or held.max() >= 1:  # one identity holds all: nothing tells how others would differ
            return Spread(float("nan"), float("nan"), min(number, 1))
        each = self._own / (1 - held[0]) + self._shared / (1 - held[1])
        together = max(float((each**2).sum()) - self._twice, self._alone + self._twice)
        if together < (ROUNDING * self._size) ** 2:  # all pulls of an identity cancel out but for their last digits
            together = 0.0
        fourth = float((each**4).sum())
        everybody = int(np.count_nonzero(own + shared))
        kurtosis = everybody * fourth / float((each**2).sum()) ** 2 if fourth > 0 else 3.0
        freedom = max(LEAST_FREEDOM, min(number - 1.0, 2 * everybody / max(kurtosis - 1, 1e-9)))
        skewness = float((each**3).sum()) / float((each**2).sum()) ** 1.5 if fourth > 0 else 0.0
        return Spread(together, freedom, number, skewness)


def student(freedom: float, probability: float = 0.975) -> float:
    """Quantile of Student's distribution, to 0.2 % from 3 degrees of freedom on.

    Source: Abramowitz and Stegun, Handbook of mathematical functions, 26.7.5.

    >>> round(student(10), 2)
    2.23
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def of_share(share: float, spread: Spread) -> Interval:
    """Wilson's interval of a share, for as many independent trials as would have its variance.

    Where nothing varies (the share is 0 or 1), nothing tells the variance; each identity then counts as one trial.

    Args:
        share: In [0, 1].
        spread: Of the share.

    Raises:
        ValueError: There are fewer than ``LEAST`` identities.
    """
    check_identities(spread.identities)
    varies = spread.variance > 0 and 0 < share < 1
    trials = share * (1 - share) / spread.variance if varies else spread.identities
    quantile = student(spread.freedom if varies else spread.identities - 1)
    q = quantile**2 / trials
    middle = (share + q / 2) / (1 + q)
    half = float(np.sqrt(q * share * (1 - share) + q * q / 4)) / (1 + q)
    return Interval(max(0.0, middle - half), min(1.0, middle + half), spread.identities)


def of_skewed_share(share: float, spread: Spread) -> Interval:
    """As ``of_share``, with the end towards which a few identities pull made longer.

    Where some people are much harder than others, a sample that has few of them shows too small a share and too small
    a variance at once. To Student's quantile t comes g (2 t^2 + 1) / 6, where g is the skewness. It is for shares whose
    interval would be too short otherwise: those of quantities at a fixed rank or threshold are not.

    Raises:
        ValueError: There are fewer than ``LEAST`` identities.

    Source: Johnson, Modified t tests and confidence intervals for asymmetrical populations, Journal of the American
    Statistical Association 1978; to the first order in the skewness.
    """
    plain = of_share(share, spread)
    quantile = student(spread.freedom)
    longer = 1 + abs(spread.skewness) * (2 * quantile**2 + 1) / (6 * quantile)
    if spread.skewness > 0:
        return replace(plain, high=min(1.0, share + (plain.high - share) * longer))
    return replace(plain, low=max(0.0, share - (share - plain.low) * longer))


def of_difference(difference: float, spread: Spread) -> Interval:
    """Student's interval of a difference of two quantities.

    Raises:
        ValueError: There are fewer than ``LEAST`` identities.
    """
    check_identities(spread.identities)
    half = student(spread.freedom) * float(np.sqrt(spread.variance))
    return Interval(difference - half, difference + half, spread.identities)


def of_outcomes(outcomes: NDArray[Any], identity: NDArray[np.integer[Any]]) -> tuple[float, Spread]:
    """A share of probes, and how far it scatters.

    Args:
        outcomes: (P,) True where it holds.
        identity: (P,) of each probe, numbers from 0.
    """
    share = float(np.mean(outcomes))
    pulls = Pulls(int(identity.max()) + 1)
    pulls.add((outcomes - share) / len(outcomes), identity)
    return share, pulls.spread()


def check_identities(identities: int) -> None:
    """Makes sure that there are enough.

    Raises:
        ValueError: There are fewer than ``LEAST``.
    """
    if identities < LEAST:
        raise ValueError(f"{identities} identities are too few for an interval: expected at least {LEAST}.")
