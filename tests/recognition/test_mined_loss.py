"""Triplets against values worked out by hand."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner, TripletMarginMiner
from torch import Tensor

from bareface.recognition.losses.mined import MinedLoss


def circle(*degrees: float) -> Tensor:
    angle = torch.tensor(degrees).deg2rad()
    return torch.stack([angle.cos(), angle.sin()], 1)


def chord(degrees: float) -> float:
    """Distance of two points of the unit circle."""
    return 2 * math.sin(math.radians(degrees) / 2)


def hard(margin: float = 0.2) -> MinedLoss:
    return MinedLoss(TripletMarginLoss(margin=margin), BatchHardMiner())


def test_batch_hard_by_hand() -> None:
    # Identity 0 at 0, 10 and 40 degrees, 1 at 50 and 90. For each: its farthest own, its nearest other.
    value = hard(margin=1.0)(circle(0, 10, 40, 50, 90), torch.tensor([0, 0, 0, 1, 1]))
    pairs = [(40, 50), (30, 40), (40, 10), (40, 10), (40, 50)]
    assert value.item() == pytest.approx(sum(chord(a) - chord(b) + 1 for a, b in pairs) / 5, abs=1e-5)


def test_only_violations_count() -> None:
    # Farthest own against nearest other, in degrees: 90 110, 100 120, 60 80, 60 20, 100 20.
    value = hard(margin=0.1)(circle(0, 10, 190, 250, 270), torch.tensor([0, 0, 1, 1, 0]))
    expected = [
        max(chord(90) - chord(110) + 0.1, 0),
        max(chord(100) - chord(120) + 0.1, 0),
        chord(60) - chord(80) + 0.1,
        chord(60) - chord(20) + 0.1,
        chord(100) - chord(20) + 0.1,
    ]
    positive = [item for item in expected if item > 0]
    assert len(positive) == 2 and value.item() == pytest.approx(sum(positive) / len(positive), abs=1e-5)


def test_semi_hard_leaves_out_what_is_harder() -> None:
    loss = MinedLoss(TripletMarginLoss(margin=0.5), TripletMarginMiner(margin=0.5, type_of_triplets="semihard"))
    # Anchors 0 and 20: the other at 45 is farther than the own one by less than the margin; at 10, nearer.
    found = loss(circle(0, 20, 45, 10), torch.tensor([0, 0, 1, 2]))
    assert found.item() == pytest.approx((2 * chord(20) - chord(45) - chord(25)) / 2 + 0.5, abs=1e-5)


def test_a_batch_without_triplets_is_no_loss() -> None:
    embedding = circle(0, 90).requires_grad_()
    value = hard()(embedding, torch.tensor([0, 1]))
    value.backward()
    assert value.item() == 0


def test_autocast_agrees() -> None:
    embedding, label = circle(0, 10, 40, 50, 90), torch.tensor([0, 0, 0, 1, 1])
    with torch.autocast("cpu", torch.bfloat16):
        found = hard()(embedding, label)
    assert torch.equal(found, hard()(embedding, label))
