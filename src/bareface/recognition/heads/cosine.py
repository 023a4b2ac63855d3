"""What heads that compare directions have in common."""

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.recognition.heads.head import Head

SHORTEST = 1e-6
"""Length below which a vector has no direction to speak of: the gradient of one of zeros is divided by it."""


def cosines(embedding: Tensor, centres: Tensor) -> Tensor:
    """Cosine of the angle between (N, D) embeddings and (C, D) centres: (N, C) in [-1, 1].

    A vector of zeros is at right angles to everything; one shorter than ``SHORTEST`` has smaller cosines.
    """
    return F.linear(F.normalize(embedding, eps=SHORTEST), F.normalize(centres, eps=SHORTEST)).clamp(-1, 1)


def turned(cosine: Tensor, angle: float) -> Tensor:
    """Cosine of an angle that is made larger by ``angle``, in radians.

    Where that would be more than a half turn, beyond which the cosine rises again, ``cos - angle * sin(angle)``
    takes its place: it goes on falling.

    Source: Deng et al., ArcFace, CVPR 2019, equation 3, and the fallback of its authors' code.
    """
    sine = (1 - cosine.square()).clamp(min=1e-12).sqrt()  # the root has no slope at 0
    further = cosine * math.cos(angle) - sine * math.sin(angle)
    return torch.where(cosine > -math.cos(angle), further, cosine - angle * math.sin(angle))


def check_margins(scale: float, **margins: float) -> None:
    """Makes sure that a head can learn.

    Raises:
        ValueError: The scale is not above 0, or a margin is negative or reaches a half turn.
    """
    if not scale > 0:
        raise ValueError(f"head.scale={scale}: expected more than 0, e.g. 64.")
    for name, margin in margins.items():
        if not 0 <= margin < math.pi:
            raise ValueError(f"head.{name}={margin}: expected 0 <= {name} < 3.14.")


class CosineHead(Head):
    """One centre or several an identity; scores are ``scale`` times the cosine between embedding and centre.

    All of it is computed in float32, whatever the precision of the training.

    Args:
        embedding_size: Length of an embedding.
        identities: Number of identities.
        scale: Of the logits; the paper's ``s``.
        centres: Of each identity; the nearest one counts.
    """

    def __init__(self, embedding_size: int, identities: int, scale: float, centres: int = 1) -> None:
        super().__init__(embedding_size, identities)
        self.scale, self.centres = scale, centres
        self.weight = nn.Parameter(0.01 * torch.randn(identities * centres, embedding_size))

    @abstractmethod
    def harder(self, cosine: Tensor, embedding: Tensor) -> Tensor:
        """What becomes of the (N, 1) cosines of the right identities in training; embedding (N, D) float32."""

    def forward(self, embedding: Tensor, label: Tensor | None = None) -> Tensor:
        """(N, identities) float32 logits in [-scale, scale]; with a label, lower ones for the right identities."""
        with torch.autocast(embedding.device.type, enabled=False):
            embedding = embedding.float()
            cosine = cosines(embedding, self.weight.float())
            if self.centres > 1:
                cosine = cosine.reshape(len(cosine), -1, self.centres).amax(2)
            if label is not None:
                right = label[:, None]
                cosine = cosine.scatter(1, right, self.harder(cosine.gather(1, right), embedding))
            return self.scale * cosine
