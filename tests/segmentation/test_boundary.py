"""Outlines: values worked out by hand, and the reference implementations."""

import math

import cv2
import numpy as np
import pytest
import torch
from monai.metrics import compute_hausdorff_distance
from numpy.typing import NDArray
from torch import Tensor

from bareface.segmentation.boundary import boundary_counts, hausdorff95


def square(top: int, left: int, side: int, size: int = 20) -> Tensor:
    mask = torch.zeros(1, size, size, dtype=torch.long)
    mask[:, top : top + side, left : left + side] = 1
    return mask


def blobs(seed: int, height: int = 60, width: int = 47, classes: int = 3) -> Tensor:
    noise = np.random.default_rng(seed).normal(size=(classes, height, width)).astype(np.float32)
    smooth = np.stack([cv2.GaussianBlur(layer, (0, 0), 4) for layer in noise])
    return torch.from_numpy(smooth.argmax(0))[None]


def test_a_square_beside_a_square_by_hand() -> None:
    # 20 x 20: diagonal 28.3, so the band is 1 pixel wide: 20 pixels of a square of 6
    counts = boundary_counts(square(5, 5, 6), square(5, 6, 6), 2)[0, 1]
    # both rings share the columns 6 to 10 of their upper and lower sides, and nothing of the others
    assert counts.tolist() == [10, 30]


@pytest.mark.parametrize(("height", "width"), [(211, 300), (60, 47)])  # widths of 7.3 and 1.5 pixels
def test_the_band_is_as_wide_as_the_reference_makes_it(height: int, width: int) -> None:
    def reference(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        width = max(1, round(0.02 * math.hypot(*mask.shape)))
        padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width)
        return mask - eroded[1:-1, 1:-1]

    prediction, truth = (blobs(seed, height, width) for seed in (1, 2))
    counts = boundary_counts(prediction, truth, 3)[0]
    for index in range(3):
        bands = [reference((mask[0] == index).numpy().astype(np.uint8)) for mask in (prediction, truth)]
        assert counts[index].tolist() == [(bands[0] & bands[1]).sum(), (bands[0] | bands[1]).sum()]


def test_a_perfect_outline_is_one_and_moves_down_faster_than_iou() -> None:
    truth = square(2, 2, 16)
    assert (boundary_counts(truth, truth, 2)[..., 0] == boundary_counts(truth, truth, 2)[..., 1]).all()
    moved = square(2, 3, 16)
    shared, either = boundary_counts(moved, truth, 2)[0, 1].tolist()
    assert shared / either < (15 * 16) / (17 * 16)


def test_what_is_ignored_makes_no_outline() -> None:
    truth, prediction = square(5, 5, 8), square(5, 5, 8)
    truth[:, :, 9:] = 255
    counts = boundary_counts(prediction, truth, 2)[0, 1]
    assert counts.tolist() == [4 + 8 + 4 - 2] * 2, "three sides; none along the ignored half"
    assert hausdorff95(prediction, truth, 2).tolist() == [[0, 0]]


def test_a_class_that_touches_nothing_but_ignored_pixels_has_no_outline_to_measure() -> None:
    truth = torch.full((1, 60, 60), 255)
    truth[0, 20:40, 20:40] = 2
    prediction = torch.full((1, 60, 60), 2)
    assert boundary_counts(prediction, truth, 3).tolist() == [[[0, 0]] * 3]
    assert hausdorff95(prediction, truth, 3).isnan().all()
    prediction[0, 30, 30] = 0  # one of 400 pixels: background is found where there is none, hair cannot be said
    found = hausdorff95(prediction, truth, 3)[0]
    assert found[0] == pytest.approx(60 * math.sqrt(2)) and found[1:].isnan().all()
    assert boundary_counts(prediction, truth, 3)[0].tolist() == [[0, 1], [0, 0], [0, 0]]


def test_a_prediction_that_fills_what_is_counted_has_no_outline_either() -> None:
    truth = torch.full((1, 60, 60), 255)
    truth[0, 20:40, 20:30], truth[0, 20:40, 30:40] = 1, 2
    prediction = torch.full((1, 60, 60), 1)
    assert hausdorff95(prediction, truth, 3)[0, 1].isnan()
    # the diagonal is 84.9, so the band of hair, which was not found, is 2 wide: 20 x 2 pixels
    assert boundary_counts(prediction, truth, 3)[0].tolist() == [[0, 0], [0, 0], [0, 40]]


def test_what_is_predicted_where_nothing_counts_is_not_predicted() -> None:
    truth, prediction = square(5, 5, 8), square(5, 5, 8)
    truth[0, 15:, :], prediction[0, 16:, :] = 255, 2
    assert hausdorff95(prediction, truth, 3)[0, 2].isnan()
    assert boundary_counts(prediction, truth, 3)[0, 2].tolist() == [0, 0]


def test_two_squares_three_pixels_apart() -> None:
    # moved by 3: the far column of 8 pixels (of an outline of 28) is 3 away, and 95 % lie within that
    assert hausdorff95(square(5, 5, 8), square(5, 8, 8), 2)[0, 1] == 3


def test_the_distance_leaves_the_worst_twentieth_out() -> None:
    truth = square(5, 5, 10)  # an outline of 36 pixels
    prediction = truth.clone()
    prediction[0, 1, 1] = 1  # one stray pixel, a 37th: below 5 %
    assert hausdorff95(prediction, truth, 2)[0, 1] == 0
    prediction[0, 0:3, 0:3] = 1
    assert hausdorff95(prediction, truth, 2)[0, 1] > 3


def test_a_missing_class_counts_as_the_diagonal_and_an_absent_one_not_at_all() -> None:
    nothing = torch.zeros(1, 20, 20, dtype=torch.long)
    found = hausdorff95(nothing, square(5, 5, 6), 3)[0]
    assert found[1] == pytest.approx(math.hypot(20, 20)) and found[2].isnan()
    assert hausdorff95(square(5, 5, 6), nothing, 3)[0, 1] == pytest.approx(math.hypot(20, 20))


@pytest.mark.parametrize("seed", range(4))
def test_the_distance_is_monais(seed: int) -> None:
    prediction, truth = blobs(seed), blobs(seed + 10)
    hot = [torch.nn.functional.one_hot(mask, 3).movedim(-1, 1) for mask in (prediction, truth)]
    theirs = compute_hausdorff_distance(*hot, include_background=True, percentile=95)
    torch.testing.assert_close(hausdorff95(prediction, truth, 3), theirs.double(), atol=1e-4, rtol=0)
