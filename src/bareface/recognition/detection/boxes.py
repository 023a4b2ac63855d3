"""Faces that somebody found before."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bareface.data.faces import FaceTable, read_faces
from bareface.errors import FaceError
from bareface.recognition.detection.detector import Faces


class BoxesFromFile:
    """Looks the faces of a picture up by its key.

    Args:
        file: A table of faces: see ``bareface.data.faces.read_faces``.
        landmarks: loose_landmark_*.csv of VGGFace2, where ``file`` is its loose_bb_*.csv and landmarks are wanted.

    Raises:
        FileNotFoundError: A file is missing.
        DataError: A file is not such a table.
    """

    def __init__(self, file: str, landmarks: str | None = None) -> None:
        self.file, self.landmarks = file, landmarks
        _ = self.table  # a wrong file is told before anything is done

    @cached_property
    def table(self) -> FaceTable:
        """What the file holds."""
        return read_faces(Path(self.file), None if self.landmarks is None else Path(self.landmarks))

    def __reduce__(self) -> tuple[Callable[..., "BoxesFromFile"], tuple[str, str | None]]:
        return BoxesFromFile, (self.file, self.landmarks)  # another process reads the file instead of being sent it

    def detect(self, image: NDArray[np.uint8], key: str = "") -> Faces:
        """The faces of the picture called ``key``; its pixels are not looked at, its size is.

        Raises:
            FaceError: The file does not name the picture; or a box lies outside of it: the row is wrong, or of another
                picture.
        """
        rows = self.table.rows(key)
        if rows.start == rows.stop:
            raise FaceError(f"no row in {self.file}.")
        known = self.table.has_face[rows]
        scores = self.table.scores[rows][known]
        order = np.argsort(-scores, kind="stable")
        boxes, landmarks = self.table.boxes[rows][known], self.table.landmarks[rows][known]
        height, width = image.shape[:2]
        outside = (boxes[:, 2:] <= 0).any(1) | (boxes[:, :2] >= (width, height)).any(1)
        if outside.any():
            shown = [round(float(value), 2) for value in boxes[outside][0]]
            rule = f"box {shown} lies outside of the picture of {height} x {width}"
            raise FaceError(f"{rule}. Correct its row in {self.file}.")
        return Faces(boxes[order], scores[order], landmarks[order])
