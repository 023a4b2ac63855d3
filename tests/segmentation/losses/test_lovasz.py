from functools import partial

import pytest
import segmentation_models_pytorch as smp
import torch

from bareface.segmentation.losses.lovasz import LovaszLoss

from .contract import LossContract, example, row, scores, sure


class TestLovaszLoss(LossContract):
    loss = LovaszLoss


class TestLovaszLossPerImage(LossContract):
    loss = partial(LovaszLoss, per_image=True)


def test_of_sure_scores_it_is_one_minus_the_mean_iou() -> None:
    # true 0 0 1 1, found 0 0 0 1: IoU 2/3 and 1/2
    assert LovaszLoss()(sure(row(0, 0, 0, 1), 2), row(0, 0, 1, 1)).item() == pytest.approx(1 - (2 / 3 + 1 / 2) / 2)


def test_classes_that_never_occur_are_left_out() -> None:
    # true 0 0, found 0 1: IoU of class 0 is 1/2; class 1 does not occur
    assert LovaszLoss()(sure(row(0, 1), 2), row(0, 0)).item() == pytest.approx(1 / 2)


def test_worked_out() -> None:
    # class 1 with p = 0.6 (true) and 0.2 (false): errors 0.4 then 0.2; the first wrong: Jaccard loss 1, both: 1
    # class 1: 0.4 * 1 + 0.2 * 0. class 0 with p = 0.4 (false), 0.8 (true): errors 0.4 (a false one: 1 - 1/2), 0.2
    # (then both: 1): 0.4 * 1/2 + 0.2 * 1/2
    expected = (0.4 + 0.3) / 2
    assert LovaszLoss()(scores(0.6, 0.2), row(1, 0)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("per_image", [False, True])
def test_agrees_with_segmentation_models_pytorch(per_image: bool) -> None:
    logits, target = example()
    target[0, 0, :2] = 255
    theirs = smp.losses.LovaszLoss("multiclass", per_image=per_image, ignore_index=255)
    torch.testing.assert_close(LovaszLoss(per_image)(logits, target), theirs(logits, target))
