"""Pictures with the identity that was found."""

import numpy as np
import pytest

from bareface.recognition.figures import RIGHT, WRONG, Answer, verdict, words

IMAGE = np.random.default_rng(0).integers(0, 200, (10, 8, 3), dtype=np.uint8)
NAMES = ("Ada", "Bob", "Cleo")


@pytest.mark.parametrize(("prediction", "colour"), [(1, RIGHT), (2, WRONG)])
def test_the_frame_says_whether_it_is_right(prediction: int, colour: tuple[int, int, int]) -> None:
    framed = verdict(IMAGE, Answer(1, prediction, 0.9), border=2)
    assert framed.shape == (14, 12, 3)
    assert np.array_equal(framed[2:-2, 2:-2], IMAGE)
    inside = np.zeros((14, 12), bool)
    inside[2:-2, 2:-2] = True
    assert (framed[~inside] == colour).all()


def test_the_caption_names_the_identity_and_whom_it_was_taken_for() -> None:
    assert words(Answer(0, 0, 0.974), NAMES) == [("Ada", None), ("✓ 97%", RIGHT)]
    assert words(Answer(0, 2, 0.5), NAMES) == [("Ada", None), ("✗ Cleo 50%", WRONG)]
