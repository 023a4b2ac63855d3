"""Writes what was found: a table of faces, and the list of the pictures without one."""

import csv
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bareface.data.faces import BOX, POINTS, SCHEMA
from bareface.io.atomic import atomic_path
from bareface.recognition.detection.search import Found

_GROUP = 4096


class FacesWriter:
    """``faces.parquet`` with a row a face and a row a picture without one, ``failures.csv`` with key and reason.

    Both appear when the block ends well; the columns are those of ``bareface.data.faces.SCHEMA``.

    Args:
        folder: Where they go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: list[dict[str, Any]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            faces = stack.enter_context(atomic_path(self.folder / "faces.parquet"))
            self._writer = stack.enter_context(pq.ParquetWriter(faces, SCHEMA))
            path = stack.enter_context(atomic_path(self.folder / "failures.csv"))
            self._failures = csv.writer(stack.enter_context(path.open("w", encoding="utf-8", newline="")))
            self._failures.writerow(("key", "reason"))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()
        self._stack.__exit__(kind, error, trace)

    def write(self, found: Found) -> None:
        """Adds a picture."""
        height, width = (None, None) if found.size is None else found.size
        about = {"key": found.key, "height": height, "width": width, "faces": found.count, "reason": found.reason}
        if found.reason is not None:
            self._failures.writerow((found.key, found.reason))
            self._rows.append(about)
        for box, score, landmarks in zip(found.faces.boxes, found.faces.scores, found.faces.landmarks, strict=True):
            row: dict[str, Any] = about | dict(zip(BOX, box.tolist(), strict=True)) | {"score": float(score)}
            if np.isfinite(landmarks).all():
                row |= dict(zip(POINTS, landmarks.ravel().tolist(), strict=True))
            self._rows.append(row)
        if len(self._rows) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
        self._rows.clear()
