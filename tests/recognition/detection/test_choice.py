"""Which of several faces."""

import pytest
from recognition.detection.tiny import faces

from bareface.errors import FaceError
from bareface.recognition.detection.choice import choose

# areas 100, 400, 150; centres (5, 5), (80, 90), (47.5, 55): in 100 x 100, 90, 70 and 7.5 away
THREE = faces((0, 0, 10, 10), (70, 80, 90, 100), (40, 45, 55, 65))


@pytest.mark.parametrize(("choice", "expected"), [("largest", [1]), ("central", [2]), ("all", [0, 1, 2])])
def test_three_faces(choice, expected):
    assert choose(THREE, choice, 100, 100).tolist() == expected


def test_the_middle_is_that_of_the_picture():
    assert choose(THREE, "central", height=10, width=10).tolist() == [0]
    # along the sides, not as the crow flies: 6 + 6 = 12 is further than 0 + 11
    assert choose(faces((55, 55, 57, 57), (49, 60, 51, 62)), "central", 100, 100).tolist() == [1]


@pytest.mark.parametrize("choice", ["largest", "central"])
def test_of_equal_faces_the_surer(choice):
    assert choose(faces((10, 40, 30, 60), (70, 40, 90, 60)), choice, 100, 100).tolist() == [0]


@pytest.mark.parametrize("choice", ["largest", "central", "all", "error"])
def test_one_face_and_none(choice):
    assert choose(faces((1, 1, 2, 2)), choice, 9, 9).tolist() == [0]
    assert choose(faces(), choice, 9, 9).tolist() == []


def test_several_where_one_is_expected():
    with pytest.raises(FaceError, match=r"3 faces, expected one\. Crop the picture, or set choice=largest or"):
        choose(THREE, "error", 100, 100)


def test_a_choice_that_is_not_known():
    with pytest.raises(ValueError, match=r"choice=biggest: expected one of largest, central, all, error\."):
        choose(THREE, "biggest", 100, 100)
