"""Calibration by hand, and against torchmetrics."""

import pytest
import torch
from torchmetrics.functional.classification import binary_calibration_error

from bareface.segmentation.calibration import calibration_counts, expected_calibration_error


def ece(score: list[float], truth: list[int]) -> float:
    counts = calibration_counts(torch.tensor([[score]]), torch.tensor([[truth]]))
    return expected_calibration_error(counts).item()


def test_three_values_by_hand() -> None:
    assert ece([1.0, 0.0], [2, 0]) == 0
    assert ece([0.9, 0.9, 0.9, 0.9], [1, 1, 1, 0]) == pytest.approx(0.9 - 0.75)
    # 0.2 in one bin with nothing there, 0.7 in another with everything: (0.2 + 0.3) / 2
    assert ece([0.2, 0.7], [0, 1]) == pytest.approx(0.25)


def test_a_score_of_one_is_in_the_last_bin() -> None:
    counts = calibration_counts(torch.tensor([[[1.0, 14.5 / 15]]]), torch.tensor([[[1, 0]]]))
    assert counts.shape == (15, 3)
    assert counts[14].tolist() == pytest.approx([2, 1 + 14.5 / 15, 1]) and not counts[:14].any()


def test_ignored_pixels_do_not_count() -> None:
    assert ece([0.2, 0.7, 0.99], [0, 1, 255]) == pytest.approx(0.25)
    assert ece([0.2], [255]) != ece([0.2], [255]), "NaN without pixels"


def test_it_is_torchmetrics() -> None:
    generator = torch.Generator().manual_seed(0)
    score = torch.rand(3, 20, 20, generator=generator)
    truth = (torch.rand(3, 20, 20, generator=generator) < score**2).long()
    ours = expected_calibration_error(calibration_counts(score, truth))
    theirs = binary_calibration_error(score.flatten(), truth.flatten(), n_bins=15, norm="l1")
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)
