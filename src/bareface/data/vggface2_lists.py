"""The list files of VGGFace2, read a column at a time: 3.3 million lines must not be 3.3 million Python objects."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from bareface.data.folders import folders_in, pictures_in
from bareface.errors import DataError, some

_BOXES = {"name": pa.string(), "x": pa.int32(), "y": pa.int32(), "w": pa.int32(), "h": pa.int32()}


def read_list(path: Path, tree: str) -> pa.ChunkedArray:
    """Names like ``n000001/0001_01.jpg`` of a list file, with or without ``train/`` before them, sorted.

    Raises:
        DataError: The file is unreadable, or a line is not such a name.
    """
    names = _csv(path, {"name": pa.string()}, delimiter="\t", skip=0)["name"]
    names = pc.utf8_trim_whitespace(names)
    if pc.any(pc.starts_with(names, f"{tree}/")).as_py():
        names = pc.replace_substring_regex(names, f"^{tree}/", "")
    good = pc.match_substring_regex(names, r"^n\d{6}/[^/]+\.(?i:jpe?g|png)$")
    if not pc.all(good).as_py():
        bad = names.filter(pc.invert(good)).to_pylist()
        raise DataError(f"{path}: lines that are not like n000001/0001_01.jpg: {some(bad)}. Correct the file.")
    return names


def walk(tree: Path) -> pa.ChunkedArray:
    """Names of the pictures in the identity folders of a tree."""
    found = [pa.array([], pa.string())]
    for identity in folders_in(tree):
        found.append(pa.array([f"{identity}/{name}" for name in pictures_in(tree / identity)[0]], pa.string()))
    return pa.chunked_array(found)


def encode(names: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """Position of each name's identity among the identities, sorted, and these."""
    folders = pc.replace_substring_regex(names, "/.*", "") if len(names) else names
    encoded = folders.dictionary_encode().combine_chunks()
    encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    identities = encoded.dictionary.to_pylist()
    order = sorted(range(len(identities)), key=identities.__getitem__)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[encoded.indices.to_numpy()], [identities[position] for position in order]


def read_boxes(path: Path, names: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    """The columns x, y, w, h of loose_bb_*.csv, in the order of ``names``.

    Raises:
        DataError: The file is missing or unreadable, or pictures have no box.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file. Take it from bb_landmark/ of VGGFace2, or set data.crop=none.")
    with path.open(encoding="utf-8", errors="replace") as file:
        header = file.readline().upper().lstrip('"\ufeff').startswith("NAME_ID")
    boxes = _csv(path, _BOXES, delimiter=",", skip=int(header))
    stems = pc.replace_substring_regex(names, r"\.[^./]*$", "")
    if len(stems) != len(boxes) or not pc.all(pc.equal(stems, boxes["name"])).as_py():
        boxes = boxes.filter(pc.is_in(boxes["name"], value_set=stems))  # few, where a sample of the pictures is used
        positions = pc.index_in(stems, value_set=boxes["name"].combine_chunks())
        if positions.null_count:
            missing = stems.filter(pc.is_null(positions)).to_pylist()
            raise DataError(f"{path}: no box of {some(missing)}. Use the file that belongs to these pictures.")
        boxes = boxes.take(positions)
    return {column: boxes[column] for column in "xywh"}


def _csv(path: Path, columns: dict[str, Any], delimiter: str, skip: int) -> pa.Table:
    try:
        return arrow_csv.read_csv(
            os.fspath(path),
            read_options=arrow_csv.ReadOptions(column_names=list(columns), skip_rows=skip),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter),
            convert_options=arrow_csv.ConvertOptions(column_types=columns),
        )
    except (OSError, pa.ArrowInvalid) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: unreadable ({reason}). Use the published file.") from error
