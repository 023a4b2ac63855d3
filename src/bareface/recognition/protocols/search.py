"""Probes looked up in a gallery: what every identification protocol starts from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bareface.recognition.protocols.scores import BLOCK, Floats, Identities, normalised


@dataclass(frozen=True)
class Searches:
    """What the gallery answered to P probes.

    Attributes:
        identity: (P,) number of the probe's identity; enrolled or not, the numbers are of one list.
        mated: (P,) whether that identity is in the gallery.
        own: (P,) similarity to the most similar picture of the own identity; minus infinity where not mated.
        rank: (P,) how many other identities are at least as similar as the own one. A tie counts against it, so
            embeddings that are all alike are never right. All identities where not mated.
        rival: (P, R) numbers of the most similar other identities, the most similar first.
        rival_score: (P, R) their similarities.
        gallery: Number N of enrolled identities.
    """

    identity: Identities
    mated: NDArray[np.bool_]
    own: Floats
    rank: NDArray[np.int64]
    rival: Identities
    rival_score: Floats
    gallery: int

    def __len__(self) -> int:
        return len(self.identity)

    @property
    def count(self) -> int:
        """A number that all numbers of identities are below."""
        return int(max(self.identity.max(initial=-1), self.rival.max(initial=-1))) + 1


def each_left_out(searches: Searches) -> Searches:
    """Every probe twice: with its identity enrolled, and with its identity, in turn, taken out of the gallery.

    That is an open set of which every identity is both a member and a stranger: what a few identities can show best.
    Strangers meet one enrolled identity less than members do.

    Args:
        searches: Of a closed set: every probe mated.

    Raises:
        ValueError: A probe is not mated, or no rival is kept.
    """
    if not searches.mated.all() or not searches.rival.shape[1]:
        raise ValueError("each_left_out: expected searches of enrolled identities alone, with a rival each.")
    unknown = np.zeros(len(searches), bool)
    return Searches(
        np.tile(searches.identity, 2),
        np.concatenate([searches.mated, unknown]),
        np.concatenate([searches.own, np.full(len(searches), -np.inf, np.float32)]),
        np.concatenate([searches.rank, np.full(len(searches), searches.gallery)]),
        np.tile(searches.rival, (2, 1)),
        np.tile(searches.rival_score, (2, 1)),
        searches.gallery,
    )


def search(
    probes: ArrayLike, probe_identities: ArrayLike, gallery: ArrayLike, gallery_identities: ArrayLike, depth: int = 10
) -> Searches:
    """Looks all probes up, block by block.

    Args:
        probes: (P, D) embeddings, of any length.
        probe_identities: (P,) numbers or names.
        gallery: (G, D) embeddings, one or several an identity, of which the most similar one counts.
        gallery_identities: (G,) numbers or names.
        depth: How many rivals are kept; where fewer are enrolled, as many as there are.

    Raises:
        ValueError: There is no probe, fewer than two identities are enrolled, the lengths differ, or an embedding is
            not of finite numbers.
    """
    known, asked = np.asarray(gallery_identities), np.asarray(probe_identities)
    if not len(asked):
        raise ValueError("probes: there are none. Whoever is looked up needs one picture more than is enrolled.")
    names, numbers = np.unique(np.concatenate([known, asked]), return_inverse=True)
    enrolled, wanted = numbers[: len(known)].astype(np.int64), numbers[len(known) :].astype(np.int64)
    order = np.argsort(enrolled, kind="stable")
    people, starts = np.unique(enrolled[order], return_index=True)
    if len(people) < 2:
        raise ValueError(f"gallery: {len(people)} identities enrolled, expected at least 2: nobody could be confused.")
    unit, faces = normalised(probes), normalised(gallery)[order]
    if len(unit) != len(wanted) or len(faces) != len(enrolled):
        raise ValueError("search: expected one identity for every embedding, of probes and of gallery.")
    place = np.full(len(names), -1)
    place[people] = np.arange(len(people))
    depth = min(depth, len(people) - 1)
    own, rank = np.full(len(unit), -np.inf, np.float32), np.full(len(unit), len(people), np.int64)
    rival, rival_score = np.empty((len(unit), depth), np.int64), np.empty((len(unit), depth), np.float32)
    step = max(1, BLOCK // len(faces))
    for start in range(0, len(unit), step):
        part = slice(start, start + step)
        scores = np.maximum.reduceat(unit[part] @ faces.T, starts, axis=1)
        column = place[wanted[part]]
        row = np.flatnonzero(column >= 0)
        mine = scores[row, column[row]]
        own[start + row] = mine
        rank[start + row] = (scores[row] >= mine[:, None]).sum(1) - 1
        scores[row, column[row]] = -np.inf
        first = _most_similar(scores, depth)
        rival[part], rival_score[part] = people[first], np.take_along_axis(scores, first, 1)
    return Searches(wanted, place[wanted] >= 0, own, rank, rival, rival_score, len(people))


def _most_similar(scores: Floats, depth: int) -> NDArray[np.intp]:
    """Columns of the largest scores of each row, the largest first."""
    found: NDArray[Any] = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    order = np.argsort(-np.take_along_axis(scores, found, 1), axis=1, kind="stable")
    return np.take_along_axis(found, order, 1)
