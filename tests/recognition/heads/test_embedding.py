import pytest
import torch

from bareface.recognition.heads.embedding import Embedding

from .contract import SIZE, HeadContract


class TestEmbedding(HeadContract):
    head = Embedding
    columns = SIZE


def test_by_hand() -> None:
    found = Embedding(2, 9)(torch.tensor([[3.0, 4.0], [0.0, -7.0], [0.0, 0.0]]))
    assert found.flatten().tolist() == pytest.approx([0.6, 0.8, 0, -1, 0, 0])
