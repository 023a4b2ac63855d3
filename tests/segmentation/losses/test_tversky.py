import pytest
import torch

from bareface.segmentation.losses.dice import DiceLoss
from bareface.segmentation.losses.tversky import TverskyLoss

from .contract import LossContract, example, row, sure


class TestTverskyLoss(LossContract):
    loss = TverskyLoss


class TestTverskyLossWithoutSmoothing(LossContract):
    loss = lambda: TverskyLoss(smooth=0)  # noqa: E731


class TestFocalTverskyLoss(LossContract):
    loss = lambda: TverskyLoss(gamma=0.75)  # noqa: E731


def test_one_pixel_too_few() -> None:
    # found 0 0, true 0 1. class 0: hit 1, one too many: 1 / (1 + 0.3); class 1: hit 0, one too few: 0
    loss = TverskyLoss(alpha=0.3, beta=0.7, smooth=0.0)
    assert loss(sure(row(0, 0), 2), row(0, 1)).item() == pytest.approx(1 - (1 / 1.3 + 0) / 2)


def test_smoothed() -> None:
    # class 0: (1 + 1) / (1 + 0.3 + 1), class 1: (0 + 1) / (0 + 0.7 + 1)
    loss = TverskyLoss(alpha=0.3, beta=0.7)
    assert loss(sure(row(0, 0), 2), row(0, 1)).item() == pytest.approx(1 - (2 / 2.3 + 1 / 1.7) / 2)


def test_focal() -> None:
    # the same classes, each to the power of 1/2
    loss = TverskyLoss(alpha=0.3, beta=0.7, gamma=0.5)
    expected = ((1 - 2 / 2.3) ** 0.5 + (1 - 1 / 1.7) ** 0.5) / 2
    assert loss(sure(row(0, 0), 2), row(0, 1)).item() == pytest.approx(expected)


def test_with_equal_costs_it_is_dice() -> None:
    logits, target = example()
    ours = TverskyLoss(alpha=0.5, beta=0.5, smooth=0.5)(logits, target)
    torch.testing.assert_close(ours, DiceLoss(smooth=1.0)(logits, target))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": -0.1}, r"loss\.alpha=-0\.1, loss\.beta=0\.7: expected at least 0 each, and one above\."),
        ({"alpha": 0.0, "beta": 0.0}, r"loss\.alpha=0\.0, loss\.beta=0\.0: expected at least 0 each"),
        ({"smooth": -0.5}, r"loss\.smooth=-0\.5: expected at least 0\."),
        ({"gamma": 0.0}, r"loss\.gamma=0\.0: expected above 0\."),
    ],
)
def test_refuses_other_costs(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TverskyLoss(**arguments)
