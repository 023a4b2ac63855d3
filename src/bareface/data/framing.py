"""How a face is cut out of a photo: the box around it, or five landmarks moved to their places in a template."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from bareface.data.crop import tight_crop
from bareface.data.dataset import Record
from bareface.data.mask import IGNORE
from bareface.errors import FaceError

FaceFraming = Literal["box", "aligned"]
ALIGNED = 112
"""Height and width of an aligned face in pixels."""

TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
"""x, y of left eye, right eye, nose, left and right corner of the mouth in an aligned face."""


def similarity(source: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """The rotation, scale and shift that bring points nearest to others, in the sense of least squares; no mirroring.

    Args:
        source: (N, 2) x, y.
        target: (N, 2) x, y.

    Returns:
        (2, 3): a point p goes to M[:, :2] p + M[:, 2].

    Raises:
        ValueError: A coordinate is not a number, or the source points coincide.

    Source: Umeyama 1991, equations 40 to 42; in the plane, with points as complex numbers, it is one regression.

    >>> similarity([(0, 0), (1, 0)], [(5, 5), (5, 7)]).round(6).tolist()  # a quarter turn, twice as large
    [[0.0, -2.0, 5.0], [2.0, 0.0, 5.0]]
    """
    before, after = (np.asarray(points, np.float64) @ [1, 1j] for points in (source, target))
    centred = before - before.mean()
    spread = float((abs(centred) ** 2).sum())
    if not spread > 0 or not np.isfinite(spread) or not np.isfinite(after).all():
        raise ValueError(f"landmarks {np.asarray(source).tolist()}: expected numbers, and not one point alone.")
    turn = (centred.conj() * after).sum() / spread  # scale x rotation
    shift = after.mean() - turn * before.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def boxed(record: Record, box: ArrayLike) -> Record:
    """The detected box made larger by 0.3, as ``tight_crop`` says, clipped at the border of the picture.

    Args:
        record: A photo and perhaps its mask.
        box: x1, y1, x2, y2 in pixels; may reach out of the picture.

    Raises:
        FaceError: The box has no area, or does not meet the picture.
    """
    x1, y1, x2, y2 = np.asarray(box, np.float64).tolist()
    try:
        top, left, bottom, right = tight_crop((x1, y1, x2 - x1, y2 - y1), *record.image.shape[:2])
    except ValueError as error:
        raise FaceError(str(error)) from error
    mask = None if record.mask is None else record.mask[top:bottom, left:right]
    return Record(record.image[top:bottom, left:right], mask)


def aligned(record: Record, landmarks: ArrayLike) -> Record:
    """The face with its landmarks where ``TEMPLATE`` has them, 112 x 112; what lies outside of the picture is black.

    Coordinates are taken as OpenCV takes them, (0, 0) being the centre of the first pixel, because that is what the
    published networks were trained on. Pixels are interpolated linearly, those of a mask not at all; a mask is ignored
    outside of its picture.

    Args:
        record: A photo and perhaps its mask.
        landmarks: (5, 2) x, y in the order of ``TEMPLATE``.

    Raises:
        FaceError: There are no landmarks, or they coincide.

    Source: the alignment of insightface (norm_crop).
    """
    if not np.isfinite(np.asarray(landmarks, np.float64)).all():
        raise FaceError("no landmarks, so the face cannot be aligned. Detect with one that finds them, such as mtcnn.")
    try:
        matrix = similarity(landmarks, TEMPLATE)
    except ValueError as error:
        raise FaceError(str(error)) from error
    size = (ALIGNED, ALIGNED)
    image = np.asarray(cv2.warpAffine(record.image, matrix, size, flags=cv2.INTER_LINEAR, borderValue=0), np.uint8)
    if record.mask is None:
        return Record(image)
    mask = cv2.warpAffine(record.mask, matrix, size, flags=cv2.INTER_NEAREST, borderValue=IGNORE)
    return Record(image, np.asarray(mask, np.uint8))


def cut(record: Record, framing: FaceFraming, box: ArrayLike, landmarks: ArrayLike) -> Record:
    """Cuts one face out of a photo in the way that is named.

    Raises:
        FaceError: It cannot be cut out in that way.
    """
    return boxed(record, box) if framing == "box" else aligned(record, landmarks)
