"""From photos to pictures of faces."""

import re

import numpy as np
import pytest
from recognition.detection.tiny import FixedDetector, faces

from bareface.data.framing import TEMPLATE
from bareface.errors import FaceError
from bareface.recognition.detection.framing import FaceFramer


def photo(count):
    image = np.random.default_rng(0).integers(0, 256, (120, 130, 3), dtype=np.uint8)
    image[0, 0] = count
    return image


class Aligned:
    """Says that the whole picture is a face that needs no alignment."""

    def detect(self, image, key=""):
        assert key == "a.jpg"
        return faces((0, 0, 112, 112), landmarks=[TEMPLATE])


def test_the_whole_photo_needs_no_detector():
    assert [each.tolist() for each in FaceFramer("picture")(photo(0))] == [photo(0).tolist()]


def test_a_box():
    (found,) = FaceFramer("box", FixedDetector())(photo(1))
    np.testing.assert_array_equal(found, photo(1)[4:17, 4:17])  # 13 high and wide, from 3.5 to 16.5


def test_an_aligned_face():
    (found,) = FaceFramer("aligned", Aligned())(photo(1), "a.jpg")
    np.testing.assert_array_equal(found, photo(1)[:112, :112])


def test_all_faces():
    assert len(FaceFramer("box", FixedDetector(), choice="all")(photo(3))) == 3


@pytest.mark.parametrize(
    ("options", "count", "message"),
    [
        ({"framing": "box"}, 0, "no face found."),
        ({"framing": "box", "choice": "error"}, 2, "2 faces, expected one."),
        ({"framing": "aligned"}, 1, "no landmarks, so the face cannot be aligned."),
    ],
)
def test_a_failure_is_an_error_unless_the_whole_photo_is_asked_for(options, count, message):
    with pytest.raises(FaceError, match=re.escape(message)):
        FaceFramer(**options, detector=FixedDetector())(photo(count))
    (whole,) = FaceFramer(**options, detector=FixedDetector(), on_no_face="whole")(photo(count))
    np.testing.assert_array_equal(whole, photo(count))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"framing": "crop"}, "framing=crop: expected one of picture, box, aligned."),
        ({"framing": "box"}, "framing=box: needs a detector. Set detector=haar or another one."),
        ({"framing": "picture", "choice": "first"}, "choice=first: expected one of"),
        ({"framing": "picture", "on_no_face": "skip"}, "on_no_face=skip: expected fail or whole."),
    ],
)
def test_words_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        FaceFramer(**options)
