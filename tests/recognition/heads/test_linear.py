import pytest
import torch

from bareface.recognition.heads.linear import Linear

from .contract import HeadContract


class TestLinear(HeadContract):
    head = Linear


def test_by_hand() -> None:
    head = Linear(2, 3)
    head.weight.data = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    head.bias.data = torch.tensor([0.5, 0.0, -1.0])
    assert head(torch.tensor([[3.0, 4.0]]))[0].tolist() == pytest.approx([3.5, 8, 6])
