import pytest
import torch

from bareface.recognition.heads.absent import Absent


def test_there_is_nobody_to_score() -> None:
    with pytest.raises(ValueError, match=r"^recogniser: it came without a classifier\. Compare embeddings, or train a"):
        Absent(embedding_size=4, identities=0)(torch.zeros(1, 4))
    with pytest.raises(ValueError, match=r"^head=absent: expected no identities to score, got 2\. Use head=linear\.$"):
        Absent(embedding_size=4, identities=2)
