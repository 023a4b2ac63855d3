"""No classifier."""

import torch
from torch import Tensor
from torch.nn import functional as F

from bareface.recognition.heads.cosine import SHORTEST
from bareface.recognition.heads.head import Head


class Embedding(Head):
    """Embeddings of length 1, for losses that compare pictures with each other; there are no scores of identities.

    Args:
        embedding_size: Length D of an embedding.
        identities: Number of identities, for whom there is nothing to learn here.
    """

    scores_identities = False

    def forward(self, embedding: Tensor, label: Tensor | None = None) -> Tensor:
        """(N, D) float32 of length 1, the same with and without a label; zeros stay zeros."""
        with torch.autocast(embedding.device.type, enabled=False):
            return F.normalize(embedding.float(), eps=SHORTEST)
