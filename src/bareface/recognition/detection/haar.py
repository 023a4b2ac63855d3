"""OpenCV's Haar cascade of frontal faces. It comes with OpenCV, so it needs no file."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bareface.recognition.detection.detector import Faces

_CASCADE = "haarcascade_frontalface_alt.xml"


class HaarCascade:
    """Upright frontal faces; no landmarks. Scores are the sum of the last stage of the cascade.

    Args:
        scale: From one size of face that is looked for to the next.
        neighbours: How many overlapping windows make a face; fewer find more, and more that is none.
        least: Side of the smallest face that is looked for, as a share of the picture's shorter side.

    Raises:
        ValueError: A number out of range.

    Source: Viola and Jones 2001, Lienhart and Maydt 2002; ``haarcascade_frontalface_alt`` of OpenCV.
    """

    def __init__(self, scale: float = 1.05, neighbours: int = 3, least: float = 0.1) -> None:
        if scale <= 1:
            raise ValueError(f"detector.scale={scale}: expected more than 1.")
        if neighbours < 1:
            raise ValueError(f"detector.neighbours={neighbours}: expected at least 1.")
        if not 0 <= least <= 1:
            raise ValueError(f"detector.least={least}: expected a share, 0 <= least <= 1.")
        self.scale, self.neighbours, self.least = scale, neighbours, least

    def detect(self, image: NDArray[np.uint8], key: str = "") -> Faces:
        """Finds the faces of one picture; ``key`` is not needed."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        side = round(self.least * min(grey.shape))
        found, _, weights = _cascade().detectMultiScale3(
            grey, self.scale, self.neighbours, minSize=(side, side), outputRejectLevels=True
        )
        boxes = np.asarray(found, np.float32).reshape(-1, 4)
        scores = np.asarray(weights, np.float32).reshape(-1)
        boxes[:, 2:] += boxes[:, :2]
        order = np.argsort(-scores, kind="stable")
        return Faces(boxes[order], scores[order], np.full((len(order), 5, 2), np.nan, np.float32))


@cache
def _cascade() -> cv2.CascadeClassifier:
    """One a process: it cannot be sent to another one."""
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / _CASCADE))
