"""Pictures with their faces marked, for people to look at."""

import cv2
import numpy as np
from numpy.typing import NDArray

from bareface.recognition.detection.detector import Faces
from bareface.recognition.figures import RIGHT, WRONG


def marked(image: NDArray[np.uint8], faces: Faces, side: int = 224) -> NDArray[np.uint8]:
    """The picture in the middle of a square, the box and the landmarks of each face drawn on it.

    Args:
        image: (H, W, 3) RGB.
        faces: In pixels of ``image``; landmarks that are NaN are not drawn.
        side: Of the square, in pixels.

    Returns:
        (side, side, 3) RGB.
    """
    scale = side / max(image.shape[:2])
    height, width = (max(1, round(length * scale)) for length in image.shape[:2])
    top, left = (side - height) // 2, (side - width) // 2
    square = np.full((side, side, 3), 255, np.uint8)
    inner = square[top : top + height, left : left + width]
    inner[:] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for box, landmarks in zip(faces.boxes * scale, faces.landmarks * scale, strict=True):
        x1, y1, x2, y2 = (round(value) for value in box.tolist())
        cv2.rectangle(inner, (x1, y1), (x2, y2), RIGHT, 2)
        for x, y in landmarks[np.isfinite(landmarks).all(1)].tolist():
            cv2.circle(inner, (round(x), round(y)), max(2, side // 50), WRONG, -1)
    return square
