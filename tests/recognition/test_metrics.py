"""Closed-set identification against values worked out by hand."""

import pytest
import torch

from bareface.recognition.metrics import RecognitionMetrics, ranks


def test_ranks_by_hand() -> None:
    logits = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    assert ranks(logits, torch.tensor([0, 1, 2])).tolist() == [0, 1, 2]


def test_ties_and_broken_scores_are_never_right() -> None:
    assert ranks(torch.zeros(2, 4), torch.tensor([0, 3])).tolist() == [3, 3]
    assert ranks(torch.full((1, 4), float("nan")), torch.tensor([0])).tolist() == [3]


def test_shares() -> None:
    metrics = RecognitionMetrics()
    scores = torch.arange(8.0).flip(0).repeat(4, 1)  # identity 0 is always first, 7 always last
    metrics.update(torch.zeros(4, 2), scores, torch.tensor([0, 1, 4, 5]))
    found = metrics.compute()
    assert found["top1"].item() == pytest.approx(1 / 4)
    assert found["top5"].item() == pytest.approx(3 / 4)
