"""ArcFace, CosFace and sub-centre ArcFace: by hand, and against pytorch-metric-learning."""

import math
from functools import partial

import pytest
import torch
from pytorch_metric_learning.losses import ArcFaceLoss, CosFaceLoss, SubCenterArcFaceLoss
from torch import nn
from torch.nn import functional as F

from bareface.recognition.heads.arcface import ArcFace
from bareface.recognition.heads.cosface import CosFace
from bareface.recognition.heads.cosine import turned
from bareface.recognition.heads.subcentre_arcface import SubcentreArcFace

from .contract import MarginContract, at, with_centres

SIXTH, HALF = math.pi / 6, math.cos(math.pi / 6)


class TestArcFace(MarginContract):
    head = ArcFace


class TestCosFace(MarginContract):
    head = CosFace


class TestSubcentreArcFace(MarginContract):
    head = SubcentreArcFace


def test_arcface_by_hand() -> None:
    head = with_centres(ArcFace(2, 2, scale=10, margin=SIXTH), 0, 90)
    scores = head(2 * at(30, 60, 170), torch.tensor([0, 1, 0]))
    assert scores[0].tolist() == pytest.approx([10 * 0.5, 10 * 0.5], abs=1e-5)  # cos 60 for cos 30; cos 60
    assert scores[1].tolist() == pytest.approx([10 * 0.5, 10 * 0.5], abs=1e-5)
    # 170 + 30 is beyond a half turn: cos 170 - pi/6 * sin 30
    assert scores[2, 0].item() == pytest.approx(10 * (math.cos(math.radians(170)) - SIXTH / 2), abs=1e-4)
    assert head(at(30))[0].tolist() == pytest.approx([10 * HALF, 5], abs=1e-5)


def test_cosface_by_hand() -> None:
    head = with_centres(CosFace(2, 2, scale=10, margin=0.4), 0, 90)
    scores = head(2 * at(60, 0, 180), torch.tensor([0, 1, 0]))
    assert scores[:, 0].tolist() == pytest.approx([1, 10, -14], abs=1e-5)
    assert scores[:, 1].tolist() == pytest.approx([10 * HALF, -4, 0], abs=1e-5)


def test_subcentres_by_hand() -> None:
    head = with_centres(SubcentreArcFace(2, 2, scale=10, margin=SIXTH, centres=2), 0, 90, 180, 270)
    scores = head(at(60, 120, 225), torch.tensor([0, 0, 1]))
    # The nearest centres are 30 and 120 degrees away, 30 and 60, 135 and 45
    assert scores[:, 0].tolist() == pytest.approx([5, 5, -10 * math.sqrt(0.5)], abs=1e-5)
    assert scores[:2, 1].tolist() == pytest.approx([-5, 5], abs=1e-5)
    assert scores[2, 1].item() == pytest.approx(10 * math.cos(math.radians(75)), abs=1e-5)


def test_a_margin_makes_every_angle_larger() -> None:
    cosine = torch.linspace(-1, 1, 2001, dtype=torch.float64)
    for angle in (0.1, 0.5, 1.4, 2.0):
        found = turned(cosine, angle)
        assert (found.diff() > 0).all() or angle > math.pi / 2
        assert (found < cosine).all()
    assert torch.equal(turned(cosine, 0.0), cosine)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ArcFace, partial(ArcFaceLoss, margin=math.degrees(0.5))),
        (CosFace, partial(CosFaceLoss, margin=0.4)),
        (SubcentreArcFace, partial(SubCenterArcFaceLoss, margin=math.degrees(0.5), sub_centers=3)),
    ],
)
def test_agrees_with_pytorch_metric_learning(ours: type[nn.Module], theirs: partial) -> None:
    torch.manual_seed(0)
    head, loss = ours(8, 6), theirs(num_classes=6, embedding_size=8)
    loss.W.data = head.weight.detach().T.clone()
    first, label = torch.randn(32, 8, requires_grad=True), torch.arange(32) % 6
    second = first.detach().clone().requires_grad_()
    found, expected = F.cross_entropy(head(first, label), label), loss(second, label)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(head(first), loss.get_logits(second), rtol=1e-4, atol=1e-4)
    found.backward(), expected.backward()
    torch.testing.assert_close(first.grad, second.grad, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(head.weight.grad, loss.W.grad.T, rtol=1e-3, atol=1e-3)


def test_at_its_centre_an_embedding_has_a_gradient() -> None:
    given = at(0, 90).requires_grad_()
    head = with_centres(ArcFace(2, 2), 0, 90)
    F.cross_entropy(head(given, torch.tensor([0, 0])), torch.tensor([0, 0])).backward()
    assert given.grad is not None and not given.grad.isnan().any() and given.grad.any()


def test_subcentres_need_a_centre() -> None:
    with pytest.raises(ValueError, match=r"head\.centres=0: expected at least 1\.$"):
        SubcentreArcFace(2, 2, centres=0)
