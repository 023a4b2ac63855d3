"""AdaFace."""

import math

import torch
from torch import Tensor

from bareface.recognition.heads.cosine import CosineHead, check_margins


class AdaFace(CosineHead):
    """A margin that depends on how good a picture is, for which the length of its embedding stands.

    Lengths are compared with their mean and standard deviation, both moving averages over training batches. Above the
    average a picture gets a margin like CosFace's, so that a hard one counts more; below, one that spares it.
    A batch of one picture has no deviation and leaves the averages as they are.

    Args:
        embedding_size: Length D of an embedding.
        identities: Number of identities.
        scale: Of the logits.
        margin: The paper's ``m``.
        concentration: The paper's ``h``: deviations from the mean times this, at most 1, make the quality.
        momentum: Share of the averages that a batch replaces.

    Source: Kim et al., AdaFace, CVPR 2022, equations 15 to 17.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        embedding_size: int,
        identities: int,
        scale: float = 64.0,
        margin: float = 0.4,
        concentration: float = 0.333,
        momentum: float = 0.01,
    ) -> None:
        check_margins(scale, margin=margin)
        if not concentration > 0 or not 0 <= momentum <= 1:
            rule = "expected above 0, and 0 to 1"
            raise ValueError(f"head.concentration={concentration}, head.momentum={momentum}: {rule}.")
        super().__init__(embedding_size, identities, scale)
        self.margin, self.concentration, self.momentum = margin, concentration, momentum
        self.register_buffer("mean", torch.tensor(20.0))  # where the authors' training begins
        self.register_buffer("deviation", torch.tensor(100.0))

    def harder(self, cosine: Tensor, embedding: Tensor) -> Tensor:
        """cos(theta - margin * quality) - (margin + margin * quality), quality in [-1, 1]."""
        quality = self._quality(embedding)
        theta = cosine.clamp(-1 + 1e-3, 1 - 1e-3).acos()  # no slope is without bounds
        turned = (theta - self.margin * quality).clamp(1e-3, math.pi - 1e-3)
        return turned.cos() - (self.margin + self.margin * quality)

    @torch.no_grad()
    def _quality(self, embedding: Tensor) -> Tensor:
        norm = embedding.norm(dim=1, keepdim=True).clamp(1e-3, 100)
        if len(norm) > 1:
            self.mean.lerp_(norm.mean(), self.momentum)
            self.deviation.lerp_(norm.std(), self.momentum)
        quality: Tensor = (norm - self.mean) / (self.deviation + 1e-3) * self.concentration
        return quality.clamp(-1, 1)
