"""Losses over pairs or triplets of a batch."""

import torch
from pytorch_metric_learning.losses import BaseMetricLossFunction
from pytorch_metric_learning.miners import BaseMiner
from torch import Tensor, nn


class MinedLoss(nn.Module):
    """A loss of pytorch-metric-learning over what a miner of it chooses from a batch, in float32.

    Give batches with several pictures of several identities (``sampler=pk``): one in which nothing can be mined costs
    nothing and teaches nothing.

    Args:
        loss: Of the package's ``losses``, over pairs or triplets.
        miner: Of its ``miners``.

    Attributes:
        of_embeddings: It compares embeddings; a loss that does not say so is one of identities' scores.
    """

    of_embeddings = True

    def __init__(self, loss: BaseMetricLossFunction, miner: BaseMiner) -> None:
        super().__init__()
        self.loss, self.miner = loss, miner

    def forward(self, embedding: Tensor, label: Tensor) -> Tensor:
        """(N, D) embeddings and (N,) labels to a scalar, 0 where nothing was mined."""
        with torch.autocast(embedding.device.type, enabled=False):
            embedding = embedding.float()
            value: Tensor = self.loss(embedding, label, self.miner(embedding, label))
            return value
