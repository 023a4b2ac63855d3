"""Whoever is asked: a recogniser, one of its trainings."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.recognition.metrics import ranks
from bareface.recognition.recogniser import Recogniser


class Answers(NamedTuple):
    """Of N photos in one condition.

    Attributes:
        predicted: (N,) int64 identities of the recogniser; -1 where it does not know whose photo it is.
        rank: (N,) int64, identities that score at least as high as the right one; -1 likewise.
        loss: (N,) float32 cross-entropy; NaN likewise.
        embedding: (N, D) float32.
    """

    predicted: Tensor
    rank: Tensor
    loss: Tensor
    embedding: Tensor


class Respondent(nn.Module):
    """A recogniser with one of its seeds. It is asked by name: its labels and the data's are numbered as they like.

    Args:
        name: What the study calls the recogniser.
        seed: Which of its trainings this is: 0, 1, ...
        recogniser: The training.
        identities: Names of the labels of the data.

    Attributes:
        names: Names of what ``Answers.predicted`` holds; empty where the recogniser scores nobody, or knows nobody of
            the data, who then need not be scored.
    """

    own: Tensor

    def __init__(self, name: str, seed: int, recogniser: Recogniser, identities: Sequence[str]) -> None:
        super().__init__()
        self.called, self.seed, self.recogniser = name, seed, recogniser
        scored = recogniser.identities if recogniser.head.scores_identities else ()
        known = {identity: number for number, identity in enumerate(scored)}
        own = [known.get(identity, -1) for identity in identities]
        self.names = tuple(scored) if max(own, default=-1) >= 0 else ()
        self.register_buffer("own", torch.tensor(own, dtype=torch.int64), persistent=False)

    def forward(self, image: Tensor, content: Tensor, label: Tensor) -> Answers:
        """Asks, with one pass of the backbone.

        Args:
            image: (N, 3, H, W) RGB in [0, 255].
            content: (N, 4) as ``Recogniser.embed``.
            label: (N,) labels of the data.
        """
        features = self.recogniser.features(image, content)
        embedding = self.recogniser.embedding_of(features.float())
        own = self.own[label]
        if not self.names:
            return Answers(own, own, torch.full(own.shape, torch.nan, device=own.device), embedding)
        logits, right = self.recogniser.head(features).float(), own.clamp(min=0)
        known, loss = own >= 0, F.cross_entropy(logits, right, reduction="none")
        return Answers(
            torch.where(known, logits.argmax(1), -1),
            torch.where(known, ranks(logits, right), -1),
            torch.where(known, loss, torch.nan),
            embedding,
        )
