"""Mattes that were made before, one a photo: found by key, mapped from disk, never all of them in memory."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bareface.errors import DataError
from bareface.io.atomic import atomic_path

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("height", pa.int32()),
        ("width", pa.int32()),
        ("colour", pa.list_(pa.float32(), 3)),
        ("kept", pa.float32()),
        ("matte", pa.binary()),
        ("reason", pa.string()),
    ]
)
"""``height``, ``width`` and ``colour`` (the mean, on the canvas) are the photo's, as it was cut for the recogniser;
``kept`` is the share of it that the matte keeps; ``matte`` is a grey PNG of the photo's part of the canvas, null where
there is none for the ``reason`` given."""
CARD = "card.json"
ALIKE = 1.0
"""Grey values by which the mean colours of one photo may differ: decoders round differently."""


@dataclass(frozen=True)
class MatteCard:
    """What mattes were made of.

    Attributes:
        source: ``segmenter`` or ``mask``.
        segmenter: Fingerprint of the segmenter; None for ``mask``.
        foreground: Classes that are kept, joined by ``+``.
        matte: What became of the scores: the arguments of ``Matte``.
        canvas: Side in pixels of the square that photos were letterboxed to.
        faces: SHA-256 of the table of faces that photos were cut by; None: whole photos.
        framing: How they were cut; None: whole photos.
        root: Where the photos lay. Told, not compared.
        version: Of this format.
    """

    source: str
    segmenter: str | None
    foreground: str
    matte: Mapping[str, Any]
    canvas: int
    faces: str | None
    framing: str | None
    root: str
    version: int = 1

    def differences(self, other: "MatteCard") -> list[str]:
        """Names of what differs, the place of the photos left aside."""
        mine, theirs = asdict(self), asdict(other)
        return [name for name in mine if name != "root" and mine[name] != theirs[name]]

    def save(self, path: Path) -> None:
        """Writes it, whole or not at all."""
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


class MatteCache:
    """A folder that ``MatteWriter`` wrote. Pickling it sends the folder's name.

    Args:
        folder: The folder.

    Raises:
        FileNotFoundError: There is no such folder, or nothing of this kind in it.
        DataError: A file of it is damaged, or of another version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = read_card(folder)

    def __reduce__(self) -> tuple[Callable[[Path], "MatteCache"], tuple[Path]]:
        return MatteCache, (self.folder,)

    @cached_property
    def table(self) -> pa.Table:
        """All rows, mapped: a row is read when it is asked for."""
        return pa.concat_tables([SCHEMA.empty_table(), *(_mapped(path) for path in parts(self.folder))])

    def positions(self, keys: pa.ChunkedArray) -> pa.Array:
        """The row of each key, null where there is none."""
        found = pc.index_in(keys, value_set=self.table["key"])
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found

    def matte(self, row: int) -> NDArray[np.uint8] | None:
        """(h, w) uint8, 255 = foreground, on the photo's part of its canvas; None where there is none.

        Raises:
            DataError: It is damaged.
        """
        stored = self.table["matte"][row]
        if not stored.is_valid:
            return None
        matte = cv2.imdecode(np.frombuffer(stored.as_buffer(), np.uint8), cv2.IMREAD_GRAYSCALE)
        if matte is None:
            key = self.table["key"][row].as_py()
            raise DataError(f"{self.folder}: the matte of {key} is damaged. Run bareface mattes into another folder.")
        return np.asarray(matte, np.uint8)

    def value(self, name: str, row: int) -> Any:
        """One value of a row."""
        return self.table[name][row].as_py()

    def is_photo(self, row: int, size: tuple[int, ...], colour: NDArray[np.floating[Any]]) -> bool:
        """Whether a photo is the one that the matte of a row was made of, by its height and width and mean colour."""
        known = np.asarray(self.value("colour", row), np.float64)
        same = size == (self.value("height", row), self.value("width", row))
        return same and bool((np.abs(known - colour) <= ALIKE).all())


def parts(folder: Path) -> list[Path]:
    """The files of a cache that hold mattes, in the order in which they were written."""
    return sorted(folder.glob("[0-9]*.arrow"))


def read_card(folder: Path) -> MatteCard:
    """What the mattes of a folder were made of. Errors as those of ``MatteCache``."""
    path = folder / CARD
    if not path.is_file():
        raise FileNotFoundError(f"{folder}: no mattes there ({CARD} is missing). Make them with bareface mattes.")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["version"] != 1:
            raise DataError(
                f"{path}: version {values['version']}, expected 1. Run bareface mattes into another folder."
            )
        return MatteCard(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: not what bareface mattes writes. Run it into another folder.") from error


def _mapped(path: Path) -> pa.Table:
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(
            f"{path}: damaged. Remove it and run bareface mattes again; it makes what is missing."
        ) from error
    if table.schema != SCHEMA:
        raise DataError(f"{path}: other columns than mattes have. Remove it and run bareface mattes again.")
    return table
