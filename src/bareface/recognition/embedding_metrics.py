"""How well embeddings tell people apart who need not be known to the network."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric

BINS = 2**18
"""Cosines are told apart by 2 / BINS, far above the error of float32 and far below what matters."""
BLOCK = 2**20
"""Cosines that are held at once."""


class EmbeddingMetrics(Metric):
    """``auc``, ``eer`` and ``rank1`` of the cosines between all pictures of a stage, each in [0, 1].

    ``auc``: chance that a pair of one identity is more alike than a pair of two, a tie counting half. ``eer``: error
    rate at the threshold where as many pairs of one identity are rejected as pairs of two accepted, interpolated
    between thresholds. ``rank1``: share of the pictures whose most similar other picture shows the same identity, of
    those whose identity has another one; a tie counts as wrong. Embeddings that are all alike score 0.5, 0.5 and 0.
    One that is not a number counts as alike to everybody else and unlike its own. Without a pair of either kind, all
    are NaN.

    Takes time with the square of the pictures, memory with their number.
    """

    closed_set = False
    full_state_update = False
    embedding: list[Tensor]
    label: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        for name in ("embedding", "label"):
            self.add_state(name, [], dist_reduce_fx="cat")

    @staticmethod
    def undefined(label: NDArray[np.integer[Any]]) -> str:
        """Why pictures with these labels have no figures; "" where they have."""
        counts = np.unique(label, return_counts=True)[1]
        if len(counts) < 2:
            return "shows fewer than two people"
        return "" if counts.max() > 1 else "shows nobody twice"

    def update(self, embedding: Tensor, scores: Tensor, label: Tensor) -> None:
        """Adds a batch: (N, D) embeddings of any length and (N,) labels; scores are not looked at."""
        self.embedding.append(F.normalize(embedding.float()))
        self.label.append(label)

    def compute(self) -> dict[str, Tensor]:
        """The three, float32 scalars."""
        nan = torch.tensor(torch.nan, device=self.device)
        if len(self.label) == 0:
            return {"auc": nan, "eer": nan, "rank1": nan}
        vectors, label = (
            torch.cat(value) if isinstance(value, list) else value for value in (self.embedding, self.label)
        )
        counts = torch.zeros(2 * BINS + 1, dtype=torch.int64, device=vectors.device)
        nearest = torch.zeros(2, len(vectors), dtype=torch.int32, device=vectors.device)  # of others, of the same
        broken = bool(vectors.isnan().any())
        with torch.autocast(vectors.device.type, enabled=False):
            step = max(1, BLOCK // max(1, len(vectors)))
            for start in range(0, len(vectors), step):
                end = min(start + step, len(vectors))
                mated = label[start:end, None] == label[start:]
                levels = _levels(vectors[start:end] @ vectors[start:].T, mated, broken)
                levels.triu_(1)  # each pair once
                counts += torch.bincount((levels + BINS).flatten(), minlength=2 * BINS + 1)
                for part, dimension in ((nearest[:, start:end], 1), (nearest[:, start:], 0)):
                    lowest, highest = levels.aminmax(dim=dimension)
                    part[0] = torch.maximum(part[0], -lowest)
                    part[1] = torch.maximum(part[1], highest)
        others, mates = counts[:BINS].flip(0).double(), counts[BINS + 1 :].double()
        if not others.sum() or not mates.sum():
            return {"auc": nan, "eer": nan, "rank1": nan}
        rank1 = (nearest[1] > nearest[0]).sum() / (nearest[1] > 0).sum()
        return {**_areas(mates / mates.sum(), others / others.sum()), "rank1": rank1}


def _levels(cosine: Tensor, mated: Tensor, broken: bool) -> Tensor:
    """Steps of alikeness, 1 to BINS: int32, those of two identities negative. Changes ``cosine``."""
    level = cosine.clamp_(-1, 1).add_(1).mul_((BINS - 1) / 2).round_().add_(1)
    if broken:
        level = torch.where(level.isnan(), torch.where(mated, 1, BINS), level)
    return torch.where(mated, level, -level).int()


def _areas(mates: Tensor, others: Tensor) -> dict[str, Tensor]:
    """From the shares of the pairs in each bin."""
    zero = mates.new_zeros(1)
    rejected = torch.cat([zero, mates.cumsum(0)])  # of mated pairs, at a threshold below bin 0, 1, ... and above all
    accepted = 1 - torch.cat([zero, others.cumsum(0)])
    auc = (others * (1 - (rejected[1:] + rejected[:-1]) / 2)).sum()
    after = int((rejected < accepted).sum())  # the difference falls: this is the first threshold past the crossing
    before = after - 1
    gap, next_gap = accepted[before] - rejected[before], rejected[after] - accepted[after]
    share = gap / (gap + next_gap)
    eer = rejected[before] + share * (rejected[after] - rejected[before])
    return {"auc": auc.float(), "eer": eer.float()}
