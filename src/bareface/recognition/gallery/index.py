"""Searching a matrix of embeddings."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bareface.recognition.gallery.scan import Int8Scan

Found = tuple[NDArray[np.float32], NDArray[np.int64]]
MANY = 50_000
"""From so many faces on an exact search looks at 8 bits first."""


class Index(Protocol):
    """Finds rows of a matrix."""

    def search(self, probes: NDArray[np.float32], k: int) -> Found:
        """(Q, k) cosines, best first, and rows; -1 where nothing was found."""


class ExactIndex:
    """Compares with every row. Nothing is copied, so nothing has to be built before a search.

    The answer is that of ``faiss.IndexFlatIP``.

    Args:
        matrix: (N, D) float32 of length 1.
        many: From so many rows on, ``Int8Scan`` is used where the processor has instructions for it.
    """

    def __init__(self, matrix: NDArray[np.float32], many: int = MANY) -> None:
        self.matrix = matrix
        self._scan: Int8Scan | None = None
        self._scans = len(matrix) >= many
        if self._scans:
            from bareface.precision import processor_computes_in_int8  # torch takes seconds to import

            self._scans = processor_computes_in_int8()

    def search(self, probes: NDArray[np.float32], k: int) -> Found:
        """Finds the nearest rows."""
        probes = np.ascontiguousarray(probes, np.float32)
        if not self._scans:
            return self._plain(probes, k)
        from bareface.recognition.gallery.scan import CANDIDATES, DEEPEST, Int8Scan

        if k > DEEPEST:
            return self._plain(probes, k)
        self._scan = Int8Scan(self.matrix) if self._scan is None else self._scan
        scores, rows = np.empty((len(probes), k), np.float32), np.empty((len(probes), k), np.int64)
        unsettled = np.arange(len(probes))
        for candidates in CANDIDATES[k > 16 :]:  # few candidates hardly ever settle a deep search
            if len(unsettled):
                found = self._scan.search(probes[unsettled], k, candidates)
                scores[unsettled], rows[unsettled], proven = (part.numpy() for part in found)
                unsettled = unsettled[~proven]
        if len(unsettled):
            scores[unsettled], rows[unsettled] = self._plain(probes[unsettled], k)
        return scores, rows

    def _plain(self, probes: NDArray[np.float32], k: int) -> Found:
        scores, rows = faiss.knn(probes, self.matrix, k, metric=faiss.METRIC_INNER_PRODUCT)
        return scores, rows


class HnswIndex:
    """A graph of neighbours: looks at few rows, and now and then misses one.

    Args:
        graph: A ``faiss.IndexHNSWFlat``.
    """

    NEIGHBOURS, WHILE_BUILDING, WHILE_SEARCHING = 32, 100, 128

    def __init__(self, graph: faiss.IndexHNSWFlat) -> None:
        self.graph = graph

    @classmethod
    def of(cls, matrix: NDArray[np.float32]) -> "HnswIndex":
        """Builds the graph of a matrix."""
        graph = faiss.IndexHNSWFlat(matrix.shape[1], cls.NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = cls.WHILE_BUILDING
        graph.add(matrix)
        return cls(graph)

    @classmethod
    def read(cls, path: Path, matrix: NDArray[np.float32]) -> "HnswIndex | None":
        """The graph in a file, with the rows added that it lacks; None where the file is missing or of other rows."""
        try:
            graph = faiss.read_index(os.fspath(path))
        except RuntimeError:  # missing, damaged
            return None
        if not isinstance(graph, faiss.IndexHNSWFlat) or graph.d != matrix.shape[1] or graph.ntotal > len(matrix):
            return None
        storage: Any = faiss.downcast_index(graph.storage)
        kept = faiss.rev_swig_ptr(storage.get_xb(), graph.ntotal * graph.d)
        if not np.array_equal(kept.reshape(-1, graph.d), matrix[: graph.ntotal]):
            return None
        if graph.ntotal < len(matrix):
            graph.add(matrix[graph.ntotal :])
        return cls(graph)

    def write(self, path: Path) -> None:
        """Saves the graph in FAISS's own format."""
        faiss.write_index(self.graph, os.fspath(path))

    def search(self, probes: NDArray[np.float32], k: int) -> Found:
        """Finds rows that are near."""
        breadth: Any = faiss.SearchParametersHNSW(efSearch=max(self.WHILE_SEARCHING, k))  # type: ignore[attr-defined]
        scores, rows = self.graph.search(np.ascontiguousarray(probes, np.float32), k, params=breadth)
        return scores, rows
