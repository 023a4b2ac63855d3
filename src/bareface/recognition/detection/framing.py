"""From a photo to the pictures of faces that a recogniser wants."""

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from bareface.data.dataset import Record
from bareface.data.face_frames import OnNoFace
from bareface.data.framing import cut
from bareface.errors import FaceError
from bareface.recognition.detection.choice import Choice, check_choice, choose
from bareface.recognition.detection.detector import Detector
from bareface.recognition.recogniser import Framing

NO_FACE = "no face found."


class FaceFramer:
    """Finds the faces of photos and cuts them out.

    Args:
        framing: The recogniser's: ``picture`` (the whole photo, no detector is asked), ``box`` or ``aligned``.
        detector: Finds; None where ``framing`` is ``picture``.
        choice: Which of several faces is meant.
        on_no_face: ``fail``: an error. ``whole``: the whole photo stands for the face.

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
        if on_no_face not in ("fail", "whole"):
            raise ValueError(f"on_no_face={on_no_face}: expected fail or whole.")
        if detector is None and framing != "picture":
            raise ValueError(f"framing={framing}: needs a detector. Set detector=haar or another one.")
        self.framing, self.detector, self.choice, self.on_no_face = framing, detector, choice, on_no_face

    def __call__(self, image: NDArray[np.uint8], key: str = "") -> list[NDArray[np.uint8]]:
        """The faces of one photo.

        Args:
            image: (H, W, 3) uint8 RGB.
            key: The picture's key, for detectors that look it up.

        Returns:
            (H', W', 3) uint8 RGB each; several with ``choice=all`` alone, never none.

        Raises:
            FaceError: There is no face, there are several where one is expected, or none can be cut out in this way.
        """
        if self.framing == "picture" or self.detector is None:
            return [image]
        try:
            faces = self.detector.detect(image, key)
            chosen = choose(faces, self.choice, *image.shape[:2])
            if not len(chosen):
                raise FaceError(NO_FACE)
            record = Record(image)
            return [cut(record, self.framing, faces.boxes[each], faces.landmarks[each]).image for each in chosen]
        except FaceError:
            if self.on_no_face == "whole":
                return [image]
            raise
