import numpy as np
import pytest

from bareface.data.rle import decode, fill_polygon, fill_runs, unpack
from data.trees.coco_person import packed, runs


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("5", [5]),
        ("d0", [20]),  # 20 = 10100: the fifth bit would be a sign, so a digit 0 follows
        ("o0", [31]),
        ("P1", [32]),
        ("05", [0, 5]),  # a mask that begins with the object
        ("5d07M", [5, 20, 7, 17]),  # 17 - 20 = -3 = M
        ("5d07MP1", [5, 20, 7, 17, 39]),  # 39 - 7 = 32
        ("PP<", [12 * 1024]),
    ],
)
def test_packed_run_lengths_worked_out_by_hand(text, counts):
    assert unpack(text).tolist() == counts
    assert packed(counts) == text


def test_packing_and_unpacking_agree():
    rng = np.random.default_rng(0)
    for _ in range(20):
        counts = rng.integers(0, 3000, 50).tolist()
        assert unpack(packed(counts)).tolist() == counts
    mask = rng.random((40, 30)) < 0.5
    np.testing.assert_array_equal(fill_runs(np.array(runs(mask)), 40, 30), mask)


@pytest.mark.parametrize("text", ["", "P", "5 7", "5\u00fe"])
def test_packed_run_lengths_that_are_wrong(text):
    with pytest.raises(
        ValueError, match=r"packed run lengths .*: expected characters of 0 to o that end with a number"
    ):
        unpack(text)


def test_a_number_without_end():
    with pytest.raises(ValueError, match="a number of more than 60 bits"):
        unpack("P" * 20 + "1")


def test_runs_go_down_the_columns_and_begin_outside():
    mask = fill_runs(np.array([2, 3, 1]), 2, 3)
    assert mask.astype(int).tolist() == [[0, 1, 1], [0, 1, 0]]
    assert fill_runs(np.array([0, 6]), 2, 3).all() and not fill_runs(np.array([6]), 2, 3).any()
    with pytest.raises(ValueError, match=r"run lengths of 5 pixels, expected 2 x 3 = 6\."):
        fill_runs(np.array([2, 3]), 2, 3)
    with pytest.raises(ValueError, match=r"run lengths of 6 pixels"):
        fill_runs(np.array([7, -1]), 2, 3)


def test_polygons_cover_the_pixels_whose_centre_is_inside():
    assert fill_polygon([1, 1, 3, 1, 3, 3, 1, 3], 4, 4).astype(int).tolist() == [
        [0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0],
    ]  # fmt: skip
    triangle = fill_polygon([0, 0, 4, 0, 0, 4], 4, 4)  # centres on the slope x + y = 4 count as outside
    assert triangle.astype(int).tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    backwards = fill_polygon([0, 4, 4, 0, 0, 0], 4, 4)
    np.testing.assert_array_equal(triangle, backwards)
    bow_tie = fill_polygon([0, 0, 4, 4, 4, 0, 0, 4], 4, 4)  # two triangles that touch in the middle
    assert bow_tie.astype(int).tolist() == [[0, 0, 0, 1], [1, 0, 1, 1], [1, 0, 1, 1], [0, 0, 0, 1]]


def test_polygons_that_reach_beyond_the_picture_or_cover_nothing():
    assert fill_polygon([-5, -5, 9, -5, 9, 9, -5, 9], 3, 4).all()
    assert fill_polygon([2, -5, 9, -5, 9, 9, 2, 9], 3, 4).astype(int).tolist() == [[0, 0, 1, 1]] * 3
    assert not fill_polygon([10, 10, 12, 10, 12, 12], 3, 4).any()
    assert not fill_polygon([1.1, 1.1, 1.2, 1.1, 1.2, 1.2], 3, 4).any()
    assert not fill_polygon([0, 1, 2, 1, 4, 1], 3, 4).any()


def test_areas_of_polygons():
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    points = np.stack([50.3 + 30 * np.cos(angle), 40.7 + 20 * np.sin(angle)], axis=1).ravel().tolist()
    mask = fill_polygon(points, 80, 100)
    assert mask.sum() == pytest.approx(np.pi * 30 * 20, rel=0.01)
    rows, columns = np.nonzero(mask)
    assert rows.mean() + 0.5 == pytest.approx(40.7, abs=0.05) and columns.mean() + 0.5 == pytest.approx(50.3, abs=0.05)


def test_decode():
    square = [[0, 0, 1, 0, 1, 2, 0, 2], [2, 0, 3, 0, 3, 1, 2, 1]]
    assert decode(square, 2, 3).astype(int).tolist() == [[1, 0, 1], [1, 0, 0]]
    expected = [[0, 1, 1], [0, 1, 0]]
    assert decode({"size": [2, 3], "counts": [2, 3, 1]}, 2, 3).astype(int).tolist() == expected
    assert decode({"size": [2, 3], "counts": "231"}, 2, 3).astype(int).tolist() == expected
    assert not decode([], 2, 3).any()


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        (None, r"segmentation 'None': expected polygons or run lengths\."),
        ({"size": [2, 3]}, r"segmentation .*: expected polygons or run lengths\."),
        ({"size": [3, 2], "counts": [6]}, r"run lengths of size \[3, 2\], expected \[2, 3\]\."),
        ([[1, 2, 3, 4]], r"polygon \[1, 2, 3, 4\]: expected at least three points x, y\."),
        ([1, 2, 3, 4, 5, 6], r"polygon 1: expected at least three points x, y\."),
    ],
)
def test_segmentations_that_are_wrong(segmentation, message):
    with pytest.raises(ValueError, match=message):
        decode(segmentation, 2, 3)
