"""Pictures with masks."""

import numpy as np
import pytest
import torch

from bareface.segmentation.figures import ERROR, STRIPES, colours, comparison, errors, legend, overlay, quality, stripes

rng = np.random.default_rng(0)
IMAGE = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
TRUTH = rng.integers(0, 3, (20, 30)).astype(np.uint8)
TRUTH[:4] = 255
PREDICTION = np.where(rng.random((20, 30)) < 0.3, (TRUTH + 1) % 3, TRUTH % 3).astype(np.uint8)


def test_errors_are_red_exactly_where_the_prediction_differs_from_the_truth() -> None:
    shown = errors(IMAGE, PREDICTION, TRUTH)
    wrong = (PREDICTION != TRUTH) & (TRUTH != 255)
    assert 50 < wrong.sum() < 300
    assert np.array_equal((shown == ERROR).all(axis=2), wrong)
    elsewhere = shown[~wrong]
    assert (elsewhere == elsewhere[:, :1]).all()  # grey


def test_a_perfect_prediction_has_no_errors() -> None:
    image = np.full((4, 4, 3), (255, 0, 0), np.uint8)  # a red picture
    truth = np.ones((4, 4), np.uint8)
    assert not (errors(image, truth, truth) == ERROR).all(axis=2).any()


def test_ignored_pixels_are_striped_and_nothing_else_is() -> None:
    for shown in (overlay(IMAGE, TRUTH, 3), errors(IMAGE, PREDICTION, TRUTH)):
        assert np.array_equal(shown[:4], stripes(20, 30)[:4])
    assert set(np.unique(stripes(20, 30))) == set(STRIPES)
    assert 0.4 < (stripes(20, 30) == STRIPES[0]).mean() < 0.6


def test_the_background_stays_as_it_is_and_classes_are_mixed_in() -> None:
    shown = overlay(IMAGE, TRUTH, 3, strength=0.25)
    assert np.array_equal(shown[TRUTH == 0], IMAGE[TRUTH == 0])
    for index in (1, 2):
        expected = np.round(0.75 * IMAGE[TRUTH == index] + 0.25 * np.array(colours(3)[index]))
        assert np.array_equal(shown[TRUTH == index], expected)


def test_a_comparison_is_picture_truth_prediction_errors() -> None:
    picture, truth, prediction, wrong = comparison(IMAGE, TRUTH, PREDICTION, 3)
    assert np.array_equal(picture, IMAGE)
    assert np.array_equal(truth, overlay(IMAGE, TRUTH, 3))
    assert np.array_equal(prediction[4:], overlay(IMAGE, PREDICTION, 3)[4:])
    assert np.array_equal(prediction[:4], stripes(20, 30)[:4])
    assert np.array_equal(wrong, errors(IMAGE, PREDICTION, TRUTH))


def test_colours_differ_and_do_not_depend_on_how_many_there_are() -> None:
    many = colours(19)
    assert len(set(many)) == 19
    assert colours(3) == many[:3]
    assert ERROR not in many
    assert min(np.abs(np.subtract(one, other)).sum() for one in many for other in many if one != other) > 15


def test_the_legend_names_what_is_coloured() -> None:
    assert [name for name, _ in legend(("background", "face", "hair"), wrong=True)] == [
        "face",
        "hair",
        "ignored",
        "wrong",
    ]
    *_, (_, ignored) = legend(("background", "face"), wrong=False)
    assert np.array_equal(ignored, stripes(15, 15)), "as the figures show it"
    assert ("wrong", ERROR) not in legend(("background", "person"), wrong=False)


def test_the_quality_leaves_out_absent_classes() -> None:
    matrix = torch.tensor([[2, 1, 0], [0, 1, 0], [0, 0, 0]])
    assert quality(matrix, ("background", "face", "hair")) == "mean IoU 0.58: background 0.67, face 0.50"
    assert quality(torch.zeros(3, 3), ("background", "face", "hair")).startswith("mean IoU nan")


def test_mistakes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"picture \(20, 30, 3\) and mask \(10, 30\): expected"):
        overlay(IMAGE, TRUTH[:10], 3)
    with pytest.raises(ValueError, match=r"mask value 2: expected 0 to 1, or 255"):
        overlay(IMAGE, TRUTH, 2)
    with pytest.raises(ValueError, match=r"mask value 2: expected 0 to 1, or 255"):
        comparison(IMAGE, np.where(TRUTH == 2, 0, TRUTH), PREDICTION, 2)
