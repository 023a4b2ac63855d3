"""Noise that a photo keeps: drawn from its key, on whatever device and in whatever batch."""

import functools

import torch
from torch import Tensor

from bareface.pipeline.photos import Photos

SIDE = 1021
"""Of the one field of noise, in pixels; a prime, so that no canvas repeats it evenly."""


@functools.cache
def _field(device: torch.device) -> Tensor:
    """(3, SIDE, SIDE) float32, uniform in [0, 1): the same on every machine."""
    return torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)).to(device)


def noise(photos: Photos, purpose: str) -> Tensor:
    """Noise for each photo, (N, 3, H, W) float32, uniform in [0, 1): a window of one field, where its key says.

    Args:
        photos: For whom.
        purpose: Another one, another window.
    """
    height, width = photos.image.shape[2:]
    start = photos.draw(purpose)
    rows = (start[:, None] % SIDE + torch.arange(height, device=start.device)) % SIDE
    columns = (start[:, None] // SIDE + torch.arange(width, device=start.device)) % SIDE
    return _field(start.device)[:, rows[:, :, None], columns[:, None, :]].movedim(0, 1)
