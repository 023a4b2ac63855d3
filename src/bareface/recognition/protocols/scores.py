"""Similarities of pairs of pictures, with the identities that they are of.

A pair is mated where both pictures show one identity. Similarity is the cosine; more is more alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK = 4_000_000
"""Similarities that are held at a time where all pairs are compared."""

Floats = NDArray[np.float32]
Identities = NDArray[np.int64]


class Block(NamedTuple):
    """Some non-mated pairs: all that there are of every two identities that occur together in it.

    Attributes:
        scores: (P,) float32.
        first: (P,) int64, identity of one picture.
        second: (P,) int64, of the other.
    """

    scores: Floats
    first: Identities
    second: Identities


class Comparisons(Protocol):
    """Pairs that were compared."""

    @property
    def count(self) -> int:
        """Number of identities; they are numbered 0, 1, ... below it."""

    @property
    def mated(self) -> tuple[Floats, Identities]:
        """(M,) similarities of the mated pairs, and (M,) their identities."""

    def non_mated(self) -> Floats:
        """(K,) similarities of the non-mated pairs, a new array."""

    def blocks(self) -> Iterator[Block]:
        """The non-mated pairs with their identities, block by block."""


def normalised(embeddings: ArrayLike) -> Floats:
    """Embeddings of length 1; one of zeros stays as it is, and is like nothing.

    Args:
        embeddings: (N, D).

    Raises:
        ValueError: They are not a matrix, or one holds a value that is not a finite number.
    """
    array = np.asarray(embeddings, np.float32)
    if array.ndim != 2:
        raise ValueError(f"embeddings of shape {array.shape}: expected (pictures, dimensions).")
    broken = ~np.isfinite(array).all(1)
    if broken.any():
        rows = f"{np.count_nonzero(broken)} of {len(array)}, the first in row {int(broken.argmax())}"
        raise ValueError(f"embeddings: {rows}, hold values that are not finite numbers. Leave those pictures out.")
    length = np.sqrt(np.einsum("nd,nd->n", array, array, dtype=np.float64))[:, None]
    return np.asarray(array / np.where(length > 0, length, 1), np.float32)


def pair_scores(embeddings: ArrayLike, first: NDArray[np.integer[Any]], second: NDArray[np.integer[Any]]) -> Floats:
    """Cosines of pairs.

    Args:
        embeddings: (N, D), of any length.
        first: (P,) rows.
        second: (P,) rows.

    Returns:
        (P,) float32 in [-1, 1].
    """
    unit = normalised(embeddings)
    return _cosines(unit, unit, first, second)


def _cosines(one: Floats, other: Floats, first: NDArray[np.integer[Any]], second: NDArray[np.integer[Any]]) -> Floats:
    """Of rows of one matrix with rows of another, both of length 1, so many at a time."""
    found = np.empty(len(first), np.float32)
    step = max(1, BLOCK // max(1, one.shape[1]))
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        found[part] = np.einsum("pd,pd->p", one[first[part]], other[second[part]])
    return found


def finite(scores: ArrayLike, name: str) -> NDArray[Any]:
    """Scores as a flat array.

    Raises:
        ValueError: One of them is not a finite number.
    """
    array = np.asarray(scores)
    if array.ndim != 1:
        raise ValueError(f"{name} of shape {array.shape}: expected one score a pair.")
    broken = np.count_nonzero(~np.isfinite(array))
    if broken:
        raise ValueError(f"{name}: {broken} of {len(array)} scores are not finite numbers. Leave those pictures out.")
    return array


@dataclass(frozen=True)
class ListedPairs:
    """Pairs as a list gives them.

    Args:
        scores: (P,) similarities.
        first: (P,) identity of one picture, numbers from 0.
        second: (P,) of the other; equal where the pair is mated.

    Raises:
        ValueError: A score is not a finite number.
    """

    scores: Floats
    first: Identities
    second: Identities

    def __post_init__(self) -> None:
        finite(self.scores, "scores")

    @property
    def count(self) -> int:
        """Number of identities."""
        return int(max(self.first.max(initial=-1), self.second.max(initial=-1))) + 1

    @cached_property
    def mated(self) -> tuple[Floats, Identities]:
        """Similarities of the mated pairs, and their identities."""
        alike = self.first == self.second
        return self.scores[alike], self.first[alike]

    def non_mated(self) -> Floats:
        """Similarities of the non-mated pairs."""
        return np.asarray(self.scores[self.first != self.second])

    def blocks(self) -> Iterator[Block]:
        """All non-mated pairs at once."""
        other = self.first != self.second
        yield Block(self.scores[other], self.first[other], self.second[other])


class AllPairs:
    """Every picture against every other one. Similarities are computed when they are asked for, block by block.

    Args:
        embeddings: (N, D), of any length.
        identities: (N,) numbers or names.
        references: (N, D), the same pictures as they look where they are the first one of a pair, e.g. before something
            was done to them; None: as they always look. The first one is that whose identity comes first.

    Raises:
        ValueError: The lengths differ, or an embedding holds a value that is not a finite number.
    """

    def __init__(self, embeddings: ArrayLike, identities: ArrayLike, references: ArrayLike | None = None) -> None:
        names, numbers = np.unique(np.asarray(identities), return_inverse=True)
        unit = normalised(embeddings)
        before = unit if references is None else normalised(references)
        if len(unit) != len(numbers):
            raise ValueError(f"{len(unit)} embeddings and {len(numbers)} identities: expected as many of each.")
        if unit.shape != before.shape:
            raise ValueError(f"references of shape {before.shape}: expected {unit.shape}, as the embeddings.")
        order = np.argsort(numbers, kind="stable")
        self.count = len(names)
        self._unit, self._identity = unit[order], numbers[order].astype(np.int64)
        self._references = self._unit if references is None else before[order]
        self._starts = np.searchsorted(self._identity, np.arange(self.count + 1))

    @cached_property
    def mated(self) -> tuple[Floats, Identities]:
        """Similarities of all pairs within an identity, and their identities."""
        first, second = self._within()
        return _cosines(self._references, self._unit, first, second), self._identity[first]

    def non_mated(self) -> Floats:
        """Similarities of all pairs of different identities."""
        sizes = np.diff(self._starts)
        found = np.empty((len(self._unit) ** 2 - int((sizes**2).sum())) // 2, np.float32)
        start = 0
        for low, high in self._rows():
            scores, other = self._block(low, high)
            part = scores[other]
            found[start : start + len(part)] = part
            start += len(part)
        return found

    def blocks(self) -> Iterator[Block]:
        """The pictures of some identities against those of all later ones, block by block."""
        for low, high in self._rows():
            scores, other = self._block(low, high)
            row, column = np.nonzero(other)
            yield Block(scores[other], self._identity[low + row], self._identity[low + column])

    def _within(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of both pictures of every mated pair."""
        later = self._starts[self._identity + 1] - np.arange(len(self._unit)) - 1
        first = np.repeat(np.arange(len(self._unit)), later)
        return first, first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(later) - later, later)

    def _rows(self) -> Iterator[tuple[int, int]]:
        """Where blocks begin and end: between identities."""
        step, low = max(1, BLOCK // max(1, len(self._unit))), 0
        while low < len(self._unit):
            wanted = int(np.searchsorted(self._starts, low + step, side="right")) - 1
            high = int(self._starts[wanted])
            if high <= low:
                high = int(self._starts[self._identity[low] + 1])
            yield low, high
            low = high

    def _block(self, low: int, high: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Similarities of rows to all rows from the first of them on, and which of them count."""
        scores = self._references[low:high] @ self._unit[low:].T
        return scores, self._identity[low:high, None] < self._identity[None, low:]
