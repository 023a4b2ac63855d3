"""From a photo to the pictures of faces that a recogniser wants."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from bareface.data.crop import reaches_out
from bareface.data.dataset import Record
from bareface.data.face_frames import OnNoFace
from bareface.data.framing import cut
from bareface.errors import FaceError
from bareface.recognition.detection.choice import Choice, check_choice, choose
from bareface.recognition.detection.detector import Detector, no_faces
from bareface.recognition.recogniser import Framing

NO_FACE = "no face found."


@dataclass(frozen=True)
class FramedFaces:
    """What a recogniser looks at of one photo.

    Attributes:
        crops: (H, W, 3) uint8 RGB each; may be none.
        boxes: (F, 4) float32 x1, y1, x2, y2 in pixels of the photo, one a crop; may reach out of it.
        found: How many faces the photo has; more than there are crops where some are not meant.
        reason: Why there is no face; empty where there is. With a reason, a crop is the whole photo in its place.
        cut_off: How many of the crops would have reached out of the photo: of the box made larger by 0.3.
    """

    crops: list[NDArray[np.uint8]]
    boxes: NDArray[np.float32]
    found: int
    reason: str = ""
    cut_off: int = 0


FaceSource = Callable[[NDArray[np.uint8], str], FramedFaces]
"""From a photo and its key to its faces; a ``FaceFramer``."""


class FaceFramer:
    """Finds the faces of photos and cuts them out.

    Args:
        framing: The recogniser's: ``picture`` (the whole photo, no detector is asked), ``box`` or ``aligned``.
        detector: Finds; None where ``framing`` is ``picture``.
        choice: Which of several faces is meant.
        on_no_face: ``fail``: there are no crops. ``whole``: the whole photo stands for the face.

    Raises:
        ValueError: A word that is not known, or no detector where one is needed.
    """

    def __init__(
        self,
        framing: Framing,
        detector: Detector | None = None,
        choice: Choice = "largest",
        on_no_face: OnNoFace = "fail",
    ) -> None:
        check_choice(choice)
        if framing not in get_args(Framing):
            raise ValueError(f"framing={framing}: expected one of {', '.join(get_args(Framing))}.")
        if on_no_face not in get_args(OnNoFace):
            raise ValueError(f"on_no_face={on_no_face}: expected fail or whole.")
        if detector is None and framing != "picture":
            raise ValueError(f"framing={framing}: needs a detector. Set detector=haar or another one.")
        self.framing, self.detector, self.choice, self.on_no_face = framing, detector, choice, on_no_face

    def __call__(self, image: NDArray[np.uint8], key: str = "") -> FramedFaces:
        """The faces of one photo; that there is none, or none that can be cut out, is an answer and no error.

        Args:
            image: (H, W, 3) uint8 RGB.
            key: The picture's key, for detectors that look it up.
        """
        height, width = image.shape[:2]
        whole = np.array([[0, 0, width, height]], np.float32)
        if self.framing == "picture" or self.detector is None:
            return FramedFaces([image], whole, 1)
        faces = no_faces()
        try:
            faces = self.detector.detect(image, key)
            chosen = choose(faces, self.choice, height, width)
            if not len(chosen):
                raise FaceError(NO_FACE)
            boxes, record = faces.boxes[chosen], Record(image)
            pairs = zip(boxes, faces.landmarks[chosen], strict=True)
            crops = [cut(record, self.framing, box, landmarks).image for box, landmarks in pairs]
        except FaceError as error:
            if self.on_no_face == "whole":
                return FramedFaces([image], whole, len(faces), str(error))
            return FramedFaces([], whole[:0], len(faces), str(error))
        cut_off = sum(reaches_out((x1, y1, x2 - x1, y2 - y1), height, width) for x1, y1, x2, y2 in boxes.tolist())
        return FramedFaces(crops, boxes, len(faces), cut_off=cut_off)
