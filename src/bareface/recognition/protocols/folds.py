"""Accuracy over folds: each fold is answered at the threshold that was best on all the others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bareface.errors import some
from bareface.recognition.protocols.intervals import LEAST, Estimate, Pulls, of_share
from bareface.recognition.protocols.scores import ListedPairs, finite


@dataclass(frozen=True)
class FoldAccuracy:
    """What was measured.

    Attributes:
        accuracies: (F,) share of right answers in each fold.
        thresholds: (F,) found on the other folds.
        accuracy: Mean over folds, with the interval that resampling identities gives.
        standard_error: Of that mean, from the scatter of the folds: their standard deviation (with F - 1) over the
            root of F.
    """

    accuracies: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    accuracy: Estimate
    standard_error: float


def fold_accuracy(pairs: ListedPairs, fold: NDArray[np.integer[Any]], intervals: bool = True) -> FoldAccuracy:
    """Accuracy over folds as they are listed.

    That the thresholds were found and not given does not widen the interval: at the best threshold accuracy does not
    change, to first order, with the threshold.

    Args:
        pairs: Similarities and identities.
        fold: (P,) number of each pair's fold, 0, 1, ...
        intervals: Whether the identities are known, and an interval wanted.

    Raises:
        ValueError: There are fewer than two folds, one between them has no pairs, or no pair is mated or non-mated.
    """
    scores, mated = pairs.scores, pairs.first == pairs.second
    if len(fold) != len(scores):
        raise ValueError(f"folds: {len(fold)} numbers for {len(scores)} pairs: expected one a pair.")
    sizes = np.bincount(fold) if len(fold) else np.zeros(0, np.int64)
    if len(sizes) < 2:
        raise ValueError(f"folds: {len(sizes)} found, expected at least 2: a threshold comes from the other folds.")
    if (sizes == 0).any():
        raise ValueError(f"folds: no pairs in {some([str(number) for number in np.flatnonzero(sizes == 0)])}.")
    if mated.all() or not mated.any():
        raise ValueError(f"folds: {np.count_nonzero(mated)} of {len(mated)} pairs are mated: expected both kinds.")
    others = [fold != number for number in range(len(sizes))]
    thresholds = np.array([best_threshold(scores[rest], mated[rest]) for rest in others])
    right = (scores >= thresholds[fold]) == mated
    accuracies = np.bincount(fold, right) / sizes
    mean, note, interval = float(accuracies.mean()), "identities are not known: no interval", None
    if intervals:
        pulls = Pulls(pairs.count)
        pull = (right - mean) / sizes[fold] / len(sizes)
        pulls.add(pull[mated], pairs.first[mated])
        pulls.add_shared(pull[~mated], pairs.first[~mated], pairs.second[~mated])
        spread = pulls.spread()
        enough = spread.identities >= LEAST
        interval = of_share(mean, spread) if enough else None
        note = "" if enough else f"{spread.identities} identities: an interval needs {LEAST}"
    counts = int(np.count_nonzero(mated)), int(np.count_nonzero(~mated))
    error = float(accuracies.std(ddof=1) / np.sqrt(len(accuracies)))
    return FoldAccuracy(accuracies, thresholds, Estimate("accuracy", mean, interval, *counts, note=note), error)


def best_threshold(scores: NDArray[np.floating[Any]], mated: NDArray[np.bool_]) -> float:
    """The threshold with the most right answers, of all that can differ: half-way between neighbouring scores.

    Of equally good ones the highest. Minus infinity accepts everything, infinity nothing.

    Raises:
        ValueError: A score is not a finite number.

    >>> best_threshold(np.array([0.2, 0.4, 0.8]), np.array([False, False, True]))
    0.6000000000000001
    """
    finite(scores, "scores")
    order = np.argsort(scores, kind="stable")
    ordered, alike = scores[order].astype(np.float64), mated[order]
    right = np.concatenate([[0], np.cumsum(~alike)]) + np.concatenate([[0], np.cumsum(alike[::-1])])[::-1]
    possible = np.concatenate([[True], ordered[1:] != ordered[:-1], [True]])
    right = np.where(possible, right, -1)
    rejected = len(right) - 1 - int(right[::-1].argmax())
    ends = np.concatenate([[-np.inf], ordered, [np.inf]])
    return float((ends[rejected] + ends[rejected + 1]) / 2)
