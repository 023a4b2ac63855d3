import math

import pytest
import torch

from bareface.segmentation.losses.boundary import BoundaryLoss
from bareface.segmentation.losses.cross_entropy import CrossEntropyLoss

from .contract import LossContract, example, row


class TestBoundaryLoss(LossContract):
    loss = BoundaryLoss


def only(position: int, length: int) -> torch.Tensor:
    """Logits certain of class 0 but for one undecided pixel."""
    logits = torch.zeros(1, 2, 1, length)
    logits[:, 0] = 100
    logits[..., position] = 0
    return logits


def test_weights_fall_off_with_the_distance() -> None:
    # 0 0 0 1: pixels 2 and 3 touch the boundary, distances 2 1 0 0; sigma 1: weights 1 + 5 exp(-2), ...
    weights = [1 + 5 * math.exp(-d * d / 2) for d in (2, 1, 0, 0)]
    loss = BoundaryLoss(factor=5.0, sigma=1.0)
    for position in (0, 1, 2):
        logits = only(position, 4)
        logits[0, :, 0, 3] = torch.tensor([0.0, 100.0])
        expected = math.log(2) * weights[position] / sum(weights)
        assert loss(logits, row(0, 0, 0, 1)).item() == pytest.approx(expected, rel=1e-5)


def test_it_reaches_three_sigma_and_no_further() -> None:
    # pixels 4 and 5 touch the boundary; with sigma 1, pixel 1 is 3 away and pixel 0, at 4, weighs what it would anyway
    distances = (4, 3, 2, 1, 0, 0)
    weights = [1 + (5 * math.exp(-d * d / 2) if d <= 3 else 0) for d in distances]
    loss = BoundaryLoss(factor=5.0, sigma=1.0)
    for position in (0, 1):
        logits = only(position, 6)
        logits[0, :, 0, 5] = torch.tensor([0.0, 100.0])
        expected = math.log(2) * weights[position] / sum(weights)
        assert loss(logits, row(0, 0, 0, 0, 0, 1)).item() == pytest.approx(expected, rel=1e-5)


def test_without_boundary_it_is_cross_entropy() -> None:
    assert BoundaryLoss()(only(1, 4), row(0, 0, 0, 0)).item() == pytest.approx(math.log(2) / 4)


def test_ignored_pixels_make_no_boundary() -> None:
    assert BoundaryLoss()(only(0, 3), row(0, 255, 1)).item() == pytest.approx((math.log(2) + 100) / 2)


def test_factor_0_is_cross_entropy() -> None:
    logits, target = example()
    ours = BoundaryLoss(factor=0.0, weight=[1.0, 2.0, 3.0])(logits, target)
    torch.testing.assert_close(ours, CrossEntropyLoss(weight=[1.0, 2.0, 3.0])(logits, target))


@pytest.mark.parametrize("arguments", [{"factor": -1.0}, {"sigma": 0.0}])
def test_refuses_other_numbers(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"loss\.factor=.*, loss\.sigma=.*: expected at least 0, and above 0\."):
        BoundaryLoss(**arguments)
