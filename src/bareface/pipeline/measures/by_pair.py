"""Quantities of pairs of photos: verification, and how far mated and non-mated pairs are apart."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bareface.pipeline import statistics
from bareface.pipeline.measures.answered import Level, of_seeds
from bareface.pipeline.results import Change
from bareface.recognition.protocols.curve import Curve, allowed
from bareface.recognition.protocols.intervals import Interval, Spread, of_difference
from bareface.recognition.protocols.scores import AllPairs
from bareface.recognition.protocols.verification import Quantity, quantities, scatter

Floats = NDArray[np.float32]
Weighted = tuple[float, AllPairs, list[Quantity]]
"""A seed of an arm, and what it counts."""
REACH = {"cosine_gap": 4.0}
"""How much a quantity can gain at most, where that is not 1: a gap lies between -2 and 2."""


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
        spreads, added = scatter(self._weighted(1)), self._of_seeds
        found = {}
        for number, (quantity, spread) in enumerate(zip(self.seeds[0][1], spreads, strict=True)):
            scattered = statistics.with_seeds(spread, added[number])
            value = float(np.mean(self._values(quantity.name)))
            found[quantity.name] = Level(value, scattered, self.photos, partial(_interval, quantity.interval))
        return found

    def changes(self, first: Self, paired: bool) -> dict[str, Change]:
        """Differences over the same pairs."""
        spreads = scatter([*first._weighted(-1), *self._weighted(1)])
        if paired:
            pairs = zip(first.seeds, self.seeds, strict=True)
            added = self._added([[(-1, *before), (1, *after)] for before, after in pairs], spreads)
        else:
            added = [[*one, *other] for one, other in zip(first._of_seeds, self._of_seeds, strict=True)]
        found = {}
        for number, (quantity, spread) in enumerate(zip(self.seeds[0][1], spreads, strict=True)):
            before, after = (float(np.mean(arm._values(quantity.name))) for arm in (first, self))
            reach = REACH.get(quantity.name, 1.0)
            found[quantity.name] = statistics.change_of(
                after - before, statistics.with_seeds(spread, added[number]), reach
            )
        return found

    def _weighted(self, sign: int) -> list[Weighted]:
        return [(sign / len(self.seeds), *seed) for seed in self.seeds]

    @cached_property
    def _of_seeds(self) -> list[list[tuple[float, float]]]:
        """What seeds add, quantity by quantity; nothing where there is a single one."""
        if len(self.seeds) == 1:
            return [[] for _ in self.seeds[0][1]]
        return self._added([[(1, *seed)] for seed in self.seeds], scatter(self._weighted(1)))

    @staticmethod
    def _added(seeds: Sequence[Sequence[Weighted]], together: Sequence[Spread]) -> list[list[tuple[float, float]]]:
        """The same, of what each seed's arms amount to."""
        if len(seeds) == 1:
            return [[] for _ in together]
        alone = [scatter(arms) for arms in seeds]
        values = [
            [sum(factor * found[place].value for factor, _, found in arms) for arms in seeds]
            for place in range(len(together))
        ]
        return [
            [of_seeds(values[place], [each[place] for each in alone], spread)] for place, spread in enumerate(together)
        ]

    def _values(self, name: str) -> list[float]:
        return [quantity.value for _, found in self.seeds for quantity in found if quantity.name == name]


def _interval(make: Callable[[float, Spread], Interval], value: float, spread: Spread) -> Interval:
    return make(value, statistics.exact(spread))


def _gap(curve: Curve) -> Quantity:
    """Mean cosine of mated pairs minus that of non-mated ones."""
    means = [float(np.mean(scores, dtype=np.float64)) for scores in (curve.mated, curve.non_mated)]
    mated = partial(_share_of_mean, means[0], 1 / len(curve.mated))
    non_mated = partial(_share_of_mean, means[1], -1 / len(curve.non_mated))
    return Quantity("cosine_gap", means[0] - means[1], None, mated, non_mated, of_difference)


def _share_of_mean(mean: float, factor: float, scores: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray((scores.astype(np.float64) - mean) * factor)
