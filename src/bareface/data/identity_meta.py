"""identity_meta.csv of VGGFace2, as published and as it circulates."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bareface.errors import DataError, some

ROWS, TRAIN_ROWS, TRAIN_PICTURES, TEST_PICTURES = 9131, 8631, 3_141_890, 169_396
"""What the published file adds up to."""

_ID = re.compile(r"n\d{6}")


@dataclass(frozen=True)
class IdentityMeta:
    """Who is in VGGFace2; one entry an identity, sorted by id.

    Attributes:
        ids: Folder names, ``n000001``.
        names: Names of the people, blanks as underscores.
        samples: (N,) int32 number of pictures; -1 where the copy lost it.
        train: (N,) bool, the identity is in the train tree; else in the test tree.
        genders: ``m`` or ``f``.
        warnings: What was odd about the file, one line each.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    samples: NDArray[np.int32]
    train: NDArray[np.bool_]
    genders: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes 0..8630 of the released networks: the train identities in this order."""
        return tuple(name for name, train in zip(self.ids, self.train, strict=True) if train)


def read_identity_meta(path: Path) -> IdentityMeta:
    """Reads the file in its published form and in the forms that re-saving has given it.

    Read are: a header or none, LF or CRLF, blanks after commas, names in quotes (19 hold a comma), quotes doubled and
    shifted by a spreadsheet, a comma at the end of the line, and lines that lost their number of pictures.

    Raises:
        DataError: A line cannot be read, or an identity has two.
    """
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    rows: dict[str, tuple[str, int, bool, str]] = {}
    lost = 0
    for position, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or (position == 1 and line.strip('" ').lower().startswith("class_id")):
            continue
        fields = _fields(line)
        if fields is None:
            expected = 'expected n000001, "Name", 424, 0, m'
            raise DataError(f"{path}: line {position} is {line.strip()!r}, {expected}. Correct the line.")
        name_id, name, samples, flag, gender = fields
        if name_id in rows:
            raise DataError(f"{path}: line {position} is the second one of {name_id}. Remove one.")
        lost += not samples
        rows[name_id] = (name, int(samples) if samples else -1, flag == "1", gender)
    ids = tuple(sorted(rows))
    names, samples_, train, genders = zip(*(rows[name_id] for name_id in ids), strict=True) if ids else ((),) * 4
    meta = IdentityMeta(ids, names, np.array(samples_, np.int32), np.array(train, bool), genders, ())
    return IdentityMeta(ids, names, meta.samples, meta.train, genders, tuple(_oddities(path, meta, lost)))


def _fields(line: str) -> tuple[str, str, str, str, str] | None:
    """id, name, number of pictures (empty where it was lost), flag, gender."""
    cells = [cell.strip().strip('"').strip() for cell in next(csv.reader([line], skipinitialspace=True))]
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) < 4 or not _ID.fullmatch(cells[0]) or cells[-1] not in ("m", "f") or cells[-2] not in ("0", "1"):
        return None
    if len(cells) == 4:
        return cells[0], cells[1], "", cells[2], cells[3]
    if not cells[-3].isdecimal():
        return None
    return cells[0], ",".join(cells[1:-3]), cells[-3], cells[-2], cells[-1]  # an unquoted name may hold commas


def _oddities(path: Path, meta: IdentityMeta, lost: int) -> list[str]:
    odd = []
    if (len(meta.ids), int(meta.train.sum())) != (ROWS, TRAIN_ROWS):
        found = f"{len(meta.ids)} identities, {meta.train.sum()} of them for training"
        odd.append(f"{path}: {found}; the published file has {ROWS} and {TRAIN_ROWS}.")
    if lost:
        odd.append(f"{path}: {lost} lines have lost their number of pictures. The published file has all.")
    sums = tuple(int(meta.samples[meta.train == flag].sum()) for flag in (True, False))
    if not lost and len(meta.ids) == ROWS and sums != (TRAIN_PICTURES, TEST_PICTURES):
        found = f"{sums[0]} train and {sums[1]} test pictures"
        odd.append(f"{path}: {found}; the published file has {TRAIN_PICTURES} and {TEST_PICTURES}.")
    unreadable = [name_id for name_id, name in zip(meta.ids, meta.names, strict=True) if "\ufffd" in name]
    if unreadable:
        odd.append(f"{path}: names that are not UTF-8: {some(unreadable)}.")
    return odd
