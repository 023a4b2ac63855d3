"""The list of samples: one row a sample, in columns, shared between processes."""

import atexit
import functools
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from bareface.errors import DataError, some
from bareface.io.atomic import atomic_path


class Manifest:
    """A table with one row a sample.

    It is not copied into the loader's workers: forked ones share its memory, and pickling it (spawned ones) writes it
    once to a temporary file, sends the name and maps the file on the other side.

    Args:
        table: Has the column ``key`` (path of the picture relative to the root, with ``/``), each key once, and any
            other columns: ``mask`` (relative path), ``label``, ``identity``, ``x``, ``y``, ``w``, ``h``, ...

    Raises:
        DataError: There is no column ``key``, or a key occurs twice.

    >>> manifest = Manifest(pa.table({"key": ["a/1.jpg", "a/2.jpg"], "label": [0, 1]}))
    >>> manifest.row(1), "a/2.jpg" in manifest
    ({'key': 'a/2.jpg', 'label': 1}, True)
    """

    def __init__(self, table: pa.Table) -> None:
        if "key" not in table.column_names:
            raise DataError(f"manifest: has the columns {table.column_names}, expected key among them.")
        self._table = table.combine_chunks()  # one chunk: a row is found without a search
        self._path: Path | None = None
        self._check_keys()

    @classmethod
    def _trusted(cls, table: pa.Table, path: Path | None = None) -> "Manifest":
        manifest = cls.__new__(cls)
        manifest._table, manifest._path = table, path
        return manifest

    @classmethod
    def open(cls, path: Path) -> "Manifest":
        """Maps a file that ``save`` wrote; rows are read when they are asked for.

        Raises:
            DataError: The file is missing or is not a manifest.
        """
        try:
            with pa.memory_map(str(path)) as source:
                table = pa.ipc.open_file(source).read_all()
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(f"{path}: not a manifest ({error}). Use a file that Manifest.save wrote.") from error
        return cls._trusted(table, path)

    @property
    def table(self) -> pa.Table:
        """The Arrow table."""
        return self._table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and pc.index(self._table["key"], key).as_py() >= 0

    def __reduce__(self) -> tuple[Callable[[Path], "Manifest"], tuple[Path]]:
        if self._path is None:
            self._path = _shared_folder(os.getpid()) / f"{uuid.uuid4().hex}.arrow"
            self.save(self._path)
        return Manifest.open, (self._path,)

    def has(self, name: str) -> bool:
        """Whether there is a column of that name."""
        return name in self._table.column_names

    def key(self, row: int) -> str:
        """The key of a row."""
        return str(self._table["key"][row].as_py())

    def row(self, row: int) -> dict[str, Any]:
        """The values of a row, by column.

        Raises:
            IndexError: There is no such row.
        """
        return {name: self._table[name][row].as_py() for name in self._table.column_names}

    def column(self, name: str) -> NDArray[Any]:
        """The values of a column: numbers as they lie in memory (read-only), strings as numpy's ``StringDType``."""
        values = self._table[name]
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            return np.asarray(values.to_numpy())
        strings = np.empty(len(values), np.dtypes.StringDType())
        for start in range(0, len(values), 65536):  # a slice at a time: never as many Python strings as rows
            strings[start : start + 65536] = values[start : start + 65536].to_pylist()
        return strings

    def take(self, indices: ArrayLike) -> "Manifest":
        """These rows, in this order.

        Raises:
            DataError: A row is taken twice.
            IndexError: There is no such row.
        """
        rows = np.asarray(indices, np.int64)
        if len(rows) and (rows.min() < 0 or rows.max() >= len(self)):
            raise IndexError(f"manifest: rows {rows.min()} to {rows.max()} asked for, there are {len(self)}.")
        taken = np.zeros(len(self), bool)
        taken[rows] = True
        if np.count_nonzero(taken) != len(rows):
            raise DataError(f"manifest: {len(rows)} rows asked for, only {np.count_nonzero(taken)} of them differ.")
        return self._trusted(self._table.take(pa.array(rows)).combine_chunks())

    def with_column(self, name: str, values: ArrayLike) -> "Manifest":
        """The same rows with one column more, or with another one in its place.

        Raises:
            DataError: The column has another length; or it is ``key`` and a key occurs twice.
        """
        column = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values)
        if len(column) != len(self):
            raise DataError(f"manifest: {len(column)} values for the column {name}, expected {len(self)}.")
        if self.has(name):
            table = self._table.set_column(self._table.column_names.index(name), name, column)
        else:
            table = self._table.append_column(name, column)
        return Manifest(table) if name == "key" else self._trusted(table.combine_chunks())

    def save(self, path: Path) -> None:
        """Writes an Arrow file, whole or not at all."""
        with atomic_path(path) as temporary, pa.OSFile(str(temporary), "wb") as sink:
            with pa.ipc.new_file(sink, self._table.schema) as writer:
                writer.write_table(self._table, max_chunksize=max(1, len(self)))

    def _check_keys(self) -> None:
        keys = self._table["key"]
        if keys.null_count:
            raise DataError(f"manifest: {keys.null_count} rows have no key.")
        if is_sorted(keys):  # cheap, and the usual case
            return
        counts = pc.value_counts(keys)
        twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist()
        if twice:
            raise DataError(f"manifest: keys that occur more than once: {some(twice)}. Keep one row of each.")


def is_sorted(strings: pa.ChunkedArray) -> bool:
    """Whether each string is greater than the one before it."""
    return len(strings) < 2 or bool(pc.all(pc.less(strings[:-1], strings[1:])).as_py())


@functools.cache
def _shared_folder(process: int) -> Path:
    """A folder that ends with this process; a forked child, which runs the same exit handlers, leaves it alone."""
    folder = Path(tempfile.mkdtemp(prefix="bareface-"))
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == process else None)
    return folder
