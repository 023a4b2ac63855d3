"""Marked pictures."""

import numpy as np
from recognition.detection.tiny import faces

from bareface.recognition.detection.figures import marked
from bareface.recognition.figures import RIGHT, WRONG


def test_boxes_and_landmarks_lie_where_they_are():
    """50 x 100 doubled is 100 x 200, in the middle of 200 x 200: 50 pixels of white above."""
    image = np.full((50, 100, 3), 90, np.uint8)
    points = np.full((5, 2), np.nan)
    points[2] = 50, 25
    found = marked(image, faces((10, 5, 60, 45), landmarks=[points]), side=200)
    assert (found[:49] == 255).all() and tuple(found[50 + 10, 20]) == RIGHT and tuple(found[50 + 90, 120]) == RIGHT
    assert tuple(found[50 + 50, 100]) == WRONG and tuple(found[50 + 50, 60]) == (90, 90, 90)


def test_landmarks_are_large_enough_to_be_seen():
    """A disc of radius 4, about 50 pixels, in a tile of 224."""
    points = np.full((5, 2), np.nan)
    points[0] = 112, 112
    found = marked(np.full((224, 224, 3), 90, np.uint8), faces((10, 10, 200, 200), landmarks=[points]))
    assert 40 <= (found == WRONG).all(2).sum() <= 70


def test_a_face_that_reaches_out_of_the_picture():
    found = marked(np.full((50, 100, 3), 90, np.uint8), faces((-20, -20, 60, 45)), side=200)
    assert (found[:50] == 255).all() and tuple(found[100, 120]) == RIGHT
