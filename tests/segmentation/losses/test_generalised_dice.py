"""Computed by MONAI: these values pin what we rely on."""

import pytest
import torch

from bareface.segmentation.losses.generalised_dice import GeneralisedDiceLoss

from .contract import LossContract, row, sure


class TestGeneralisedDiceLoss(LossContract):
    loss = GeneralisedDiceLoss


def test_one_wrong_of_four() -> None:
    # true 0 0 0 1, found 0 0 1 1: weights 1/9 and 1; hits 2 and 1; sizes 2 + 3 and 2 + 1
    # 1 - 2 (2/9 + 1) / (5/9 + 3)
    loss = GeneralisedDiceLoss()(sure(row(0, 0, 1, 1), 2), row(0, 0, 0, 1))
    assert loss.item() == pytest.approx(1 - 2 * (2 / 9 + 1) / (5 / 9 + 3), rel=1e-5)


def test_undecided() -> None:
    # p = 1/2, true 0 0 0 1: hits 3/2 and 1/2, sizes 2 + 3 and 2 + 1: 1 - 2 (1/6 + 1/2) / (5/9 + 3)
    loss = GeneralisedDiceLoss()(torch.zeros(1, 2, 1, 4), row(0, 0, 0, 1))
    assert loss.item() == pytest.approx(1 - 2 * (1 / 6 + 1 / 2) / (5 / 9 + 3), rel=1e-5)


def test_a_class_that_never_occurs_weighs_like_the_smallest() -> None:
    # true 0 0, found 0 1: weights 1/4 and 1/4; hits 1 and 0; sizes 1 + 2 and 1 + 0: 1 - 2 (1/4) / (3/4 + 1/4)
    loss = GeneralisedDiceLoss()(sure(row(0, 1), 2), row(0, 0))
    assert loss.item() == pytest.approx(1 / 2, rel=1e-5)


def test_the_batch_is_one_picture() -> None:
    loss, target = GeneralisedDiceLoss(), torch.tensor([[[0, 0]], [[0, 1]]])
    found = sure(torch.tensor([[[0, 0]], [[1, 1]]]), 2)
    assert loss(found, target).item() == pytest.approx(loss(sure(row(0, 0, 1, 1), 2), row(0, 0, 0, 1)).item())


def test_refuses_negative_smoothing() -> None:
    with pytest.raises(ValueError, match=r"loss\.smooth=-1\.0: expected at least 0\."):
        GeneralisedDiceLoss(smooth=-1.0)
