import math

import pytest
import torch

from bareface.recognition.heads.adaface import AdaFace

from .contract import MarginContract, at, with_centres


class TestAdaFace(MarginContract):
    head = AdaFace


def fixed(mean: float, deviation: float, **changes: float) -> AdaFace:
    """A head that knows the lengths of embeddings already and learns no more of them."""
    head = with_centres(AdaFace(2, 2, **{"scale": 10, "margin": 0.4, "momentum": 0} | changes), 0, 90)
    head.mean.fill_(mean), head.deviation.fill_(deviation)
    return head


def test_the_margin_of_pictures_of_three_qualities() -> None:
    embedding = at(60, 60, 60) * torch.tensor([[10.0], [30.0], [20.0]])
    scores = fixed(20, 1)(embedding, torch.tensor([0, 0, 0]))[:, 0].tolist()
    third = math.pi / 3
    # Ten deviations below and above the mean are quality -1 and 1: margin of the angle alone, or taken twice.
    expected = [math.cos(third + 0.4), math.cos(third - 0.4) - 0.8, 0.5 - 0.4]
    assert scores == pytest.approx([10 * value for value in expected], abs=1e-4)


def test_a_quality_in_between() -> None:
    # (22 - 20) / (2 + 0.001) * 0.333
    quality = 2 / 2.001 * 0.333
    scores = fixed(20, 2)(22 * at(60), torch.tensor([0]))
    expected = math.cos(math.pi / 3 - 0.4 * quality) - 0.4 - 0.4 * quality
    assert scores[0, 0].item() == pytest.approx(10 * expected, abs=1e-4)


def test_the_averages_follow_the_training_alone() -> None:
    head = with_centres(AdaFace(2, 2, momentum=0.1), 0, 90)
    embedding, label = at(0, 90) * torch.tensor([[10.0], [14.0]]), torch.tensor([0, 1])
    head(embedding)
    assert (head.mean.item(), head.deviation.item()) == (20, 100)
    head(embedding, label)  # mean 12, deviation 2 * sqrt 2
    assert head.mean.item() == pytest.approx(0.9 * 20 + 0.1 * 12)
    assert head.deviation.item() == pytest.approx(0.9 * 100 + 0.1 * math.sqrt(8))
    head(embedding[:1], label[:1])
    assert head.mean.item() == pytest.approx(0.9 * 20 + 0.1 * 12)


def test_lengths_are_bounded() -> None:
    head = with_centres(AdaFace(2, 2, momentum=1), 0, 90)
    head(at(0, 90) * torch.tensor([[500.0], [0.0]]), torch.tensor([0, 1]))
    assert head.mean.item() == pytest.approx((100 + 0.001) / 2)


def test_the_length_itself_has_no_gradient() -> None:
    given = (30 * at(60)).requires_grad_()
    fixed(20, 20)(given, torch.tensor([0])).sum().backward()
    assert given.grad is not None
    assert float((given.grad * given.detach()).sum()) == pytest.approx(0, abs=1e-4)


def test_refusals() -> None:
    message = r"head\.concentration=0, head\.momentum=0\.01: expected above 0, and 0 to 1\.$"
    with pytest.raises(ValueError, match=message):
        AdaFace(2, 2, concentration=0)
