"""Mated against non-mated scores: ROC, DET, AUC, EER, and TAR at a FAR. Exact: no bins, ties are one step."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Sorted = NDArray[np.floating[Any]]


NEEDS = {
    "mated": "Two pictures of one identity are needed at least.",
    "non-mated": "Pictures of two identities are needed at least.",
}


class Point(NamedTuple):
    """What becomes of the scores at one threshold; a score is accepted where it is at least the threshold.

    Attributes:
        threshold: In the unit of the scores; infinite where everything is rejected (or accepted).
        far: Share of the non-mated scores that are accepted.
        tar: Share of the mated scores that are accepted.
    """

    threshold: float
    far: float
    tar: float


class Points(NamedTuple):
    """Points of the curve in the order of falling thresholds.

    Attributes:
        threshold: (T,) float64; the first is infinite.
        far: (T,) rising from 0 to 1.
        tar: (T,) rising from 0 to 1.
    """

    threshold: NDArray[np.float64]
    far: NDArray[np.float64]
    tar: NDArray[np.float64]


def allowed(target: float, trials: int, rate: str = "FAR", what: str = "non-mated pairs") -> int:
    """How many of the trials may be accepted for their share to be at most the target.

    Args:
        target: The share, above 0.
        trials: How many there are.
        rate: Its name, for the message.
        what: Name of the trials, for the message.

    Raises:
        ValueError: The target is no share, or less than one trial: no count of trials can show it.

    >>> allowed(0.29, 100)
    29
    """
    if not 0 < target <= 1:
        raise ValueError(f"{rate}={target:g}: expected 0 < {rate} <= 1.")
    count = int(target * trials)
    count += (count + 1) / trials <= target if trials else 0  # 0.29 * 100 is just under 29
    if count < 1:
        rule = f"{target:g} of {trials:,} {what} is less than one of them"
        least = f"{1 / trials if trials else 1:.2g}"
        if trials and float(least) * trials < 1:  # rounded down: one more in the last digit
            least = f"{1 / trials + 0.5 * 10 ** (math.floor(math.log10(1 / trials)) - 1):.2g}"
        raise ValueError(f"{rate}={target:g}: {rule}. Ask for at least {least}.")
    return count


@dataclass(frozen=True)
class Curve:
    """The scores of mated and of non-mated pairs, sorted. Make one with ``Curve.of``.

    Attributes:
        mated: (M,) ascending.
        non_mated: (K,) ascending.
    """

    mated: Sorted
    non_mated: Sorted

    @classmethod
    def of(cls, mated: ArrayLike, non_mated: ArrayLike, overwrite: bool = False) -> "Curve":
        """Sorts the scores.

        Args:
            mated: (M,) scores, floating point of any width.
            non_mated: (K,) scores.
            overwrite: Sort both where they lie, which saves their memory once more.

        Raises:
            ValueError: There are no scores of one kind, or one is not a finite number.
        """
        found = []
        for scores, name in ((mated, "mated"), (non_mated, "non-mated")):
            array = np.asarray(scores)
            if array.ndim != 1:
                raise ValueError(f"{name} scores of shape {array.shape}: expected one score a pair.")
            if len(array) == 0:
                raise ValueError(f"{name} scores: there are none. {NEEDS[name]}")
            array = array if overwrite else array.copy()
            array.sort()  # whatever is not a number goes to the end
            if not np.isfinite(array[[0, -1]]).all():
                broken = np.count_nonzero(~np.isfinite(array))
                raise ValueError(f"{name} scores: {broken} of {len(array)} are not finite numbers. Leave them out.")
            found.append(array)
        return cls(*found)

    def at(self, threshold: float) -> Point:
        """FAR and TAR at a threshold, such as one that was chosen on other scores."""
        far, tar = (float(accepted(scores, np.array([threshold]))[0]) for scores in (self.non_mated, self.mated))
        return Point(float(threshold), far, tar)

    def tar_at_far(self, target: float) -> Point:
        """The point of the largest FAR that is not above the target.

        Its threshold is the smallest of all scores that gives that FAR or less; infinite where none does.

        Raises:
            ValueError: The target is less than one of the non-mated pairs.
        """
        count = allowed(target, len(self.non_mated))
        if count == len(self.non_mated):
            return self.at(-np.inf)
        return self.at(self._next(self.non_mated[-1 - count]))

    def slope(self, far: float, error: float) -> float:
        """How fast TAR rises with FAR, over the stretch from ``far - error`` to ``far + error``, one score at least.

        Args:
            far: Where on the curve.
            error: The standard error of FAR; NaN is taken as 0.
        """
        one, reach = 1 / len(self.non_mated), float(np.nan_to_num(error))
        below, above = (self.tar_at_far(min(1.0, max(one, far + shift))) for shift in (-reach, reach))
        return (above.tar - below.tar) / max(above.far - below.far, one)

    @property
    def auc(self) -> float:
        """Probability that a mated score is above a non-mated one; a tie counts half."""
        below = np.searchsorted(self.non_mated, self.mated, "left").sum(dtype=np.float64)
        upto = np.searchsorted(self.non_mated, self.mated, "right").sum(dtype=np.float64)
        return float((below + upto) / 2 / len(self.mated) / len(self.non_mated))

    @property
    def eer(self) -> float:
        """Where FAR and 1 - TAR are equal, on the straight line between two points where no point has them equal."""
        if self.mated[0] > self.non_mated[-1]:
            return 0.0
        point = self.at(self.eer_threshold)
        before = self.at(self._next(point.threshold))
        gap, earlier = point.far + point.tar - 1, before.far + before.tar - 1
        return float(before.far + (point.far - before.far) * -earlier / (gap - earlier))

    @property
    def eer_threshold(self) -> float:
        """The largest score at which FAR is at least 1 - TAR.

        Where all mated scores are above all others there is no error between them; it is the middle of that gap.
        """
        low, high = self.non_mated[-1], self.mated[0]
        if high > low:
            middle = (low.astype(np.float64) + high) / 2
            near = high.dtype.type(middle)  # a number that scores of their width are compared with exactly
            return float(near if low < near else high)
        return max(self._crossing(self.mated), self._crossing(self.non_mated))

    def points(self, most: int = 2000) -> Points:
        """Points of ROC and DET.

        Args:
            most: Where there are more different scores than that, about so many of them, dense where FAR or
                1 - TAR is small. Every one is exact.
        """
        if len(self.mated) + len(self.non_mated) <= most:
            scores = np.concatenate([self.mated, self.non_mated])
        else:
            scores = np.concatenate([self._spread(self.non_mated[::-1], most), self._spread(self.mated, most)])
        threshold = np.unique(scores.astype(np.float64))[::-1]
        threshold = np.append(np.inf, threshold)
        return Points(threshold, accepted(self.non_mated, threshold), accepted(self.mated, threshold))

    @staticmethod
    def _spread(scores: Sorted, most: int) -> Sorted:
        """Scores at ranks that grow as a power, the last one too."""
        ranks = np.unique(np.geomspace(1, len(scores), most // 2).astype(np.int64)) - 1
        return scores[ranks]

    def _next(self, score: Any) -> float:
        """The smallest score above one; infinite where there is none."""
        above = []
        for scores in (self.mated, self.non_mated):
            near = scores.dtype.type(score)  # of their own width: else searchsorted would widen all scores
            above += scores[np.searchsorted(scores, near, "left" if float(near) > float(score) else "right") :][
                :1
            ].tolist()
        return min(above, default=np.inf)

    def _crossing(self, scores: Sorted) -> float:
        """The largest of the scores at which FAR is at least 1 - TAR; minus infinity where there is none."""
        low, high = -1, len(scores) - 1
        while low < high:  # FAR + TAR falls as the threshold rises
            middle = (low + high + 1) // 2
            point = self.at(scores[middle])
            low, high = (middle, high) if point.far + point.tar >= 1 else (low, middle - 1)
        return float(scores[low]) if low >= 0 else -np.inf


def accepted(scores: Sorted, threshold: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of sorted scores that are at least each threshold."""
    near = threshold.astype(scores.dtype)  # else searchsorted would widen all scores
    near = np.where(near < threshold, np.nextafter(near, scores.dtype.type(np.inf)), near)
    return np.asarray((len(scores) - np.searchsorted(scores, near, "left")) / len(scores))
