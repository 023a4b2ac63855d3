"""From photos to pictures of faces."""

import re

import numpy as np
import pytest
from recognition.detection.tiny import FixedDetector, faces

from bareface.data.framing import TEMPLATE
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
    found = FaceFramer("picture")(photo(0))
    assert [each.tolist() for each in found.crops] == [photo(0).tolist()]
    assert found.boxes.tolist() == [[0, 0, 130, 120]] and (found.found, found.reason, found.cut_off) == (1, "", 0)


def test_a_box():
    found = FaceFramer("box", FixedDetector())(photo(1))
    (crop,) = found.crops
    np.testing.assert_array_equal(crop, photo(1)[4:17, 4:17])  # 13 high and wide, from 3.5 to 16.5
    assert found.boxes.tolist() == [[5, 5, 15, 15]] and (found.found, found.reason, found.cut_off) == (1, "", 0)


def test_an_aligned_face():
    found = FaceFramer("aligned", Aligned())(photo(1), "a.jpg")
    np.testing.assert_array_equal(found.crops[0], photo(1)[:112, :112])


def test_all_faces():
    found = FaceFramer("box", FixedDetector(), choice="all")(photo(3))
    assert len(found.crops) == found.found == 3 and found.boxes[:, 1].tolist() == [5, 17, 29]


def test_faces_that_are_not_meant_are_counted():
    found = FaceFramer("box", FixedDetector())(photo(3))
    assert found.boxes.tolist() == [[5, 5, 15, 15]] and found.found == 3


class NearTheBorder:
    """A face of 10 x 10 that is 1 pixel from the border, one across it, and one in the middle."""

    def detect(self, image, key=""):
        return faces((1, 50, 11, 60), (125, 50, 135, 60), (50, 50, 60, 60))


def test_faces_of_which_the_border_takes_a_part_are_counted():
    found = FaceFramer("box", NearTheBorder(), choice="all")(photo(0))
    assert [crop.shape[:2] for crop in found.crops] == [(13, 13), (13, 6), (13, 13)]
    assert found.cut_off == 1  # 1 - 1.5 is rounded to 0: nothing is missing there
    assert FaceFramer("box", NearTheBorder())(photo(0)).cut_off == 0


@pytest.mark.parametrize(
    ("options", "count", "reason"),
    [
        ({"framing": "box"}, 0, "no face found."),
        ({"framing": "box", "choice": "error"}, 2, "2 faces, expected one."),
        ({"framing": "aligned"}, 1, "no landmarks, so the face cannot be aligned."),
    ],
)
def test_a_failure_has_a_reason_and_the_whole_photo_is_taken_where_that_is_asked(options, count, reason):
    found = FaceFramer(**options, detector=FixedDetector())(photo(count))
    assert found.crops == [] and found.boxes.shape == (0, 4) and found.found == count
    assert found.reason.startswith(reason)
    found = FaceFramer(**options, detector=FixedDetector(), on_no_face="whole")(photo(count))
    np.testing.assert_array_equal(found.crops, [photo(count)])
    assert found.boxes.tolist() == [[0, 0, 130, 120]] and found.found == count
    assert found.reason.startswith(reason) and found.cut_off == 0


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
