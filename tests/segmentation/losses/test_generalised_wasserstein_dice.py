"""Computed by MONAI: these values pin what we rely on."""

import re
from functools import partial

import pytest
import torch

from bareface.segmentation.losses.generalised_wasserstein_dice import GeneralisedWassersteinDiceLoss

from .contract import LossContract, example, row, sure

NEAR = [[0.0, 1.0, 1.0], [1.0, 0.0, 0.5], [1.0, 0.5, 0.0]]
FAR = [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]


class TestGeneralisedWassersteinDiceLoss(LossContract):
    loss = partial(GeneralisedWassersteinDiceLoss, distance=NEAR)


def test_hair_taken_for_face_is_half_an_error() -> None:
    # true 0 1 2, found 0 1 1: d = 0 0 1/2; T = 1 + 1/2, E = 1/2: 1 - 3 / (3 + 1/2)
    loss = GeneralisedWassersteinDiceLoss(NEAR)(sure(row(0, 1, 1)), row(0, 1, 2))
    assert loss.item() == pytest.approx(1 - 3 / 3.5, rel=1e-4)


def test_hair_taken_for_background_is_a_whole_one() -> None:
    # d = 0 0 1; T = 1, E = 1: 1 - 2 / 3
    loss = GeneralisedWassersteinDiceLoss(NEAR)(sure(row(0, 1, 0)), row(0, 1, 2))
    assert loss.item() == pytest.approx(1 / 3, rel=1e-4)


def test_undecided_between_all() -> None:
    # p = 1/3: truth background d = 2/3, truth face d = 1/3 + 1/6 = 1/2: T = 1/2, E = 7/6: 1 - 1 / (1 + 7/6)
    loss = GeneralisedWassersteinDiceLoss(NEAR)(torch.zeros(1, 3, 1, 2), row(0, 1))
    assert loss.item() == pytest.approx(1 - 1 / (1 + 7 / 6), rel=1e-4)


def test_with_all_distances_1_an_error_is_the_missing_probability() -> None:
    logits, target = example()
    missing = 1 - logits.softmax(1).gather(1, target[:, None])[:, 0]
    hits = (1 - missing)[target > 0].sum()
    expected = 1 - 2 * hits / (2 * hits + missing.sum())
    torch.testing.assert_close(GeneralisedWassersteinDiceLoss(FAR)(logits, target), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "distance",
    [
        [[0.0, 1.0], [1.0, 0.0, 1.0]],
        [[0.0, 1.0], [0.5, 0.0]],
        [[0.1, 1.0], [1.0, 0.0]],
        [[0.0, 2.0], [2.0, 0.0]],
        [[0.0, -1.0], [-1.0, 0.0]],
        [],
    ],
)
def test_refuses_what_is_no_distance(distance: list[list[float]]) -> None:
    rule = ": expected a square, symmetric matrix in [0, 1] with 0 on the diagonal, one row a class, background first."
    with pytest.raises(ValueError, match=re.escape(f"loss.distance={distance}{rule}")):
        GeneralisedWassersteinDiceLoss(distance)


def test_refuses_another_number_of_classes() -> None:
    with pytest.raises(ValueError, match=r"loss\.distance: 3 x 3, but there are 2 classes\. Expected 2 x 2, one row"):
        GeneralisedWassersteinDiceLoss(FAR)(torch.zeros(1, 2, 1, 2), row(0, 1))
