"""The photos of one batch, as conditions see them."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

NOBODY, UNREAD = -1, -2
"""Instead of a partner: there is none, and there is one that could not be read."""


@dataclass(frozen=True)
class Photos:
    """N photos on their canvases.

    Attributes:
        image: (N, 3, H, W) float32 RGB in [0, 255].
        content: (N, 4) top, left, height, width of each photo in its canvas; the rest is padding.
        key: N keys. What is random about a photo is drawn from its key: it is the same in every batch and process.
        same: (N,) int64, where in the batch another photo of the same identity is; ``NOBODY``, ``UNREAD``.
        other: (N,) int64, where in the batch a photo of another identity is; ``NOBODY``, ``UNREAD``.
    """

    image: Tensor
    content: Tensor
    key: Sequence[str]
    same: Tensor | None = None
    other: Tensor | None = None

    @cached_property
    def shown(self) -> Tensor:
        """(N, 1, H, W) float32, 1 on the photo and 0 on the padding of its canvas."""
        return inside(self.content, self.image.shape[2], self.image.shape[3])

    def draw(self, purpose: str) -> Tensor:
        """(N,) int64 in [0, 2^31): one number a photo, another one for another purpose."""
        numbers = [zlib.crc32(f"{purpose}/{key}".encode()) >> 1 for key in self.key]
        return torch.tensor(numbers, dtype=torch.int64, device=self.image.device)


def inside(content: Tensor, height: int, width: int) -> Tensor:
    """(N, 1, height, width) float32, 1 where the boxes of ``content`` are, 0 around them."""
    top, left, tall, wide = content.to(torch.int64)[:, :, None].unbind(1)
    row, column = torch.arange(height, device=content.device), torch.arange(width, device=content.device)
    rows, columns = (row >= top) & (row < top + tall), (column >= left) & (column < left + wide)
    return (rows[:, :, None] & columns[:, None, :])[:, None].float()
