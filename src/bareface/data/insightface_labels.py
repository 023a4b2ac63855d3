"""Which records of an insightface training set are pictures, and whom they show."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bareface.errors import DataError
from bareface.io.recordio import RecordFile

log = logging.getLogger(__name__)

EXACT = 2**24
"""A float32, in which labels are stored, does not hold every whole number above it."""


@dataclass(frozen=True)
class PictureRecords:
    """The records that are pictures, by key.

    Attributes:
        keys: (N,) int64, increasing.
        offsets: (N,) int64 positions in bytes.
        labels: (N,) int32.
        warnings: One line each.
    """

    keys: NDArray[np.int64]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int32]
    warnings: list[str] = field(default_factory=list)


def picture_records(records: RecordFile, keys: NDArray[np.int64], offsets: NDArray[np.int64]) -> PictureRecords:
    """Tells pictures from the records that describe identities, and labels them.

    Record 0 of two labels, ``[first, last)``, is a header: pictures are 1 to first - 1, and records first to last - 1
    say each which pictures, ``[a, b)``, one identity has. The label of these is read in a and in b - 1 alone.

    Args:
        records: The file.
        keys: (N,) increasing.
        offsets: (N,) positions of these records.

    Raises:
        DataError: A record is not where the index says, a picture of the header is not in the index, or a label is
            no class number.
    """
    header = records.heads(offsets[:1])[0] if keys[0] == 0 else np.full(2, np.nan, np.float32)
    if np.isnan(header[1]):
        return PictureRecords(keys, offsets, _whole(records, records.heads(offsets)[:, 0]))
    first, last = (int(value) if value >= 1 else 0 for value in header.tolist())
    if first > EXACT:
        first = _first_entry(records, keys, offsets, first)
    pictures = slice(*np.searchsorted(keys, [1, first]).tolist())
    found = keys[pictures]
    if len(found) != max(first - 1, 0) or not len(found):
        what = f"{len(found)} of the {max(first - 1, 0)} pictures that record 0 tells of"
        raise DataError(f"{records.path}: its index has {what}. It is truncated, or that of another file. Get it anew.")
    entries = slice(*np.searchsorted(keys, [first, max(first, last)]).tolist())
    offsets_found = offsets[pictures]
    labels = _by_ranges(records, offsets_found, records.heads(offsets[entries]))
    warnings = []
    if labels is None:
        warnings.append(f"{records.path}: the ranges of identities do not fit; every picture's own label was read.")
        log.warning(warnings[0])
        labels = records.heads(offsets_found)[:, 0]
    return PictureRecords(found, offsets_found, _whole(records, labels), warnings)


def read_property(path: Path) -> int | None:
    """Number of classes in a ``property`` file, ``classes,height,width``; None where there is no file.

    Raises:
        DataError: It is not like that.
    """
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    cells = [cell.strip() for cell in text.split(",")]
    if len(cells) != 3 or not all(cell.isdecimal() for cell in cells) or not 0 < int(cells[0]) <= EXACT:
        raise DataError(f"{path}: {text[:80]!r}, expected classes,height,width like 85742,112,112. Correct the file.")
    return int(cells[0])


def _first_entry(records: RecordFile, keys: NDArray[np.int64], offsets: NDArray[np.int64], about: int) -> int:
    """Key of the first record of an identity, whose range starts at picture 1; it is near the one that is told."""
    near = slice(*np.searchsorted(keys, [about - 4, about + 5]).tolist())
    entries = np.flatnonzero(records.heads(offsets[near])[:, 0] == 1)
    ranges = records.heads(offsets[near])[entries]
    entries = entries[ranges[:, 1] > 1]
    return int(keys[near][entries[0]]) if len(entries) else about


def _by_ranges(
    records: RecordFile, offsets: NDArray[np.int64], ranges: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    """The label of each picture 1, 2, ...; None where the ranges do not divide the pictures or contradict labels."""
    if not len(ranges) or not np.isfinite(ranges).all():
        return None
    bounds = ranges.astype(np.int64)
    bounds = bounds[bounds[:, 0] < bounds[:, 1]]
    bounds = bounds[np.argsort(bounds[:, 0])]
    starts, ends = bounds[:, 0], bounds[:, 1]
    if not len(bounds) or starts[0] != 1 or ends[-1] != len(offsets) + 1 or (starts[1:] != ends[:-1]).any():
        return None
    labels = records.heads(offsets[starts - 1])[:, 0]
    if (labels != records.heads(offsets[ends - 2])[:, 0]).any() or len(np.unique(labels)) < len(labels):
        return None
    return np.repeat(labels, ends - starts)


def _whole(records: RecordFile, labels: NDArray[np.float32]) -> NDArray[np.int32]:
    good = (labels >= 0) & (labels < 2**24) & (labels == np.floor(labels))  # NaN is none of these
    if not good.all():
        raise DataError(f"{records.path}: label {labels[~good][0]}, expected a class number. Get it anew.")
    return labels.astype(np.int32)
