"""A detector that says what it was told, and pictures to show it."""

import numpy as np

from bareface.recognition.detection.detector import Faces


def faces(*boxes, scores=None, landmarks=None):
    """Faces from tuples."""
    count = len(boxes)
    return Faces(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.linspace(1, 0.5, count, dtype=np.float32) if scores is None else np.array(scores, np.float32),
        np.full((count, 5, 2), np.nan, np.float32) if landmarks is None else np.array(landmarks, np.float32),
    )


class FixedDetector:
    """The brightness of a picture's first pixel says how many faces it has: 10 x 10, one below the other."""

    def detect(self, image, key=""):
        count = int(image[0, 0, 0])
        return faces(*((5, 5 + 12 * n, 15, 15 + 12 * n) for n in range(count)))
