"""What every detector of faces is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Faces:
    """The faces of one picture, surest first. Coordinates are pixels; (0, 0) is the corner of the first pixel.

    Attributes:
        boxes: (K, 4) float32 x1, y1, x2, y2; may reach out of the picture.
        scores: (K,) float32, higher = surer; comparable within one detector alone.
        landmarks: (K, 5, 2) float32 x, y of left eye, right eye, nose, left and right corner of the mouth, as seen in
            the picture; NaN where the detector finds none.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    landmarks: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)


def no_faces() -> Faces:
    """What a detector says of a picture without a face."""
    return Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


class Detector(Protocol):
    """Finds faces."""

    def detect(self, image: NDArray[np.uint8], key: str = "") -> Faces:
        """Finds the faces of one picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            key: The picture's key, for detectors that look it up.

        Raises:
            FaceError: What is known of the picture cannot be true of it.
        """
