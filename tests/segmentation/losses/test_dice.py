import pytest
import torch

from bareface.segmentation.losses.dice import DiceLoss

from .contract import LossContract, row, sure


class TestDiceLoss(LossContract):
    loss = DiceLoss


class TestDiceLossWithoutSmoothing(LossContract):
    loss = lambda: DiceLoss(smooth=0)  # noqa: E731


def test_half_right() -> None:
    # class 0: 2*1+1 / 2+1+1 = 3/4, class 1: 2*0+1 / 0+1+1 = 1/2; mean 5/8
    assert DiceLoss()(sure(row(0, 0), 2), row(0, 1)).item() == pytest.approx(3 / 8)


def test_undecided() -> None:
    # p = 1/2 everywhere, 4 pixels of class 0: class 0: 2*2+1 / 2+4+1 = 5/7, class 1: 1 / 2+1 = 1/3
    loss = DiceLoss()(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2))
    assert loss.item() == pytest.approx(1 - (5 / 7 + 1 / 3) / 2)


def test_without_smoothing() -> None:
    # class 0: 2*2 / 3+2 = 4/5, class 1: 2*1 / 1+2 = 2/3
    loss = DiceLoss(smooth=0)(sure(row(0, 0, 0, 1), 2), row(0, 0, 1, 1))
    assert loss.item() == pytest.approx(1 - (4 / 5 + 2 / 3) / 2)


def test_without_smoothing_an_absent_class_is_right() -> None:
    # class 2 neither occurs nor is predicted: 1; the others as above
    loss = DiceLoss(smooth=0)(sure(row(0, 0, 0, 1), 3), row(0, 0, 1, 1))
    assert loss.item() == pytest.approx(1 - (4 / 5 + 2 / 3 + 1) / 3)


def test_refuses_negative_smoothing() -> None:
    with pytest.raises(ValueError, match=r"loss\.smooth=-1\.0: expected at least 0\."):
        DiceLoss(smooth=-1.0)
