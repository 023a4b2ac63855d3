"""Closed-set identification: how often the right identity is first, and among the first five."""

import torch
from torch import Tensor
from torchmetrics import Metric


def ranks(logits: Tensor, label: Tensor) -> Tensor:
    """How many other identities score at least as high as the right one.

    Ties count against the recogniser, so one that scores everything alike is never right. A score that is not a number
    counts as a tie.

    Args:
        logits: (N, identities) scores.
        label: (N,) the right identities.

    Returns:
        (N,) int64, 0 = the right identity is alone in front.
    """
    own = logits.gather(1, label[:, None])
    return (~(logits < own)).sum(1) - 1


class RecognitionMetrics(Metric):
    """``top1`` and ``top5``: share of pictures whose identity is first / among the first five, in [0, 1].

    With no picture both are NaN; with five identities or fewer ``top5`` is 1 unless scores tie.
    """

    closed_set = True
    full_state_update = False
    first: Tensor
    among_five: Tensor
    pictures: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("first", "among_five", "pictures"):
            self.add_state(name, torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, embedding: Tensor, logits: Tensor, label: Tensor) -> None:
        """Adds a batch: (N, identities) logits and (N,) labels; embeddings are not looked at."""
        rank = ranks(logits, label)
        self.first += (rank < 1).sum()
        self.among_five += (rank < 5).sum()
        self.pictures += rank.numel()

    def compute(self) -> dict[str, Tensor]:
        """Both shares, float32 scalars."""
        return {"top1": self.first / self.pictures, "top5": self.among_five / self.pictures}
