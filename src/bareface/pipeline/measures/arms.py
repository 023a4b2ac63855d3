"""What one pass over the photos left behind, arm by arm."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bareface.errors import DataError

Floats = NDArray[np.float32]


class Arm(NamedTuple):
    """One recogniser in one condition."""

    recogniser: str
    condition: str


class Layout:
    """Which rows of a table belong to which arm: each photo has one for each recogniser, seed and condition.

    Args:
        seeds: Number of seeds of each recogniser.
        conditions: Their names.

    Attributes:
        rows: Recogniser, seed and condition of the rows of one photo.
    """

    def __init__(self, seeds: Mapping[str, int], conditions: Sequence[str]) -> None:
        self.seeds, self.conditions = dict(seeds), tuple(conditions)
        self.rows = [
            (name, seed, each) for name, count in seeds.items() for seed in range(count) for each in conditions
        ]

    def of(self, arm: Arm) -> list[int]:
        """The rows of an arm, seed by seed, among those of one photo."""
        wanted = [(arm.recogniser, seed, arm.condition) for seed in range(self.seeds[arm.recogniser])]
        return [self.rows.index(each) for each in wanted]

    def check(self, table: pa.Table, path: Path) -> None:
        """Makes sure that the table is laid out like this.

        Raises:
            DataError: It is not.
        """
        count = len(self.rows)
        whole = len(table) % count == 0
        for name, expected in zip(("recogniser", "seed", "condition"), zip(*self.rows, strict=True), strict=True):
            column = table[name].combine_chunks().dictionary_encode()
            numbers = np.asarray(column.indices)
            known = {value: place for place, value in enumerate(column.dictionary.to_pylist())}
            wanted = np.array([known.get(value, -1) for value in expected])
            whole = whole and bool((numbers.reshape(-1, count) == wanted).all())
        if not whole:
            raise DataError(f"{path}: its rows are not those of this study's arms. Run the study again.")


class Outcomes:
    """``outcomes.parquet`` as matrices.

    Args:
        path: The file.
        layout: Of its rows.

    Attributes:
        keys: (P,) photos.
        identities: (P,) names.

    Raises:
        DataError: The file is laid out otherwise.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        arms = ["recogniser", "seed", "condition"]
        layout.check(pq.read_table(path, columns=arms), path)
        self.path, self.layout = path, layout
        once = slice(None, None, len(layout.rows))
        named = pq.read_table(path, columns=["key", "identity"], read_dictionary=["key", "identity"])
        self.keys, self.identities = (
            np.asarray(named[name].combine_chunks().to_numpy(zero_copy_only=False))[once] for name in named.column_names
        )
        self._columns: dict[str, Floats] = {}

    def values(self, arm: Arm, column: str) -> Floats:
        """(S, P) of a column of numbers, seed by seed; NaN where there is none."""
        if column not in self._columns:
            numbers = pq.read_table(self.path, columns=[column])[column].cast(pa.float32()).to_numpy()
            self._columns[column] = np.ascontiguousarray(numbers.reshape(-1, len(self.layout.rows)).T)
        found: Floats = self._columns[column][self.layout.of(arm)]
        return found


class LotEmbeddings:
    """``embeddings.parquet``, arm by arm, in a file that memory is mapped to and that goes when the study ends.

    Args:
        path: The file.
        layout: Of its rows.

    Attributes:
        keys: (M,) photos.

    Raises:
        DataError: The file is laid out otherwise.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        layout.check(pq.read_table(path, columns=["recogniser", "seed", "condition"]), path)
        self.layout, arms = layout, len(layout.rows)
        self.keys = np.asarray(pq.read_table(path, columns=["key"])["key"].to_numpy())[::arms]
        file = pq.ParquetFile(path)
        first = next(file.iter_batches(arms, columns=["embedding"]), None)
        self._sizes = [0] * arms if first is None else pc.list_value_length(first.column(0)).to_pylist()
        self._file = tempfile.TemporaryFile()
        shape = arms, len(self.keys), max(self._sizes)
        self._vectors = np.memmap(self._file, np.float32, "w+", shape=shape) if len(self.keys) else np.zeros(shape)
        start = 0
        for batch in file.iter_batches(columns=["embedding"]):
            row = start + np.arange(len(batch))
            vectors = np.zeros((len(batch), shape[2]), np.float32)
            vectors[np.arange(shape[2]) < np.array(self._sizes)[row % arms, None]] = batch.column(0).flatten()
            self._vectors[row % arms, row // arms] = vectors
            start += len(batch)

    def vectors(self, arm: Arm) -> list[Floats]:
        """(M, D) of each seed; D may differ from recogniser to recogniser."""
        return [np.asarray(self._vectors[row, :, : self._sizes[row]], np.float32) for row in self.layout.of(arm)]
