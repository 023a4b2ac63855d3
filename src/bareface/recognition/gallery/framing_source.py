"""From a photo to the pictures of faces that are embedded."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bareface.errors import DataError
from bareface.recognition.detection.detector import Detector, Faces

Picture = NDArray[np.uint8]
Choose = Callable[[Faces, int, int], NDArray[np.int64]]
"""From the faces of a picture of so many rows and columns to the positions of those that are meant."""
Cut = Callable[[Picture, NDArray[np.float32], NDArray[np.float32]], Picture]
"""From a picture, a box and five landmarks to the picture of a face."""


@dataclass(frozen=True)
class FramedFaces:
    """What is embedded of one photo.

    Attributes:
        crops: (H, W, 3) uint8 RGB each; may be none.
        boxes: (F, 4) float32 x1, y1, x2, y2 in pixels of the photo, one a crop; may reach out of it.
        found: How many faces the photo has; more than there are crops where some are not meant.
        reason: Why there are no crops; empty where there are.
    """

    crops: list[Picture]
    boxes: NDArray[np.float32]
    found: int
    reason: str = ""


FaceSource = Callable[[Picture, str], FramedFaces]
"""From a photo and its key to its faces."""


def whole_picture(image: Picture, key: str) -> FramedFaces:
    """The picture as it is, for models whose pictures are framed already."""
    height, width = image.shape[:2]
    return FramedFaces([image], np.array([[0, 0, width, height]], np.float32), 1)


class DetectedFaces:
    """Finds faces, chooses among them, cuts them out.

    Args:
        detector: Finds.
        choose: Chooses.
        cut: Cuts out.
    """

    def __init__(self, detector: Detector, choose: Choose, cut: Cut) -> None:
        self.detector, self.choose, self.cut = detector, choose, cut

    def __call__(self, image: Picture, key: str) -> FramedFaces:
        """The faces of a photo; that there is none, or none that may be cut out, is an answer and no error."""
        faces = self.detector.detect(image, key)
        none = np.zeros((0, 4), np.float32)
        try:
            chosen = self.choose(faces, *image.shape[:2])
            crops = [self.cut(image, faces.boxes[row], faces.landmarks[row]) for row in chosen.tolist()]
        except DataError as error:
            return FramedFaces([], none, len(faces), str(error))
        return FramedFaces(crops, faces.boxes[chosen], len(faces), "" if crops else "no face found.")
