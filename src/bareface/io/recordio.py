"""Files of records as MXNet writes them (``.rec`` with its ``.idx``), read without MXNet."""

import os
import struct
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from bareface.errors import DataError

MAGIC = 0xCED7230A
_WHOLE, _FIRST, _LAST = 0, 1, 3  # 2: a part in the middle
_FRAME = struct.Struct("<II")
_HEAD = struct.Struct("<IfQQ")
_CHUNK = 65536
_ANEW = "Get it and its index anew."


class RecordFile:
    """The records of a ``.rec`` file, each by its position in bytes.

    The file is opened when it is first read, and anew in a process that the object is sent to. A read names its
    position, so processes that share the open file do not disturb each other.

    Args:
        path: The file.

    Source: dmlc-core, recordio.h: magic, a word of 3 bits part and 29 bits length, the data, padding to 4 bytes. Data
    that holds the magic itself (at a multiple of 4) is cut there into parts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], "RecordFile"], tuple[Path]]:
        return RecordFile, (self.path,)

    @cached_property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def read(self, offset: int) -> bytes:
        """The data of the record at a position.

        Raises:
            DataError: There is no record, or the file ends before it does.
        """
        part, data, end = self._part(offset)
        if part == _WHOLE:
            return data
        if part != _FIRST:
            raise DataError(f"{self.path}: byte {offset} is inside a record, not the start of one. {_ANEW}")
        parts = [data]
        while part != _LAST:
            part, data, end = self._part(end)
            if part in (_WHOLE, _FIRST):
                raise DataError(f"{self.path}: the record at byte {offset} has no end. {_ANEW}")
            parts.append(data)
        return MAGIC.to_bytes(4, "little").join(parts)

    def end(self, offset: int) -> int:
        """Where the record (or the part of one) at a position ends, with its padding.

        Raises:
            DataError: As ``read``.
        """
        return self._part(offset)[2]

    def heads(self, offsets: NDArray[np.int64]) -> NDArray[np.float32]:
        """The first two labels of each record, without reading the pictures; NaN where a record has one or none.

        Args:
            offsets: (N,) positions.

        Returns:
            (N, 2) float32.

        Raises:
            DataError: There is no record at a position, or it is too short.
        """
        if len(offsets) and (offsets.min() < 0 or offsets.max() + _FRAME.size + _HEAD.size > self.size):
            raise DataError(self._beyond(int(offsets.min() if offsets.min() < 0 else offsets.max())))
        content = np.memmap(self.path, np.uint8, "r") if len(offsets) else np.zeros(0, np.uint8)
        labels = np.full((len(offsets), 2), np.nan, np.float32)
        for start in range(0, len(offsets), _CHUNK):
            places = offsets[start : start + _CHUNK, None] + np.arange(40)
            words = content[np.minimum(places, self.size - 1)].view("<u4")
            magic, length, count = words[:, 0], words[:, 1] & (2**29 - 1), words[:, 2].astype(np.int64)
            bad = (magic != MAGIC) | (length < _HEAD.size + 4 * np.minimum(count, 2))
            if bad.any():
                offset = int(offsets[start + int(bad.argmax())])
                raise DataError(f"{self.path}: no record of a picture at byte {offset}. {_ANEW}")
            found = words.view("<f4")
            part = labels[start : start + _CHUNK]
            part[:, 0] = np.where(count == 0, found[:, 3], found[:, 8])
            part[:, 1] = np.where(count > 1, found[:, 9], np.nan)
        return labels

    @cached_property
    def _file(self) -> IO[bytes]:
        return self.path.open("rb", buffering=0)

    def _part(self, offset: int) -> tuple[int, bytes, int]:
        """Which part of a record stands at a position, its data, and where the next one starts."""
        if offset < 0 or offset + _FRAME.size > self.size:
            raise DataError(self._beyond(offset))
        magic, word = _FRAME.unpack(os.pread(self._file.fileno(), _FRAME.size, offset))
        if magic != MAGIC:
            raise DataError(f"{self.path}: no record at byte {offset} (it starts with {magic:#010x}). {_ANEW}")
        length = word & (2**29 - 1)
        start = offset + _FRAME.size
        if start + length > self.size:
            raise DataError(self._beyond(offset))
        data = os.pread(self._file.fileno(), length, start)
        if len(data) < length:
            raise DataError(self._beyond(offset))
        return word >> 29, data, start + (length + 3) // 4 * 4

    def _beyond(self, offset: int) -> str:
        what = f"the record at byte {offset} reaches beyond the end of the file, byte {self.size}"
        return f"{self.path}: {what}. It is truncated, or the index is that of another file. {_ANEW}"


def unpack(record: bytes, name: str) -> tuple[NDArray[np.float32], bytes]:
    """Labels and content of a record that holds a picture.

    Args:
        record: As ``RecordFile.read`` gives it: MXNet's IRHeader, further labels, the file of a picture.
        name: For the message.

    Returns:
        (n,) float32 labels, n >= 1, and the bytes of the picture.

    Raises:
        DataError: The record is shorter than its labels.
    """
    if len(record) < _HEAD.size:
        raise DataError(f"{name}: {len(record)} bytes, expected at least {_HEAD.size}. {_ANEW}")
    count, label, _, _ = _HEAD.unpack_from(record)
    if count == 0:
        return np.array([label], np.float32), record[_HEAD.size :]
    end = _HEAD.size + 4 * count
    if end > len(record):
        raise DataError(f"{name}: {len(record)} bytes, expected at least {end} for {count} labels. {_ANEW}")
    return np.frombuffer(record, "<f4", count, _HEAD.size).astype(np.float32), record[end:]


def read_index(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys, increasing, and positions of an ``.idx`` file: lines of a key, a tab, and a position.

    Raises:
        DataError: The file is missing, unreadable or empty, or a key has two positions.
    """
    try:
        table = arrow_csv.read_csv(
            os.fspath(path),
            read_options=arrow_csv.ReadOptions(column_names=["key", "offset"]),
            parse_options=arrow_csv.ParseOptions(delimiter="\t"),
            convert_options=arrow_csv.ConvertOptions(column_types={"key": pa.int64(), "offset": pa.int64()}),
        )
        keys, offsets = (table[name].to_numpy() for name in ("key", "offset"))
    except (OSError, pa.ArrowInvalid) as error:
        reason = " ".join(str(error).split())
        expected = "Expected lines of a key, a tab, a byte"
        raise DataError(f"{path}: not an index of records ({reason}). {expected}.") from error
    if table["key"].null_count or table["offset"].null_count:
        raise DataError(f"{path}: lines without a key or a byte. The file is cut off, or is no index of records.")
    if not (np.diff(keys) > 0).all():
        order = np.argsort(keys, kind="stable")
        keys, offsets = keys[order], offsets[order]
        twice = keys[1:][np.diff(keys) == 0]
        if len(twice):
            raise DataError(f"{path}: key {twice[0]} has more than one line. {_ANEW}")
    return keys, offsets
