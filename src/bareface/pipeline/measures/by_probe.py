"""Quantities of photos that are looked up in a gallery of the same people."""

from collections.abc import Sequence
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bareface.pipeline import statistics
from bareface.pipeline.measures.answered import Level, of_seeds
from bareface.pipeline.results import Change
from bareface.recognition.protocols import partition
from bareface.recognition.protocols.open_set import Found, at_fpir
from bareface.recognition.protocols.search import each_left_out, search

Floats = NDArray[np.float32]


class ProbeAnswers:
    """One arm: one photo of each identity is enrolled, the others are looked up.

    ``rank1`` is right where a photo's identity is more like it than every other enrolled one. For TPIR each identity is
    in turn taken out of the gallery: it is a member and, then, a stranger.

    Args:
        vectors: (M, D) of each seed.
        references: The same photos as they look where they are enrolled, of each seed.
        identity: (M,) numbers.
        fpirs: At which TPIR is wanted.

    Attributes:
        probes: (Q,) which photos are looked up.
        gallery: Number N of enrolled identities.
        right: (S, Q) whether each was found first.
        notes: Why a TPIR could not be measured, by its name.

    Raises:
        ValueError: Nobody has a second photo, or there are fewer than two identities.
    """

    def __init__(
        self,
        vectors: Sequence[Floats],
        references: Sequence[Floats],
        identity: NDArray[np.int64],
        fpirs: Sequence[float],
    ) -> None:
        parts = partition.closed_set(identity, 1)
        self.probes, self.identity = parts.probes, identity[parts.probes]
        self.notes: dict[str, str] = {}
        self.found: dict[str, list[Found]] = {f"tpir_at_fpir_{fpir:g}": [] for fpir in fpirs}
        right = []
        for each, reference in zip(vectors, references, strict=True):
            probes, enrolled = each[parts.probes], reference[parts.gallery]
            searches = search(probes, self.identity, enrolled, identity[parts.gallery], 1)
            right.append(searches.rank < 1)
            opened = each_left_out(searches)
            for fpir, found in zip(fpirs, self.found.values(), strict=True):
                try:
                    found.append(at_fpir(opened, fpir))
                except ValueError as error:
                    self.notes[f"tpir_at_fpir_{fpir:g}"] = str(error)
        self.right, self.gallery = np.stack(right), len(parts.gallery)
        self.found = {name: found for name, found in self.found.items() if found}

    def levels(self) -> dict[str, Level]:
        """Means over the seeds."""
        value, spread = statistics.level(self.right, self.identity)
        make = partial(statistics.interval_of, share=True)
        levels = {"rank1": Level(value, spread, len(self.probes), make)}
        for name, found in self.found.items():
            mean = _mean(found)
            spread = statistics.with_seeds(mean.spread(), _added(found))
            levels[name] = Level(mean.tpir, spread, len(self.probes), make)
        return levels

    def changes(self, first: Self, paired: bool) -> dict[str, Change]:
        """Differences over the same probes."""
        changes = {"rank1": statistics.change(first.right, self.right, self.identity, paired)}
        for name, found in self.found.items():
            before = first.found[name]
            if paired:
                gained = [_less(*pair) for pair in zip(found, before, strict=True)]
                total, added = _mean(gained), _added(gained)
            else:
                total = _less(_mean(found), _mean(before))
                added = [*_added(before), *_added(found)]
            changes[name] = statistics.change_of(total.tpir, statistics.with_seeds(total.spread(), added))
        return changes


def _less(one: Found, other: Found) -> Found:
    """What one has more than the other, of the same probes."""
    return one._replace(tpir=one.tpir - other.tpir, pulls=one.pulls - other.pulls)


def _mean(seeds: Sequence[Found]) -> Found:
    pulls = np.mean([each.pulls for each in seeds], 0)
    return seeds[0]._replace(tpir=float(np.mean([each.tpir for each in seeds])), pulls=pulls)


def _added(seeds: Sequence[Found]) -> list[tuple[float, float]]:
    """What seeds add to how far their mean scatters; nothing where there is a single one."""
    if len(seeds) == 1:
        return []
    return [of_seeds([each.tpir for each in seeds], [each.spread() for each in seeds], _mean(seeds).spread())]
