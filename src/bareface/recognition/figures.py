"""Pictures with the identity that was found, for people to look at. Arrays in, arrays and words out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

RIGHT: Colour = (0, 150, 110)
WRONG: Colour = (213, 70, 0)


class Answer(NamedTuple):
    """What a recogniser said about one picture.

    Attributes:
        label: The right identity.
        prediction: The identity with the highest score.
        confidence: Softmax share of that identity, 0 to 1.
    """

    label: int
    prediction: int
    confidence: float

    @property
    def colour(self) -> Colour:
        """Bluish green where the identity is right, vermilion where it is wrong."""
        return RIGHT if self.label == self.prediction else WRONG


def verdict(image: Picture, answer: Answer, border: int = 3) -> Picture:
    """The picture in a frame whose colour says whether the identity is right.

    Args:
        image: (H, W, 3) RGB.
        answer: What the recogniser said.
        border: Width of the frame in pixels.

    Returns:
        (H + 2 border, W + 2 border, 3) RGB.
    """
    height, width = image.shape[:2]
    framed = np.empty((height + 2 * border, width + 2 * border, 3), np.uint8)
    framed[:] = answer.colour
    framed[border : border + height, border : border + width] = image
    return framed


def words(answer: Answer, identities: Sequence[str]) -> list[tuple[str, Colour | None]]:
    """Two lines of caption with their colours: who it is, and who it was taken for, with the softmax share.

    >>> words(Answer(label=0, prediction=1, confidence=0.75), ["Ada", "Bob"])
    [('Ada', None), ('✗ Bob 75%', (213, 70, 0))]
    """
    said = "✓" if answer.label == answer.prediction else f"✗ {identities[answer.prediction]}"
    return [(identities[answer.label], None), (f"{said} {answer.confidence:.0%}", answer.colour)]
