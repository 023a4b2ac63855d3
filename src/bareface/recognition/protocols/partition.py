"""Who is enrolled, and with which pictures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Partition:
    """Rows of the pictures that are enrolled and of those that are looked up.

    Attributes:
        gallery: (G,) rows.
        probes: (P,) rows.
    """

    gallery: NDArray[np.int64]
    probes: NDArray[np.int64]


def closed_set(identities: ArrayLike, pictures: int) -> Partition:
    """The first pictures of each identity are enrolled, the others are looked up.

    An identity that has no further ones stays in the gallery, where others can be taken for it.

    Args:
        identities: (N,) numbers or names, in the order of the keys.
        pictures: How many of each identity are enrolled.

    Raises:
        ValueError: No identity has more pictures than that.
    """
    return _divide(np.asarray(identities), pictures, 0.0, 0)


def open_set(identities: ArrayLike, pictures: int, strangers: float, seed: int) -> Partition:
    """As ``closed_set``, but some identities, drawn by the seed, are not enrolled: all their pictures are looked up.

    Args:
        identities: (N,) numbers or names, in the order of the keys.
        pictures: How many of each other identity are enrolled.
        strangers: Share of the identities that are not enrolled; rounded, at least one.
        seed: Of the choice.

    Raises:
        ValueError: The share is not between 0 and 1, or fewer than two identities would be enrolled, or none of them
            has more pictures than are enrolled.
    """
    if not 0 < strangers < 1:
        raise ValueError(f"strangers={strangers:g}: expected 0 < strangers < 1, the share of identities not enrolled.")
    return _divide(np.asarray(identities), pictures, strangers, seed)


def _divide(identities: NDArray[np.generic], pictures: int, strangers: float, seed: int) -> Partition:
    if pictures < 1:
        raise ValueError(f"gallery_pictures={pictures}: expected at least 1.")
    names, numbers, sizes = np.unique(identities, return_inverse=True, return_counts=True)
    left_out = max(1, int(len(names) * strangers + 0.5)) if strangers else 0
    if len(names) - left_out < 2:
        rule = f"{len(names)} identities, {left_out} of them not enrolled: expected at least 2 in the gallery"
        raise ValueError(f"{rule}. Use more identities.")
    # the stream of random() stays the same between numpy versions
    enrolled = np.ones(len(names), bool)
    enrolled[np.argsort(np.random.default_rng(seed).random(len(names)), kind="stable")[:left_out]] = False
    if not (sizes[enrolled] > pictures).any():
        most = int(sizes[enrolled].max())
        rule = f"no enrolled identity has more than {most} pictures, {pictures} of each go to the gallery"
        raise ValueError(f"{rule}. One more of each is needed to look up.")
    order = np.argsort(numbers, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    place = np.empty(len(numbers), np.int64)
    place[order] = np.arange(len(numbers)) - np.repeat(starts, sizes)
    gallery = enrolled[numbers] & (place < pictures)
    return Partition(np.flatnonzero(gallery), np.flatnonzero(~gallery))
