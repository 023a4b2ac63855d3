import pytest
import torch

from bareface.segmentation.losses.cross_entropy import CrossEntropyLoss
from bareface.segmentation.losses.dice import DiceLoss
from bareface.segmentation.losses.weighted_sum import WeightedSumLoss

from .contract import LossContract, example, row, sure


def both(dice: float = 1.0, cross_entropy: float = 0.5) -> WeightedSumLoss:
    losses = {"dice": DiceLoss(), "cross_entropy": CrossEntropyLoss()}
    return WeightedSumLoss(losses, {"dice": dice, "cross_entropy": cross_entropy})


class TestWeightedSumLoss(LossContract):
    loss = both


def test_adds_up() -> None:
    # Dice 3/8 (test_dice.py), cross-entropy 100 for one pixel of two: 2 * 3/8 + 0.1 * 50
    value = both(dice=2.0, cross_entropy=0.1)(sure(row(0, 0), 2), row(0, 1))
    assert value.item() == pytest.approx(2 * 3 / 8 + 0.1 * 50)


def test_one_alone() -> None:
    logits, target = example()
    assert torch.equal(both(1.0, 0.0)(logits, target), DiceLoss()(logits, target))
    assert torch.equal(both(0.0, 1.0)(logits, target), CrossEntropyLoss()(logits, target))


@pytest.mark.parametrize("weights", [{"dic": 1.0}, {}, {"dice": 1.0, "focal": 1.0}])
def test_refuses_other_names(weights: dict[str, float]) -> None:
    with pytest.raises(
        ValueError, match=r"loss\.losses=\['dice'\], loss\.weights=.*: expected the same names in both, at least one\.$"
    ):
        WeightedSumLoss({"dice": DiceLoss()}, weights)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_refuses_what_is_no_weight(weight: float) -> None:
    with pytest.raises(ValueError, match=rf"loss\.weights\.dice={weight}: expected a number of at least 0\."):
        both(dice=weight)
