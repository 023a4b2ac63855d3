"""The one place where grey values become a network's input."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn


class Normalise(nn.Module):
    """Channel order, mean and standard deviation of a model's input.

    Args:
        mean: Subtracted from each channel, in grey values of 0 to 255, in the order of ``channels``.
        std: What each channel is then divided by, in grey values, in the order of ``channels``.
        channels: Order in which the network expects the channels.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float], channels: Literal["rgb", "bgr"] = "rgb") -> None:
        super().__init__()
        if channels not in ("rgb", "bgr"):
            raise ValueError(f"normalise.channels={channels}: expected rgb or bgr.")
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise ValueError(f"normalise.mean={list(mean)}, std={list(std)}: expected three numbers each, std above 0.")
        self.reverse = channels == "bgr"
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) RGB in [0, 255] to (N, 3, H, W) float32 as the network expects it."""
        image = image.flip(1) if self.reverse else image
        return (image.float() - self.mean) / self.std
