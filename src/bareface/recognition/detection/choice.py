"""Which of several faces is meant."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bareface.errors import FaceError
from bareface.recognition.detection.detector import Faces

Choice = Literal["largest", "central", "all", "error"]


def check_choice(choice: str) -> None:
    """Refuses a word that is not known.

    Raises:
        ValueError: No such choice.
    """
    if choice not in get_args(Choice):
        raise ValueError(f"choice={choice}: expected one of {', '.join(get_args(Choice))}.")


def choose(faces: Faces, choice: Choice, height: int, width: int) -> NDArray[np.int64]:
    """The faces that are meant, as positions in ``faces``; of equal ones the surer, which comes first there.

    Args:
        faces: Of one picture; may be none.
        choice: ``largest``: of the largest box. ``central``: whose centre has the least |dx| + |dy| to that of the
            picture, as VGGFace2 was evaluated. ``all``: every one. ``error``: the only one.
        height: Of the picture.
        width: Of the picture.

    Returns:
        (0,) without faces; (1,); or (K,) for ``all``.

    Raises:
        ValueError: No such choice.
        FaceError: There are several and the choice is ``error``.
    """
    check_choice(choice)
    if choice == "error" and len(faces) > 1:
        raise FaceError(f"{len(faces)} faces, expected one. Crop the picture, or set choice=largest or central.")
    if choice == "all" or len(faces) <= 1:
        return np.arange(len(faces))
    x1, y1, x2, y2 = faces.boxes.T.astype(np.float64)
    if choice == "largest":
        return np.array([((x2 - x1) * (y2 - y1)).argmax()])
    return np.array([(abs((x1 + x2) / 2 - width / 2) + abs((y1 + y2) / 2 - height / 2)).argmin()])
