"""Writes a cache of mattes in parts that appear whole, and goes on where an earlier run ended."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bareface.data.matte_cache import CARD, SCHEMA, MatteCache, MatteCard, parts, read_card
from bareface.errors import DataError, some
from bareface.io.atomic import atomic_path

PART = 2048
"""Photos a file. What a crash can cost, and how many files 3.3 million photos are: 1600."""


class MatteWriter:
    """Adds mattes to a folder. What was written by the time of an error or of Ctrl-C is kept.

    Args:
        folder: A new or empty one, or one of mattes of the same card.
        card: What the mattes are made of.

    Raises:
        FileExistsError: There is something else in the folder.
        DataError: Its mattes were made of something else; or it is damaged.
    """

    def __init__(self, folder: Path, card: MatteCard) -> None:
        self.folder = folder
        self._rows: list[dict[str, Any]] = []
        if (folder / CARD).is_file():
            odd = card.differences(read_card(folder))
            if odd:
                remedy = "Give out another folder, or the same options"
                raise DataError(f"out={folder}: its mattes were made with another {some(odd)}. {remedy}.")
        elif folder.is_dir() and any(folder.iterdir()):
            raise FileExistsError(f"out={folder}: there is something else in it. Give a new folder.")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            card.save(folder / CARD)
        self.before = MatteCache(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()

    def add(self, key: str, photo: NDArray[np.uint8], size: tuple[int, int], matte: NDArray[np.uint8]) -> None:
        """Adds a matte.

        Args:
            key: Of the photo.
            photo: (h, w, 3) uint8, the photo's part of its canvas.
            size: Height and width of the photo as it was read.
            matte: (h, w) uint8, 255 = foreground.
        """
        ok, stored = cv2.imencode(".png", matte, [cv2.IMWRITE_PNG_COMPRESSION, 3])
        if not ok:
            raise DataError(f"{key}: its matte of {matte.shape} cannot be written as PNG.")
        height, width = size
        about = {"key": key, "height": height, "width": width, "colour": mean_colour(photo)}
        self._take(about | {"kept": float(matte.mean()) / 255, "matte": stored.tobytes(), "reason": None})

    def add_without(self, key: str, reason: str) -> None:
        """Adds a photo that has no matte, and why."""
        self._take({"key": key, "reason": reason})

    def _take(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) == PART:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        written = parts(self.folder)
        number = int(written[-1].stem) + 1 if written else 0
        with atomic_path(self.folder / f"{number:06d}.arrow") as path, pa.OSFile(str(path), "wb") as sink:
            with pa.ipc.new_file(sink, SCHEMA) as file:
                file.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
        self._rows.clear()


def mean_colour(photo: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(3,) mean red, green, blue of an (h, w, 3) picture."""
    return np.asarray(cv2.mean(np.ascontiguousarray(photo))[:3])
