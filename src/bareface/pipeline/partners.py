"""Which photo lends its background to which, so that every photo is decoded once."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNIT = 4
"""Photos of one identity that lend each other their background."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Partners:
    """A choice of partners for N photos, and the order in which photos must come so that partners come together.

    Photos are cut into blocks: some of one identity and some of another one. Partners are in the same block, so a batch
    of whole blocks needs no photo from elsewhere, whatever its size and whichever process works on it.

    Attributes:
        order: (N,) rows, block by block.
        starts: (B + 1,) where in ``order`` each block begins, and N.
        same: (N,) by row, another photo of the same identity; -1 where it has a single photo.
        other: (N,) by row, a photo of another identity; -1 where none is left: of an identity with more than half of
            the photos, about those beyond the half have nobody.
    """

    order: Rows
    starts: Rows
    same: Rows
    other: Rows


def partners(labels: NDArray[np.integer[Any]], seed: int) -> Partners:
    """Chooses a partner of the same and one of another identity for every photo.

    The photos of each identity, shuffled, are cut into units of about ``UNIT``; within a unit the next photo is the
    partner of the same identity. A block is two units: the units, identity by identity in a shuffled order, are paired
    across half of their number, so both are of one identity only where that has more than half of all units.

    Args:
        labels: (N,) identity of each photo.
        seed: Another seed, other partners.
    """
    rng = np.random.default_rng(seed)
    names, identity = np.unique(labels, return_inverse=True)
    place = np.argsort(rng.random(len(names)), kind="stable").argsort()[identity]
    rows = np.lexsort((rng.random(len(labels)), place))
    sizes = np.bincount(place, minlength=len(names))
    rank, size = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes), np.repeat(sizes, sizes)
    within = rank * np.maximum(1, size // UNIT) // np.maximum(size, 1)
    unit = np.cumsum((np.diff(within, prepend=0) != 0) | (rank == 0)) - 1
    start = np.flatnonzero(np.diff(unit, prepend=-1))
    extent = np.diff(start, append=len(rows))
    step = np.arange(len(rows)) - start[unit]

    units = len(start)
    across = (np.arange(units) + units // 2) % (units // 2 * 2) if units > 1 else np.zeros(units, np.int64)
    if units % 2:
        across[-1:] = 0
    next_one = start[unit] + (step + 1) % extent[unit]
    facing = start[across[unit]] + step % extent[across[unit]]
    owner = place[rows]
    block = np.minimum(np.arange(units), across)[unit]
    order = np.argsort(block, kind="stable")
    same, other = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    same[rows] = np.where(extent[unit] > 1, rows[next_one], -1)
    other[rows] = np.where(owner != owner[facing], rows[facing], -1)
    starts = np.append(np.flatnonzero(np.diff(block[order], prepend=-1)), len(rows))
    return Partners(rows[order], starts, same, other)


def batches(partners: Partners, batch_size: int) -> list[Rows]:
    """The rows of each batch: whole blocks in their order, ``batch_size`` photos at most unless one block has more."""
    bounds, begin = [0], 0
    for start, end in pairwise(partners.starts.tolist()):
        if end - begin > batch_size and start > begin:
            bounds.append(start)
            begin = start
    return np.split(partners.order, bounds[1:])


def in_order(photos: int, batch_size: int) -> list[Rows]:
    """The rows of each batch where no photo needs another one."""
    return [np.arange(start, min(start + batch_size, photos)) for start in range(0, photos, batch_size)]
