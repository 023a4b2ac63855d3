"""Embeddings of many pictures as one table in memory."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bareface.errors import DataError, some
from bareface.io.place import check_file

TRAINED = b"trained_on"
"""Under this the file says, as JSON, which identities the recogniser was trained on."""


@dataclass(frozen=True)
class Embeddings:
    """N pictures.

    Attributes:
        keys: N keys, each once.
        identities: N names; empty where they are not known.
        vectors: (N, D) float32.
        trained: Names of the identities that the recogniser was trained on; empty where they are not known.
    """

    keys: tuple[str, ...]
    identities: tuple[str, ...]
    vectors: NDArray[np.float32]
    trained: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, keys: Sequence[str]) -> tuple["Embeddings", list[str]]:
        """The pictures of some keys in the order of these, and the keys that are not there."""
        place = {key: row for row, key in enumerate(self.keys)}
        rows = [place[key] for key in keys if key in place]
        names = tuple(self.identities[row] for row in rows) if self.identities else ()
        found = Embeddings(tuple(self.keys[row] for row in rows), names, self.vectors[rows])
        return found, [key for key in keys if key not in place]

    @classmethod
    def read(cls, path: Path) -> "Embeddings":
        """Reads what ``bareface extract`` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            DataError: The file is something else, or a key occurs twice.
        """
        check_file(path, "no such file. Make one with bareface extract.", "embeddings=")
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(f"embeddings={path}: not a Parquet file ({error}).".replace("\n", " ")) from error
        wanted = {"key", "identity", "embedding"}
        if not wanted <= set(table.column_names):
            missing = some(sorted(wanted - set(table.column_names)))
            raise DataError(f"embeddings={path}: has no column {missing}. Make it with bareface extract.")
        vectors = table["embedding"].combine_chunks()
        if not pa.types.is_fixed_size_list(vectors.type):
            raise DataError(f"embeddings={path}: embedding is of {vectors.type}, expected lists of one length.")
        keys, names = table["key"].to_pylist(), table["identity"].to_pylist()
        if len(set(keys)) < len(keys):
            twice = some(sorted({key for key in keys if keys.count(key) > 1})) if len(keys) < 10_000 else "many"
            raise DataError(f"embeddings={path}: {len(keys) - len(set(keys))} keys occur twice: {twice}.")
        array = np.asarray(vectors.flatten().to_numpy(zero_copy_only=False), np.float32)
        known = tuple(names) if all(name is not None for name in names) else ()
        trained = json.loads((table.schema.metadata or {}).get(TRAINED, b"[]"))
        return cls(tuple(keys), known, array.reshape(len(keys), vectors.type.list_size), tuple(trained))


class TableWriter:
    """Keeps embeddings in memory.

    Args:
        identities: Names of the labels; empty where the data has none.
    """

    def __init__(self, identities: Sequence[str]) -> None:
        self.identities = identities
        self._keys: list[str] = []
        self._names: list[str] = []
        self._vectors: list[NDArray[np.float32]] = []

    def write(self, keys: Sequence[str], labels: Sequence[int], embeddings: NDArray[np.float32]) -> None:
        """Adds a batch."""
        self._keys += keys
        self._names += [self.identities[label] for label in labels]
        self._vectors.append(embeddings)

    def close(self, complete: bool) -> None:
        """Nothing: there is no file."""

    @property
    def table(self) -> Embeddings:
        """All that was written."""
        vectors = np.concatenate(self._vectors) if self._vectors else np.zeros((0, 1), np.float32)
        return Embeddings(tuple(self._keys), tuple(self._names), vectors)
