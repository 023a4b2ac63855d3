"""The photos that are compared with one another: all of a small study, a lot of a large one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def verification_lot(labels: NDArray[np.integer[Any]], most: int, seed: int) -> NDArray[np.int64]:
    """Draws photos so that identities share the number evenly: comparing all with all grows with its square.

    Of each identity as many photos are drawn as for every other one, or all that it has. Where not even two of each
    are possible, identities are drawn, and two photos of each.

    Args:
        labels: (N,) identity of each photo.
        most: How many photos are drawn at most.
        seed: Of the lot.

    Returns:
        (M,) rows, ascending.

    Raises:
        ValueError: ``most`` is below 4, two photos of two identities.
    """
    if most < 4:
        raise ValueError(f"verification_photos={most}: expected at least 4, two photos of two identities.")
    if len(labels) <= most:
        return np.arange(len(labels))
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(labels))
    _, number, size = np.unique(labels[drawn], return_inverse=True, return_counts=True)
    order = np.argsort(number, kind="stable")
    rank = np.empty(len(labels), np.int64)
    rank[order] = np.arange(len(labels)) - np.repeat(np.cumsum(size) - size, size)
    caps = np.arange(2, size.max() + 1)
    fitting = caps[_totals(size, caps) <= most]
    if len(fitting):
        return np.sort(drawn[rank < fitting[-1]])
    several = np.flatnonzero(size > 1)
    chosen = several[np.argsort(rng.random(len(several)), kind="stable")[: most // 2]]
    return np.sort(drawn[(rank < 2) & np.isin(number, chosen)])


def _totals(size: NDArray[np.int64], caps: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many photos there are where each identity has at most so many."""
    larger = len(size) - np.cumsum(np.bincount(size, minlength=int(caps[-1]) + 1))
    return np.cumsum(np.concatenate([[len(size)], larger[1:-1]]))[caps - 1]
