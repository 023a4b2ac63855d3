"""OpenCV's cascade, on drawn faces."""

import pickle
import re

import numpy as np
import pytest

from bareface.data.synthetic.renderer import Renderer
from bareface.recognition.detection.haar import HaarCascade


@pytest.fixture(scope="module")
def photos():
    renderer = Renderer(seed=0)
    return [renderer.render(person, 0) for person in (0, 3, 6, 7, 8, 10)]  # a cascade does not take every drawing


def inside(photo, box):
    """Whether the centre of the drawn face lies in a box of about its size."""
    x, y, width, height = photo.box
    x1, y1, x2, y2 = box
    return x1 < x + width / 2 < x2 and y1 < y + height / 2 < y2 and 0.5 < (x2 - x1) / width < 2


def test_it_finds_drawn_faces_where_they_are(photos):
    found = [HaarCascade().detect(photo.image) for photo in photos]
    assert all(len(each) == 1 and inside(photo, each.boxes[0]) for photo, each in zip(photos, found, strict=True))
    assert all(np.isnan(each.landmarks).all() and each.landmarks.shape == (len(each), 5, 2) for each in found)


def test_two_faces_surest_first(photos):
    both = np.concatenate([photo.image for photo in photos], 1)
    found = HaarCascade().detect(both)
    assert len(found) >= 2 and (np.diff(found.scores) <= 0).all()
    assert found.boxes.dtype == found.scores.dtype == np.float32


def test_nothing_in_noise():
    noise = np.random.default_rng(0).integers(0, 256, (120, 120, 3), dtype=np.uint8)
    found = HaarCascade().detect(noise)
    assert len(found) == 0 and found.boxes.shape == (0, 4) and found.landmarks.shape == (0, 5, 2)


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 300, 3)])
def test_pictures_smaller_than_a_face(shape):
    assert len(HaarCascade().detect(np.zeros(shape, np.uint8))) == 0


def test_the_smallest_face_is_a_share_of_the_picture(photos):
    photo = next(photo for photo in photos if len(HaarCascade().detect(photo.image)))
    assert len(HaarCascade(least=0.95).detect(photo.image)) == 0


def test_fewer_neighbours_find_more(photos):
    both = np.concatenate([photo.image for photo in photos], 1)
    assert len(HaarCascade(neighbours=1).detect(both)) > len(HaarCascade(neighbours=30).detect(both))


def test_it_can_be_sent_to_another_process(photos):
    detector = pickle.loads(pickle.dumps(HaarCascade(scale=1.1)))
    np.testing.assert_array_equal(
        detector.detect(photos[0].image).boxes, HaarCascade(scale=1.1).detect(photos[0].image).boxes
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 1.0}, "detector.scale=1.0: expected more than 1."),
        ({"neighbours": 0}, "detector.neighbours=0: expected at least 1."),
        ({"least": 1.5}, "detector.least=1.5: expected a share, 0 <= least <= 1."),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        HaarCascade(**options)
