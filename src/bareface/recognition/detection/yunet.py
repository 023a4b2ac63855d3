"""YuNet, a small network that OpenCV runs from an ONNX file."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bareface.errors import CheckpointError
from bareface.io.place import check_file
from bareface.recognition.detection.detector import Faces

SOURCES = (
    "People get face_detection_yunet_2023mar.onnx from models/face_detection_yunet/ of opencv_zoo. "
    "Put it anywhere and set detector.file."
)


class YuNet:
    """Boxes, scores in [0, 1] and five landmarks.

    Args:
        file: The .onnx file.
        least_score: Faces below are left out.
        overlap: Of two boxes that share more (intersection over union), the surer is kept.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: OpenCV cannot load it.
        ValueError: A number out of range.

    Source: Wu et al. 2023, YuNet; ``FaceDetectorYN`` of OpenCV.
    """

    def __init__(self, file: str, least_score: float = 0.7, overlap: float = 0.3) -> None:
        for name, share in (("least_score", least_score), ("overlap", overlap)):
            if not 0 <= share <= 1:
                raise ValueError(f"detector.{name}={share}: expected 0 <= {name} <= 1.")
        check_file(Path(file), f"no such file. {SOURCES}")
        self.file, self.least_score, self.overlap = file, least_score, overlap
        _network(file, least_score, overlap)

    def detect(self, image: NDArray[np.uint8], key: str = "") -> Faces:
        """Finds the faces of one picture; ``key`` is not needed."""
        network = _network(self.file, self.least_score, self.overlap)
        network.setInputSize((image.shape[1], image.shape[0]))
        _, found = network.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        # a row: x, y, width, height, then x, y of the person's right eye, left eye, nose, right and left corner of the
        # mouth, which is left to right as seen in the picture, then the score
        rows = np.zeros((0, 15), np.float32) if found is None else np.asarray(found, np.float32)
        rows = rows[np.argsort(-rows[:, 14], kind="stable")]
        boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], 1)
        return Faces(boxes, rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2))


@cache
def _network(file: str, least_score: float, overlap: float) -> cv2.FaceDetectorYN:
    """One a process: it cannot be sent to another one."""
    try:
        return cv2.FaceDetectorYN.create(file, "", (320, 320), least_score, overlap)
    except cv2.error as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{file}: not a network that OpenCV can load ({reason}). {SOURCES}") from error
