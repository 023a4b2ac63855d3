"""Faces cut out of photos."""

import re

import cv2
import numpy as np
import pytest

from bareface.data.dataset import Record
from bareface.data.framing import TEMPLATE, aligned, boxed, cut, similarity
from bareface.errors import FaceError

SQUARE = np.array([[0, 0], [2, 0], [2, 2], [0, 2]], float)


def applied(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


def test_a_similarity_worked_out_by_hand():
    """(1, 0) and (-1, 0) to (4, 7) and (4, 3): a quarter turn, twice as large, then 4 right and 5 down."""
    found = similarity([(1, 0), (-1, 0)], [(4, 7), (4, 3)])
    np.testing.assert_allclose(found, [[0, -2, 4], [2, 0, 5]], atol=1e-12)


def test_least_squares_by_hand():
    """The corner (2, 2) of a square moves by (4, 0), the others stay. Seen from the centre it lies at (1, 1), and the
    four lie 8 from it in all, squared: so 1 + 4 * 1 / 8 along, 4 * -1 / 8 across, and the centre moves by 4 / 4."""
    found = similarity(SQUARE, SQUARE + np.array([[0, 0], [0, 0], [4, 0], [0, 0]]))
    np.testing.assert_allclose(found[:, :2], [[1.5, 0.5], [-0.5, 1.5]], atol=1e-12)
    np.testing.assert_allclose(applied(found, np.array([[1.0, 1.0]])), [[2, 1]], atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_what_was_done_to_points_is_recovered(seed):
    rng = np.random.default_rng(seed)
    angle, scale, shift = rng.uniform(-np.pi, np.pi), rng.uniform(0.1, 9), rng.uniform(-500, 500, 2)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = rng.uniform(0, 300, (5, 2))
    found = similarity(points, points @ turn.T + shift)
    np.testing.assert_allclose(found, np.column_stack([turn, shift]), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_noisy_points_agree_with_umeyama_by_singular_values(seed):
    rng = np.random.default_rng(seed)
    source, target = rng.uniform(0, 100, (2, 5, 2))
    a, b = source - source.mean(0), target - target.mean(0)
    u, d, vt = np.linalg.svd(b.T @ a / 5)
    signs = np.array([1, np.sign(np.linalg.det(u) * np.linalg.det(vt))])  # never mirrored
    linear = (d * signs).sum() / a.var(0).sum() * u @ np.diag(signs) @ vt
    expected = np.column_stack([linear, target.mean(0) - linear @ source.mean(0)])
    np.testing.assert_allclose(similarity(source, target), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("points", [np.ones((5, 2)), np.full((5, 2), np.nan)])
def test_points_that_say_nothing(points):
    with pytest.raises(ValueError, match=r"landmarks \[\[.*\]\]: expected numbers, and not one point alone\."):
        similarity(points, TEMPLATE)


def photo(height=200, width=160):
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (height, width, 3), dtype=np.uint8), (0, 0), 3)
    mask = (np.indices((height, width)).sum(0) % 3).astype(np.uint8)
    return Record(image, mask)


def test_a_face_that_lies_as_the_template_wants_it_is_a_crop():
    record = photo()
    found = aligned(record, TEMPLATE + np.array([20, 30]))
    assert found.image.shape == (112, 112, 3)
    np.testing.assert_array_equal(found.image, record.image[30:142, 20:132])
    np.testing.assert_array_equal(found.mask, record.mask[30:142, 20:132])


def test_what_lies_outside_of_the_photo_is_black_and_ignored():
    record = photo()
    found = aligned(record, TEMPLATE - np.array([50, 0]))
    np.testing.assert_array_equal(found.image[:, 50:], record.image[:112, :62])
    assert not found.image[:, :50].any() and (found.mask[:, :50] == 255).all()


def test_a_turned_face_is_set_upright():
    """A quarter turn of the photo about its corner: (x, y) goes to (y, H - 1 - x) of what rot90 gives."""
    record = photo(160, 160)
    turned = Record(np.ascontiguousarray(np.rot90(record.image)))
    x, y = (TEMPLATE + np.array([20, 30])).T
    found = aligned(turned, np.column_stack([y, 159 - x]))
    np.testing.assert_allclose(found.image, record.image[30:142, 20:132], atol=1)


def test_the_box_is_made_larger_and_clipped():
    record = photo()
    found = boxed(record, (60, 80, 130, 180))  # 130 high, 113.75 wide, centred at (95, 130)
    np.testing.assert_array_equal(found.image, record.image[65:195, 38:152])
    np.testing.assert_array_equal(found.mask, record.mask[65:195, 38:152])
    np.testing.assert_array_equal(cut(record, "box", (-20, -10, 50, 90), None).image, record.image[:105, :72])


@pytest.mark.parametrize(
    ("box", "message"),
    [((5, 5, 5, 9), "expected a width and a height above 0."), ((500, 5, 510, 9), "lies outside of its picture")],
)
def test_a_box_that_cannot_be_cut_out(box, message):
    with pytest.raises(FaceError, match=re.escape(message)):
        boxed(photo(), box)


def test_a_face_without_landmarks_cannot_be_aligned():
    with pytest.raises(FaceError, match=r"no landmarks, so the face cannot be aligned\. Detect with one that finds"):
        cut(photo(), "aligned", (5, 5, 50, 50), np.full((5, 2), np.nan))
    with pytest.raises(FaceError, match="not one point alone"):
        aligned(photo(), np.ones((5, 2)))
