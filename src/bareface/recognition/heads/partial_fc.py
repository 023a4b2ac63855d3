"""Partial FC: a margin head for very many identities."""

import math
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from bareface.recognition.heads.cosine import check_margins, cosines, turned
from bareface.recognition.heads.head import Head
from bareface.recognition.heads.processes import highest, joined, place, total


class PartialFC(Head):
    """Compares a training batch with a sample of the centres; several processes hold a share of the centres each.

    The centres of the batch's own identities are always in the sample, the others are drawn anew for every batch. With
    ``sample_rate=1`` the loss and its gradients are those of the head with all centres, in one process or several.

    With a label there are two columns: the right identity's logit, and the logarithm of the sum of the exponentials of
    all the others in the sample. The cross-entropy of column 0 is that of the whole sample, whichever process computed
    which part of it; it takes no label smoothing. Centres outside of a sample have a gradient of 0, so that momentum
    and weight decay go on moving them.

    Args:
        embedding_size: Length D of an embedding.
        identities: Number of identities, two or more, and no fewer than there are processes.
        sample_rate: Share of the centres that a batch is compared with, above 0, at most 1.
        scale: Of the logits.
        angle: Margin of the angle in radians: ArcFace's.
        margin: Margin of the cosine: CosFace's. Both may be used at once.

    Source: An et al., Partial FC, ICCV workshops 2021, and Killing Two Birds with One Stone, CVPR 2022.
    """

    samples = True

    def __init__(
        self,
        embedding_size: int,
        identities: int,
        sample_rate: float = 0.1,
        scale: float = 64.0,
        angle: float = 0.5,
        margin: float = 0.0,
    ) -> None:
        check_margins(scale, angle=angle, margin=margin)
        if not 0 < sample_rate <= 1:
            raise ValueError(f"head.sample_rate={sample_rate}: expected 0 < sample_rate <= 1.")
        if identities < 2:
            raise ValueError(f"head: identities={identities}: PartialFC needs at least 2.")
        super().__init__(embedding_size, identities)
        self.sample_rate, self.scale, self.angle, self.margin = sample_rate, scale, angle, margin
        self.weight = nn.Parameter(0.01 * torch.randn(identities, embedding_size))
        self.first = 0
        self._every_centre: Tensor | None = None

    @property
    def shared(self) -> bool:
        """Whether this process holds a part of the centres only."""
        return len(self.weight) < self.identities

    def distribute(self) -> tuple[str, ...]:
        """Keeps the centres of this process's share of the identities.

        Raises:
            ValueError: There are more processes than identities.
        """
        number, processes = place()
        if processes > self.identities:
            raise ValueError(f"head: {self.identities} identities for {processes} processes. Use fewer of them.")
        if processes > 1 and not self.shared:
            self.first = number * self.identities // processes
            end = (number + 1) * self.identities // processes
            rows = self.weight.detach()[self.first : end].clone()
            self.weight = nn.Parameter(rows, requires_grad=self.weight.requires_grad)
        return ("weight",) if self.shared else ()

    @torch.no_grad()
    def whole(self, part: Tensor) -> Tensor:
        """(identities, D) from what each process holds of it."""
        return joined(part)[0] if self.shared else part

    def part(self, whole: Tensor) -> Tensor:
        """This process's rows of (identities, D)."""
        return whole[self.first : self.first + len(self.weight)]

    def target(self, label: Tensor) -> Tensor:
        """Column 0."""
        return torch.zeros_like(label)

    def train(self, mode: bool = True) -> Self:
        """Sets the mode. For evaluation, processes tell each other their centres: all of them must call it at once."""
        super().train(mode)
        self._every_centre = self.whole(self.weight.detach()) if self.shared and not mode else None
        return self

    def forward(self, embedding: Tensor, label: Tensor | None = None) -> Tensor:
        """(N, identities) float32 logits; with a label, the (N, 2) columns that stand for those of the sample."""
        with torch.autocast(embedding.device.type, enabled=False):
            if label is not None:
                return self._two_columns(embedding.float(), label)
            centres = self.weight if self._every_centre is None else self._every_centre
            return self.scale * cosines(embedding.float(), centres.float())

    def _two_columns(self, embedding: Tensor, label: Tensor) -> Tensor:
        everybody, start = joined(embedding)
        own = joined(label)[0] - self.first
        held = (own >= 0) & (own < len(self.weight))
        rows = self._sample(torch.unique(own[held]))
        own = torch.searchsorted(rows, own.where(held, rows[0]))[:, None]
        centres = self.weight.index_select(0, rows).float()
        processes = place()[1]
        if processes > 1 and centres.requires_grad:
            # These gradients are of the sum of the processes' losses; the other parameters get their mean from DDP.
            centres.register_hook(lambda gradient: gradient / processes)  # type: ignore[no-untyped-call]
        cosine = cosines(everybody, centres)
        right = self.scale * (turned(cosine.gather(1, own), self.angle) - self.margin)[:, 0]
        column = torch.arange(len(rows), device=own.device)
        others = (self.scale * cosine).masked_fill((column == own) & held[:, None], -math.inf)
        top = highest(others.amax(1))
        parts = total(torch.stack([right.where(held, 0), (others - top[:, None]).exp().sum(1)], 1))
        columns = torch.stack([parts[:, 0], top + parts[:, 1].log()], 1)
        return columns[start : start + len(embedding)]

    def _sample(self, needed: Tensor) -> Tensor:
        """Rows of the weight in order: the needed ones, and by lot as many others as make up the sample."""
        count = min(max(math.ceil(self.sample_rate * len(self.weight)), len(needed) + 1), len(self.weight))
        lots = torch.rand(len(self.weight), device=self.weight.device)
        lots[needed] = 2.0
        return lots.topk(count).indices.sort().values

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.shared:  # every process asks at once: see Trainer.save_checkpoint
            destination[f"{prefix}weight"] = self.whole(self.weight.detach())

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *arguments: Any) -> None:
        weight = state_dict.get(f"{prefix}weight")
        if self.shared and weight is not None and len(weight) == self.identities:
            state_dict = {**state_dict, f"{prefix}weight": self.part(weight)}
        super()._load_from_state_dict(state_dict, prefix, *arguments)
