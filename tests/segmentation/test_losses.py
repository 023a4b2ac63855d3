"""Losses against values worked out by hand."""

import math

import pytest
import torch
from torch import nn

from bareface.segmentation.losses.cross_entropy import CrossEntropyLoss
from bareface.segmentation.losses.dice import DiceLoss


def sure(indices: list[list[int]], classes: int = 2) -> torch.Tensor:
    """Logits that are certain of these classes, (1, classes, H, W)."""
    return torch.nn.functional.one_hot(torch.tensor(indices), classes).permute(2, 0, 1)[None].float() * 100


class TestDiceLoss:
    def test_half_right(self) -> None:
        # class 0: 2*1+1 / 2+1+1 = 3/4, class 1: 2*0+1 / 0+1+1 = 1/2; mean 5/8
        loss = DiceLoss()(sure([[0, 0]]), torch.tensor([[[0, 1]]]))
        assert loss.item() == pytest.approx(3 / 8)

    def test_undecided(self) -> None:
        # p = 1/2 everywhere, 4 pixels of class 0: class 0: 2*2+1 / 2+4+1 = 5/7, class 1: 1 / 2+1 = 1/3
        loss = DiceLoss()(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2))
        assert loss.item() == pytest.approx(1 - (5 / 7 + 1 / 3) / 2)

    def test_without_smoothing(self) -> None:
        # class 0: 2*2 / 3+2 = 4/5, class 1: 2*1 / 1+2 = 2/3
        loss = DiceLoss(smooth=0)(sure([[0, 0, 0, 1]]), torch.tensor([[[0, 0, 1, 1]]]))
        assert loss.item() == pytest.approx(1 - (4 / 5 + 2 / 3) / 2)

    def test_perfect_and_a_class_that_never_occurs(self) -> None:
        assert DiceLoss()(sure([[0, 1]], classes=3), torch.tensor([[[0, 1]]])).item() == pytest.approx(0, abs=1e-6)

    def test_ignored_pixels_do_not_count(self) -> None:
        logits = sure([[0, 0, 1]])
        target = torch.tensor([[[0, 1, 255]]])
        assert DiceLoss()(logits, target).item() == pytest.approx(DiceLoss()(logits[..., :2], target[..., :2]).item())
        moved = logits.clone()
        moved[..., 2] = -moved[..., 2]
        assert DiceLoss()(moved, target).item() == DiceLoss()(logits, target).item()

    def test_nothing_but_ignored_is_no_loss(self) -> None:
        assert DiceLoss()(sure([[0, 1]]), torch.full((1, 1, 2), 255)).item() == 0


class TestCrossEntropyLoss:
    def test_undecided(self) -> None:
        loss = CrossEntropyLoss()(torch.zeros(1, 3, 2, 2), torch.zeros(1, 2, 2))
        assert loss.item() == pytest.approx(math.log(3))

    def test_one_wrong_of_two(self) -> None:
        # certain and right: 0; logits 0 and log(3), truth 0: p = 1/4
        logits = torch.tensor([[[[100.0, 0.0]], [[0.0, math.log(3)]]]])
        assert CrossEntropyLoss()(logits, torch.zeros(1, 1, 2)).item() == pytest.approx(math.log(4) / 2)

    def test_weights(self) -> None:
        # both pixels undecided, so the mean is log 2 however the classes are weighted; with one certain pixel it is not
        logits = torch.tensor([[[[0.0, 0.0]], [[0.0, 100.0]]]])
        loss = CrossEntropyLoss(weight=[1.0, 3.0])(logits, torch.tensor([[[0, 1]]]))
        assert loss.item() == pytest.approx(math.log(2) * 1 / 4)

    def test_ignored_pixels_do_not_count(self) -> None:
        logits = torch.tensor([[[[0.0, 7.0]], [[0.0, -9.0]]]])
        assert CrossEntropyLoss()(logits, torch.tensor([[[1, 255]]])).item() == pytest.approx(math.log(2))

    def test_nothing_but_ignored_is_no_loss(self) -> None:
        assert CrossEntropyLoss()(torch.randn(1, 2, 1, 2), torch.full((1, 1, 2), 255)).item() == 0


@pytest.mark.parametrize("loss", [DiceLoss(), CrossEntropyLoss()])
def test_gradient_points_to_the_truth(loss: nn.Module) -> None:
    logits = torch.zeros(1, 2, 1, 2, requires_grad=True)
    loss(logits, torch.tensor([[[0, 255]]])).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0, 0, 0] < 0 < logits.grad[0, 1, 0, 0]
    assert not logits.grad[..., 1].any()
