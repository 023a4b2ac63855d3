"""Losses that weigh the classes."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Weight = Sequence[float] | Literal["balanced"] | None


class ClassWeightedLoss(nn.Module):
    """Base of the losses with one factor a class.

    Args:
        weight: One factor a class, None for 1 each, or ``balanced``: whoever trains counts the pixels of the training
            masks and calls ``balance``. The weights are no part of a checkpoint.

    Raises:
        ValueError: Another word, or a factor below 0.
    """

    weight: Tensor | None

    def __init__(self, weight: Weight = None) -> None:
        super().__init__()
        self.balanced = weight == "balanced"
        if isinstance(weight, str) and not self.balanced:
            raise ValueError(f"loss.weight={weight}: expected one factor a class, balanced or null.")
        factors = None if weight is None or isinstance(weight, str) else torch.tensor(weight, dtype=torch.float32)
        if factors is not None and not bool((factors >= 0).all()):
            raise ValueError(f"loss.weight={weight}: expected factors of at least 0.")
        self.register_buffer("weight", factors, persistent=False)

    def balance(self, counts: Sequence[int], classes: Sequence[str]) -> None:
        """Sets the weights to all / (number of classes x pixels of the class), so that each class counts the same.

        Args:
            counts: Pixels of each class in the training masks.
            classes: Names of the classes.

        Raises:
            ValueError: A class never occurs.
        """
        absent = [name for name, count in zip(classes, counts, strict=True) if count == 0]
        if absent:
            remedy = "Give loss.weight as a list, or leave the class out of the data"
            raise ValueError(f"loss.weight=balanced: no pixel of {', '.join(absent)} in the training masks. {remedy}.")
        total = sum(counts)
        self.weight = torch.tensor([total / (len(counts) * count) for count in counts], dtype=torch.float32)

    def factors(self, logits: Tensor) -> Tensor:
        """The weights as (C,) float32.

        Raises:
            ValueError: Their number is not C, or they are ``balanced`` and ``balance`` was never called.
        """
        classes = logits.shape[1]
        if self.weight is None:
            if self.balanced:
                raise ValueError("loss.weight=balanced: the classes were not counted. Call balance before training.")
            return torch.ones(classes, device=logits.device)
        if len(self.weight) != classes:
            raise ValueError(f"loss.weight={self.weight.tolist()}: expected {classes} factors, one a class.")
        return self.weight
