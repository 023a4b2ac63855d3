import math

import pytest
import torch

from bareface.segmentation.losses.cross_entropy import CrossEntropyLoss
from bareface.segmentation.losses.focal import FocalLoss

from .contract import LossContract, example, row, scores


class TestFocalLoss(LossContract):
    loss = FocalLoss


class TestMildFocalLoss(LossContract):
    loss = lambda: FocalLoss(gamma=0.5)  # noqa: E731


def test_undecided() -> None:
    # p = 1/2: (1 - 1/2)^2 log 2
    assert FocalLoss()(torch.zeros(1, 2, 1, 3), row(0, 1, 1)).item() == pytest.approx(math.log(2) / 4)


def test_the_sure_pixel_hardly_counts() -> None:
    # p = 0.9 of the truth: 0.1^2 * -log 0.9; p = 0.1 of the truth: 0.9^2 * -log 0.1
    expected = (0.01 * -math.log(0.9) + 0.81 * -math.log(0.1)) / 2
    assert FocalLoss()(scores(0.9, 0.9), row(1, 0)).item() == pytest.approx(expected, rel=1e-5)


def test_weighted() -> None:
    # gamma 1, truth 0 with p = 1/4 weighs 1, truth 1 with p = 3/4 weighs 3
    expected = (1 * 0.75 * -math.log(0.25) + 3 * 0.25 * -math.log(0.75)) / 4
    loss = FocalLoss(gamma=1.0, weight=[1.0, 3.0])
    assert loss(scores(0.75, 0.75), row(0, 1)).item() == pytest.approx(expected, rel=1e-5)


def test_gamma_0_is_cross_entropy() -> None:
    logits, target = example()
    torch.testing.assert_close(FocalLoss(gamma=0.0)(logits, target), CrossEntropyLoss()(logits, target))


def test_refuses_a_negative_gamma() -> None:
    with pytest.raises(ValueError, match=r"loss\.gamma=-1\.0: expected at least 0\."):
        FocalLoss(gamma=-1.0)
