"""Several losses as one."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class WeightedSumLoss(nn.Module):
    """The sum of losses, each times its weight.

    Args:
        losses: Losses by name.
        weights: A factor for each of the names.

    Raises:
        ValueError: There is no loss, the names of the two differ, or a weight is below 0.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        float32.
    """

    def __init__(self, losses: Mapping[str, nn.Module], weights: Mapping[str, float]) -> None:
        super().__init__()
        if not losses or losses.keys() != weights.keys():
            named = f"loss.losses={list(losses)}, loss.weights={list(weights)}"
            raise ValueError(f"{named}: expected the same names in both, at least one.")
        for name, weight in weights.items():
            if not 0 <= weight < float("inf"):
                raise ValueError(f"loss.weights.{name}={weight}: expected a number of at least 0.")
        self.losses = nn.ModuleDict(losses)
        self.weights = dict(weights)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        return torch.stack([self.weights[name] * loss(logits, target) for name, loss in self.losses.items()]).sum()
