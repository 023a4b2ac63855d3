"""Quantities of pairs of photos: verification, and how far mated and non-mated pairs are apart."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bareface.pipeline import statistics
from bareface.pipeline.measures.answered import Level, with_seeds
from bareface.pipeline.results import Change
from bareface.recognition.protocols.curve import Curve, allowed
from bareface.recognition.protocols.intervals import of_difference
from bareface.recognition.protocols.scores import AllPairs
from bareface.recognition.protocols.verification import Quantity, quantities, scatter

Floats = NDArray[np.float32]


class PairAnswers:
    """One arm: every photo compared with every other one.

    Args:
        vectors: (M, D) of each seed.
        references: The same photos as they look where they are the first of a pair, of each seed.
        identity: (M,) numbers.
        fars: At which TAR is wanted.
    """

    def __init__(
        self,
        vectors: Sequence[Floats],
        references: Sequence[Floats],
        identity: NDArray[np.int64],
        fars: Sequence[float],
    ) -> None:
        self.photos = len(identity)
        self.seeds: list[tuple[AllPairs, list[Quantity]]] = []
        self.notes: dict[str, str] = {}
        for each, reference in zip(vectors, references, strict=True):
            pairs = AllPairs(each, identity, reference)
            curve = Curve.of(pairs.mated[0], pairs.non_mated())
            for far in fars:
                try:
                    allowed(far, len(curve.non_mated))
                except ValueError as error:
                    self.notes[f"tar_at_far_{far:g}"] = str(error)
            shown = [far for far in fars if f"tar_at_far_{far:g}" not in self.notes]
            self.seeds.append((pairs, [_gap(curve), *quantities(pairs, curve, shown, {})]))

    def levels(self) -> dict[str, Level]:
        """Means over the seeds."""
        share = 1 / len(self.seeds)
        spreads = scatter([(share, *seed) for seed in self.seeds])
        found = {}
        for quantity, spread in zip(self.seeds[0][1], spreads, strict=True):
            values = self._values(quantity.name)
            scattered = with_seeds(spread, values)
            found[quantity.name] = Level(float(np.mean(values)), scattered, self.photos, quantity.interval)
        return found

    def changes(self, first: Self, paired: bool) -> dict[str, Change]:
        """Differences over the same pairs."""
        arms = [(-1 / len(first.seeds), *seed) for seed in first.seeds]
        arms += [(1 / len(self.seeds), *seed) for seed in self.seeds]
        found = {}
        for quantity, spread in zip(self.seeds[0][1], scatter(arms), strict=True):
            name = quantity.name
            before, after = first._values(name), self._values(name)
            seeds = [[b - a for a, b in zip(before, after, strict=True)]] if paired else [before, after]
            found[name] = statistics.change_of(float(np.mean(after) - np.mean(before)), with_seeds(spread, *seeds))
        return found

    def _values(self, name: str) -> list[float]:
        return [quantity.value for _, found in self.seeds for quantity in found if quantity.name == name]


def _gap(curve: Curve) -> Quantity:
    """Mean cosine of mated pairs minus that of non-mated ones."""
    means = [float(np.mean(scores, dtype=np.float64)) for scores in (curve.mated, curve.non_mated)]
    mated = partial(_share_of_mean, means[0], 1 / len(curve.mated))
    non_mated = partial(_share_of_mean, means[1], -1 / len(curve.non_mated))
    return Quantity("cosine_gap", means[0] - means[1], None, mated, non_mated, of_difference)


def _share_of_mean(mean: float, factor: float, scores: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray((scores.astype(np.float64) - mean) * factor)
