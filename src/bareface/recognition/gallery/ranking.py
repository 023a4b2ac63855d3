"""From the nearest pictures to the nearest people."""

import numpy as np
from numpy.typing import NDArray

from bareface.recognition.gallery.calibration import KEPT, Calibration, Scores
from bareface.recognition.gallery.gallery import Gallery, Hits

BATCH = 64
"""Probes searched at a time."""
SEARCHES = 10_000
"""How many enrolled pictures a calibration searches; of a larger gallery a sample."""
PAIRED = 4_000
"""So many enrolled pictures are compared with each other; of their pairs a thousandth is among the scores kept."""


def nearest_people(
    gallery: Gallery, embeddings: NDArray[np.float32], top: int, without: NDArray[np.object_] | None = None
) -> Hits:
    """The best picture of each of the ``top`` nearest identities.

    Somebody with many pictures fills the first places; the search then goes deeper, until there are enough people or
    the gallery (or what it can list) ends.

    Args:
        gallery: What is searched.
        embeddings: (Q, D) of length 1.
        top: Number of identities.
        without: (Q,) the identity that does not count for each probe, or None.

    Returns:
        (Q, top) hits, minus infinity and empty names where there are fewer identities.
    """
    found = _nothing(len(embeddings), top)
    for start in range(0, len(embeddings), BATCH):
        rows, depth = np.arange(start, min(start + BATCH, len(embeddings))), max(8, 2 * top)
        while len(rows):
            depth = min(depth, gallery.deepest, len(gallery))
            hits = gallery.search(embeddings[rows], depth) if depth else _nothing(len(rows), 1)
            first = _first_of_each(hits.identities) & np.isfinite(hits.scores)
            if without is not None:
                first &= hits.identities != without[rows, None]
            place = np.cumsum(first, axis=1) - 1
            probe, column = np.nonzero(first & (place < top))
            target = rows[probe], place[probe, column]
            found.scores[target], found.identities[target] = hits.scores[probe, column], hits.identities[probe, column]
            found.keys[target] = hits.keys[probe, column]
            done = (first.sum(axis=1) >= top) | (depth >= min(gallery.deepest, len(gallery)))
            rows, depth = rows[~done], 4 * depth
    return found


def _nothing(probes: int, top: int) -> Hits:
    names = np.full((2, probes, top), "", object)
    return Hits(np.full((probes, top), -np.inf, np.float32), names[0], names[1])


def _first_of_each(identities: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Where each row names somebody for the first time."""
    names, codes = np.unique(identities.astype(str), return_inverse=True)
    codes = codes.reshape(identities.shape) + len(names) * np.arange(len(identities))[:, None]
    first = np.zeros(identities.size, bool)
    first[np.unique(codes.ravel(), return_index=True)[1]] = True
    return first.reshape(identities.shape)


def calibrate(gallery: Gallery, strangers: NDArray[np.float32] | None = None, searches: int = SEARCHES) -> Calibration:
    """Gathers the scores of people who are not who they are taken for.

    Args:
        gallery: What will be searched.
        strangers: (S, D) embeddings of people who are not in it. None: each enrolled picture is searched among
            everybody else's, which needs two identities; with one there is no score.
        searches: At most so many enrolled pictures are searched.
    """
    if strangers is None:
        enrolled = gallery.sample(searches)
        best = nearest_people(gallery, enrolled.embeddings, 1, enrolled.identities).scores[:, 0]
    else:
        best = nearest_people(gallery, strangers, 1).scores[:, 0]
    return Calibration(
        "gallery" if strangers is None else "strangers",
        len(gallery),
        Scores.of(best[np.isfinite(best)]),
        impostors(gallery),
    )


def impostors(gallery: Gallery) -> Scores:
    """Scores of the pairs of two identities among at most ``PAIRED`` enrolled pictures."""
    enrolled = gallery.sample(PAIRED)
    return _pairs(enrolled.embeddings, enrolled.identities)


def _pairs(embeddings: NDArray[np.float32], identities: NDArray[np.object_]) -> Scores:
    """Scores of all pairs of two identities, a block of rows at a time."""
    codes = np.unique(identities.astype(str), return_inverse=True)[1]
    count, highest = 0, np.zeros(0, np.float32)
    for start in range(0, len(codes), 256):
        rows = slice(start, start + 256)
        scores = embeddings[rows] @ embeddings[start:].T
        other = codes[rows, None] != codes[None, start:]
        found = scores[np.triu(other, 1)]
        count += len(found)
        highest = np.concatenate([highest, found])
        if len(highest) > KEPT:
            highest = np.partition(highest, -KEPT)[-KEPT:]
    return Scores(count, Scores.of(highest).highest)
