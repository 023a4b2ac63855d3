"""How well embeddings tell people apart who need not be known to the network."""

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric

BINS = 2**18
"""Cosines are told apart by 2 / BINS, far above the error of float32 and far below what matters."""
BLOCK = 2**22
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

    def update(self, embedding: Tensor, scores: Tensor, label: Tensor) -> None:
        """Adds a batch: (N, D) embeddings and (N,) labels; scores are not looked at."""
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
        counts = torch.zeros(2, BINS, dtype=torch.int64, device=vectors.device)
        right, asked = torch.zeros((), device=vectors.device), torch.zeros((), device=vectors.device)
        with torch.autocast(vectors.device.type, enabled=False):
            step = max(1, BLOCK // len(vectors))
            for start in range(0, len(vectors), step):
                rows = torch.arange(start, min(start + step, len(vectors)), device=vectors.device)
                mated = label[rows, None] == label
                level = _levels(vectors[rows] @ vectors.T, mated)
                itself = rows[:, None] == torch.arange(len(vectors), device=vectors.device)
                for number, pairs in enumerate((~mated, mated & ~itself)):
                    counts[number] += torch.bincount(level[pairs], minlength=BINS)
                best_mate = level.masked_fill(~mated | itself, -1).amax(1)
                right += (best_mate > level.masked_fill(mated, -1).amax(1)).sum()
                asked += (best_mate >= 0).sum()
        others, mates = counts.double()
        if not others.sum() or not mates.sum():
            return {"auc": nan, "eer": nan, "rank1": nan}
        return {**_areas(mates / mates.sum(), others / others.sum()), "rank1": right / asked}


def _levels(cosine: Tensor, mated: Tensor) -> Tensor:
    """Bins 0 to BINS - 1."""
    cosine = torch.where(cosine.isnan(), torch.where(mated, -1.0, 1.0), cosine)
    return ((cosine.clamp(-1, 1) + 1) * ((BINS - 1) / 2)).round().long()


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
