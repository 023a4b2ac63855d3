"""Tables of faces: where they are in the pictures of a data set, one row a face or a picture without one."""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bareface.data.faces_csv import KEY, read_csv, read_vggface2
from bareface.errors import DataError, some
from bareface.io.place import check_file

BOX = ("x1", "y1", "x2", "y2")
POINTS = tuple(
    f"{place}_{axis}" for place in ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth") for axis in "xy"
)
SCHEMA = pa.schema(
    [
        (KEY, pa.string()),
        *((name, pa.float32()) for name in (*BOX, "score", *POINTS)),
        *((name, pa.int32()) for name in ("height", "width", "faces")),
        ("reason", pa.string()),
    ]
)
"""Of the table that ``bareface detect`` writes. ``height`` and ``width`` are the picture's, ``faces`` is how many were
found in it; ``reason`` says why there is no box. Other tables need ``key`` and the box alone."""


class FaceTable:
    """Faces by the key of their picture.

    Args:
        table: The columns of ``SCHEMA``; more than one row of a key are several faces.
        name: Of the file, for messages.
        stems: Keys are the last folder and the stem (``n000001/0001_01``), as in the files of VGGFace2.
        header: Lines of the file above its first row, for messages that name lines; 0: rows are counted.

    Raises:
        DataError: A row has no key, a part of a box only, a box without area, or a part of the landmarks only.
    """

    def __init__(self, table: pa.Table, name: str, stems: bool = False, header: int = 0) -> None:
        self.name, self.stems = name, stems
        box, points = _numbers(table, BOX), _numbers(table, POINTS)
        known = np.isfinite(box)
        bad = known.any(1) & ~((box[:, 2] > box[:, 0]) & (box[:, 3] > box[:, 1]))  # false where one is not a number
        bad |= np.isinf(box).any(1) | np.isinf(points).any(1)
        bad |= np.isfinite(points).any(1) & ~(np.isfinite(points).all(1) & known.all(1))
        bad |= ~np.asarray(pc.fill_null(pc.greater(pc.utf8_length(table[KEY]), 0), False).to_numpy(), bool)
        if bad.any():
            places = np.flatnonzero(bad).tolist()
            shown = some([f"{row + 1 + header} ({table[KEY][row].as_py()})" for row in places])
            rule = "a NAME_ID, W > 0, H > 0" if stems else "a key, x1 < x2, y1 < y2"
            what = f"malformed {'lines' if header else 'rows'}: {shown}"
            raise DataError(f"{name}: {what}: expected {rule}, and five landmarks or none. Correct the file.")
        order = pc.sort_indices(table[KEY]) if len(table) else pa.array([], pa.int64())
        rows = np.asarray(order.to_numpy(), np.int64)
        self.keys = table[KEY].take(order).combine_chunks() if len(table) else pa.array([], pa.string())
        self.boxes, self.landmarks = box[rows], points[rows].reshape(-1, 5, 2)
        self.scores = table["score"].to_numpy().astype(np.float32)[rows]
        self.reasons = table["reason"].take(order).combine_chunks() if len(table) else pa.array([], pa.string())
        sizes = [pc.fill_null(table[side], -1).to_numpy() for side in ("height", "width")]
        self.sizes = np.stack(sizes, 1).astype(np.int32)[rows]

    def __len__(self) -> int:
        return len(self.boxes)

    @cached_property
    def has_face(self) -> NDArray[np.bool_]:
        """Which rows are faces."""
        return np.isfinite(self.boxes[:, 0])

    def plain(self, key: str) -> str:
        """What the table calls the picture of a key."""
        if not self.stems:
            return key
        folders, _, name = key.rpartition("/")
        return f"{folders.rpartition('/')[2]}/{os.path.splitext(name)[0]}"

    def rows(self, key: str) -> slice:
        """The rows of one picture; none where the table does not know it. A search in the sorted keys."""
        wanted = self.plain(key)
        return slice(self._first(wanted, strict=False), self._first(wanted, strict=True))

    def positions(self, keys: pa.ChunkedArray) -> pa.Array:
        """The first row of each key, null where the table has none."""
        if self.stems:
            keys = pc.replace_substring_regex(keys, r"^(?:.*/)?([^/]+/[^/]+?)(?:\.[^./]*)?$", r"\1")
        found = pc.index_in(keys, value_set=self.keys)
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found

    def _first(self, key: str, strict: bool) -> int:
        """The first row whose key is not before ``key``; or that is after it."""
        low, high = 0, len(self.keys)
        wanted = key.encode()  # Arrow sorts bytes
        while low < high:
            middle = (low + high) // 2
            found = self.keys[middle].as_py().encode()
            if found < wanted or (strict and found == wanted):
                low = middle + 1
            else:
                high = middle
        return low


def read_faces(path: Path, landmarks: Path | None = None) -> FaceTable:
    """Reads a table of faces.

    Args:
        path: What ``bareface detect`` wrote; a Parquet or CSV file with the columns ``key``, ``x1``, ``y1``, ``x2``,
            ``y2`` and perhaps ``score`` (1 where it is missing) and the ten of ``POINTS``; or loose_bb_*.csv.
        landmarks: loose_landmark_*.csv, where ``path`` is a loose_bb_*.csv.

    Raises:
        FileNotFoundError: A file is missing.
        DataError: The file is unreadable, columns are missing, or rows are malformed.
    """
    for file in (path, landmarks):
        if file is not None:
            remedy = "Write one with bareface detect, or take loose_bb_*.csv from bb_landmark/ of VGGFace2."
            check_file(file, f"no such table of faces. {remedy}")
    if path.suffix.lower() == ".parquet":
        table, stems = _read_parquet(path), False
    else:
        numbers = [field.name for field in SCHEMA if field.name not in (KEY, "reason")]
        found = read_vggface2(path, landmarks, BOX, POINTS)
        table, stems = (read_csv(path, numbers), False) if found is None else (found, True)
    if landmarks is not None and not stems:
        raise DataError(f"{landmarks}: only loose_bb_*.csv has landmarks in another file. Leave it out.")
    missing = [name for name in (KEY, *BOX) if name not in table.column_names]
    if missing:
        forms = "key, x1, y1, x2, y2 and what else there is, or NAME_ID, X, Y, W, H as in VGGFace2's loose_bb_*.csv"
        raise DataError(f"{path}: no column {some(missing)}. Expected {forms}.")
    columns = {}
    for field in SCHEMA:
        if field.name in table.column_names:
            columns[field.name] = table[field.name]
        else:
            empty = pa.scalar(1.0 if field.name == "score" else None, field.type)
            columns[field.name] = pa.repeat(empty, len(table))
    try:
        return FaceTable(pa.table(columns).cast(SCHEMA), str(path), stems, int(path.suffix.lower() != ".parquet"))
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{path}: columns of other types ({' '.join(str(error).split())}). Correct the file."
        ) from error


def _numbers(table: pa.Table, names: Sequence[str]) -> NDArray[np.float32]:
    """(N, columns), NaN where a column has no value."""
    numbers = np.empty((len(table), len(names)), np.float32)
    for position, name in enumerate(names):
        numbers[:, position] = table[name].to_numpy()
    return numbers


def _read_parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a Parquet file ({reason}). Write it again with bareface detect.") from error
