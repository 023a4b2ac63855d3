"""Components and distances of binary mattes: batched, on the device that the mattes are on."""

import cv2
import torch
from torch import Tensor
from torch.nn import functional as F


def largest_component(mask: Tensor) -> Tensor:
    """Keeps the largest connected part of each picture (8 neighbours).

    Of equal parts, the one whose first pixel comes first, row by row. On a CPU OpenCV labels the parts, elsewhere the
    device does; both find the same.

    Args:
        mask: (N, H, W) bool.

    Returns:
        (N, H, W) bool; an empty picture stays empty.
    """
    return largest_by_opencv(mask) if mask.device.type == "cpu" else largest_by_rounds(mask)


def fill_holes(mask: Tensor) -> Tensor:
    """Sets what is enclosed: pixels from which no path of 4 neighbours leads out of the picture.

    Args:
        mask: (N, H, W) bool.

    Returns:
        (N, H, W) bool.
    """
    return filled_by_opencv(mask) if mask.device.type == "cpu" else filled_by_rounds(mask)


def largest_by_opencv(mask: Tensor) -> Tensor:
    """``largest_component`` of a mask on the CPU."""
    tall = _tall(mask)
    count, found = cv2.connectedComponents(tall.numpy(), connectivity=8, ltype=cv2.CV_32S)
    labels, pictures = torch.from_numpy(found), len(mask)
    picture = (torch.arange(len(tall) - 1, dtype=torch.int32) // (mask.shape[1] + 1))[:, None]
    area = torch.bincount((labels[1:] * pictures).add_(picture).view(-1), minlength=count * pictures)
    area = area.view(count, pictures)
    area[0] = 0
    most = area.max(0)
    best = torch.where(most.values > 0, most.indices, -1).int()
    labels = _pictures(labels, pictures)
    equal = (area == most.values) & (most.values > 0)
    for row in (equal.sum(0) > 1).nonzero().flatten().tolist():  # rare
        own = labels[row].reshape(-1)
        best[row] = own[equal[own, row].nonzero()[0]]
    return labels == best[:, None, None]


def largest_by_rounds(mask: Tensor) -> Tensor:
    """``largest_component`` on any device."""
    labels = _labels(mask, diagonal=True)
    area = torch.bincount(labels.view(-1))
    area[0] = 0
    size = area[labels]
    best = size.amax((1, 2), keepdim=True)
    number = labels * (size == best)
    return (labels == number.amax((1, 2), keepdim=True)) & mask


def filled_by_opencv(mask: Tensor) -> Tensor:
    """``fill_holes`` of a mask on the CPU."""
    tall = 1 - _tall(mask)
    cv2.floodFill(tall.numpy(), None, (0, 0), 2, flags=4)  # in place: the frames are one with all that is outside
    return _pictures(tall, len(mask)) != 2


def filled_by_rounds(mask: Tensor) -> Tensor:
    """``fill_holes`` on any device."""
    around = F.pad(~mask, (1, 1, 1, 1), value=True)
    labels = _labels(around, diagonal=False)
    return ~(labels == labels[:, :1, :1])[:, 1:-1, 1:-1]


def _tall(mask: Tensor) -> Tensor:
    """All pictures one below the other in one, with frames of nothing around them: one call for a whole batch."""
    pictures, height, width = mask.shape
    framed = torch.zeros(pictures * (height + 1) + 1, width + 2, dtype=torch.uint8)
    _pictures(framed, pictures)[:] = mask
    return framed


def _pictures(tall: Tensor, count: int) -> Tensor:
    """The pictures in what ``_tall`` made, (N, H, W)."""
    return tall[1:].view(count, -1, tall.shape[1])[:, :-1, 1:-1]


def _labels(mask: Tensor, diagonal: bool) -> Tensor:
    """One number for each connected part of each picture, (N, H, W) int64; 0 where nothing is set.

    Pixels are numbered downwards, so that the highest number of a part is that of its first pixel. Every pixel takes
    the highest number near it and then the number that this one has by now, until nothing changes: the distance
    covered doubles with each round.
    """
    own = torch.arange(mask.numel(), 0, -1, device=mask.device).view_as(mask) * mask
    labels = own
    while True:
        across = _spread(labels, 2)
        near = _spread(across, 1) if diagonal else torch.maximum(across, _spread(labels, 1))
        following = near * mask
        table = F.pad(following.view(-1).flip(0), (1, 0))
        following = table[table[following]]
        if torch.equal(following, labels):
            return labels
        labels = following


def _spread(labels: Tensor, axis: int) -> Tensor:
    side, result = labels.shape[axis], labels.clone()
    for target, source in ((1, 0), (0, 1)):
        there = result.narrow(axis, target, side - 1)
        torch.maximum(there, labels.narrow(axis, source, side - 1), out=there)
    return result


def squared_distance(seeds: Tensor, reach: int) -> Tensor:
    """Square of the Euclidean distance of every pixel to the nearest seed of its picture.

    Args:
        seeds: (N, H, W) bool.
        reach: Largest distance of interest in pixels, up to 30,000.

    Returns:
        (N, H, W) int16, or int32 from a reach of 128 on; exact up to ``reach`` squared, somewhere above it beyond.
    """
    kind = torch.int16 if reach < 128 else torch.int32  # twice its square must fit
    far = reach + 1
    rows = seeds.logical_not().to(kind).mul_(far)
    step = 1
    while step < far:  # sums of 1, 2, 4, ... are all distances along a column
        _lower(rows, rows, 1, step, step)
        step *= 2
    rows.clamp_(max=far)
    squares = rows * rows
    result = squares.clone()
    for step in range(1, min(reach, seeds.shape[2] - 1) + 1):
        _lower(result, squares, 2, step, step * step)
    return result


def _lower(result: Tensor, source: Tensor, axis: int, step: int, cost: int) -> None:
    """Lets each pixel take what is ``step`` pixels away on either side, at a cost, where that is less."""
    rest = result.shape[axis] - step
    if rest <= 0:
        return
    dearer = source + cost
    for target, start in ((step, 0), (0, step)):
        there = result.narrow(axis, target, rest)
        torch.minimum(there, dearer.narrow(axis, start, rest), out=there)
