"""Tables of faces as text, read a column at a time: VGGFace2's has 3.3 million lines."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from bareface.errors import DataError, some

KEY = "key"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def read_csv(path: Path, numbers: Sequence[str]) -> pa.Table:
    """The columns of a CSV file with a header; empty fields are null.

    Args:
        path: The file.
        numbers: Columns that hold numbers, as far as there are any of them.

    Raises:
        DataError: The file is unreadable, a line has another number of fields, or a field is not a number.
    """
    bad: list[str] = []

    def odd(row: Any) -> str:
        bad.append(str(row.text))
        return "skip"

    names = _header(path)
    try:
        table = arrow_csv.read_csv(
            os.fspath(path),
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(invalid_row_handler=odd),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"{path}: unreadable ({' '.join(str(error).split())}). Correct the file.") from error
    wrong = np.zeros(len(table), bool)
    for name in set(numbers) & set(table.column_names):
        text = pc.utf8_trim_whitespace(table[name])
        good = pc.fill_null(pc.match_substring_regex(text, _NUMBER), True)
        wrong |= ~np.asarray(good.to_numpy(), bool)
        kept = pc.if_else(good, text, None).cast(pa.float64())
        table = table.set_column(table.column_names.index(name), name, kept)
    bad += [str(table[0][row].as_py()) for row in np.flatnonzero(wrong).tolist()]
    if bad:
        raise DataError(f"{path}: malformed rows: {some(bad)}: expected numbers, as many as the header. Correct them.")
    return table


def read_vggface2(path: Path, landmarks: Path | None, box: Sequence[str], points: Sequence[str]) -> pa.Table | None:
    """loose_bb_*.csv as a table of faces whose keys are ``n000001/0001_01``; None if ``path`` is another file.

    Args:
        path: Has the header ``NAME_ID,X,Y,W,H``.
        landmarks: loose_landmark_*.csv, with the header ``NAME_ID,P1X,P1Y,...,P5X,P5Y``.
        box: Names for x1, y1, x2, y2.
        points: Names for the ten coordinates, in the order of the file.

    Raises:
        DataError: A file is unreadable, a row is malformed, or the two files name other pictures.
    """
    name = "NAME_ID"
    if name not in _header(path):
        return None
    found = read_csv(path, ("X", "Y", "W", "H"))
    missing = [column for column in "XYWH" if column not in found.column_names]
    if missing:
        raise DataError(f"{path}: no column {some(missing)}. Expected NAME_ID,X,Y,W,H, or key,x1,y1,x2,y2.")
    ends = pc.add(found["X"], found["W"]), pc.add(found["Y"], found["H"])
    columns = dict(zip((KEY, *box), (found[name], found["X"], found["Y"], *ends), strict=True))
    if landmarks is not None:
        source = [f"P{point}{axis}" for point in range(1, 6) for axis in "XY"]
        places = read_csv(landmarks, source)
        missing = [column for column in (name, *source) if column not in places.column_names]
        if missing:
            raise DataError(f"{landmarks}: no column {some(missing)}. Expected NAME_ID,P1X,P1Y,...,P5X,P5Y.")
        rows = pc.index_in(found[name], value_set=places[name].combine_chunks())
        if rows.null_count:
            lonely = found[name].filter(pc.is_null(rows)).to_pylist()
            raise DataError(f"{landmarks}: no landmarks of {some(lonely)}. Use the file that belongs to {path.name}.")
        columns |= {new: places[old].take(rows) for new, old in zip(points, source, strict=True)}
    return pa.table(columns)


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return [name.strip().strip('"') for name in file.readline().split(",")]
