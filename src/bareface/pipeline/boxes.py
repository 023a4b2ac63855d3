"""The box around a foreground, and what to put there: batched, on the device."""

import torch
from torch import Tensor

from bareface.pipeline.photos import Photos


def box_of(matte: Tensor) -> Tensor:
    """The smallest box around what a matte holds.

    Args:
        matte: (N, 1, H, W) in [0, 1].

    Returns:
        (N, 4) int64 top, left, height, width; all 0 where the matte is empty.
    """
    found = matte[:, 0] > 0
    edges = []
    for axis, side in ((2, matte.shape[2]), (1, matte.shape[3])):
        there = found.any(axis)
        place = torch.arange(side, device=matte.device)
        first = torch.where(there, place, side).amin(1)
        extent = torch.where(there, place, -1).amax(1) + 1 - first
        edges.append((first, extent))
    (top, height), (left, width) = edges
    return torch.stack([top, left, height, width], 1) * (height > 0)[:, None]


def strip_beside(box: Tensor, content: Tensor) -> Tensor:
    """The largest of the four strips of a photo above, left of, below and right of a box.

    Args:
        box: (N, 4) top, left, height, width.
        content: (N, 4) of the photo in its canvas.

    Returns:
        (N, 4) top, left, height, width; height or width is 0 where the box leaves nothing of the photo.
    """
    top, left, tall, wide = content.to(box.device, torch.int64).unbind(1)
    box_top, box_left, box_tall, box_wide = box.unbind(1)
    below, right = box_top + box_tall, box_left + box_wide
    strips = torch.stack(
        [
            torch.stack([top, left, box_top - top, wide], 1),
            torch.stack([top, left, tall, box_left - left], 1),
            torch.stack([below, left, top + tall - below, wide], 1),
            torch.stack([top, right, tall, left + wide - right], 1),
        ],
        1,
    )
    largest = (strips[..., 2] * strips[..., 3]).argmax(1)
    return strips[torch.arange(len(box), device=box.device), largest]


def tiled(photos: Photos, box: Tensor) -> Tensor:
    """Each photo with a box filled by copies of the largest strip of it that the box leaves, side by side.

    Args:
        photos: N photos.
        box: (N, 4) top, left, height, width.

    Returns:
        (N, 3, H, W); where a box leaves nothing, its photo as it is.

    Source: Xiao et al., Noise or signal, ICLR 2021: Only-BG-T.
    """
    image, strip = photos.image, strip_beside(box, photos.content)
    inner, axes = [], []
    for axis in (0, 1):
        place = torch.arange(image.shape[2 + axis], device=image.device)
        start, extent = strip[:, axis, None], strip[:, 2 + axis, None].clamp(min=1)
        inner.append((place >= box[:, axis, None]) & (place < box[:, axis, None] + box[:, 2 + axis, None]))
        axes.append(start + (place - start) % extent)
    number = torch.arange(len(image), device=image.device)[:, None, None]
    copies = image.movedim(1, 3)[number, axes[0][:, :, None], axes[1][:, None, :]].movedim(3, 1)
    filled = inner[0][:, :, None] & inner[1][:, None, :] & (strip[:, 2:].amin(1) > 0)[:, None, None]
    return torch.where(filled[:, None], copies, image)
