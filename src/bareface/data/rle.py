"""Masks as COCO writes them: polygons, run lengths, and run lengths packed into text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def decode(segmentation: Any, height: int, width: int) -> NDArray[np.bool_]:
    """The mask of an annotation.

    Args:
        segmentation: A list of polygons ``[x, y, x, y, ...]`` (their union), or ``{"size": [height, width], "counts":
            ...}`` with run lengths, as a list or packed.
        height: Of the picture in pixels.
        width: Of the picture in pixels.

    Returns:
        (height, width) bool.

    Raises:
        ValueError: It is neither, or does not fit the picture.

    Source: pycocotools, ``annToMask``. Run lengths agree with it in every pixel. A polygon covers the pixels whose
    centre lies in it; pycocotools rounds the outline in another way, which differs at the border alone.
    """
    if isinstance(segmentation, list):
        mask = np.zeros((height, width), bool)
        for polygon in segmentation:
            mask |= fill_polygon(polygon, height, width)
        return mask
    if not isinstance(segmentation, dict) or "counts" not in segmentation:
        raise ValueError(f"segmentation {str(segmentation)[:40]!r}: expected polygons or run lengths.")
    if list(segmentation.get("size", (height, width))) != [height, width]:
        raise ValueError(f"run lengths of size {segmentation['size']}, expected [{height}, {width}].")
    counts = segmentation["counts"]
    return fill_runs(unpack(counts) if isinstance(counts, str) else np.asarray(counts, np.int64), height, width)


def fill_runs(counts: NDArray[np.int64], height: int, width: int) -> NDArray[np.bool_]:
    """The mask of run lengths: column by column from the left, pixels outside first.

    Raises:
        ValueError: They do not sum to the number of pixels.

    >>> fill_runs(np.array([1, 2, 3]), 2, 3).astype(int)
    array([[0, 1, 0],
           [1, 0, 0]])
    """
    if counts.sum() != height * width or (counts < 0).any():
        raise ValueError(f"run lengths of {counts.sum()} pixels, expected {height} x {width} = {height * width}.")
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(width, height).T


def unpack(text: str) -> NDArray[np.int64]:
    """The run lengths in a text.

    Each character holds five bits above ``0``, and one that says that the number goes on; the lowest bits come first,
    the highest bit is the sign. From the fourth on, a number is the difference to the run length two before.

    Raises:
        ValueError: The text ends within a number, or has other characters.

    >>> unpack("5d07MP1").tolist()
    [5, 20, 7, 17, 39]
    """
    digits = np.frombuffer(text.encode(), np.uint8).astype(np.int64) - 48
    if len(digits) == 0 or digits.min() < 0 or digits.max() > 63 or digits[-1] & 32:
        raise ValueError(f"packed run lengths {text[:40]!r}: expected characters of 0 to o that end with a number.")
    lasts = np.flatnonzero(digits & 32 == 0)
    firsts = np.append(0, lasts[:-1] + 1)
    lengths = lasts - firsts + 1
    if lengths.max() > 12:
        raise ValueError(f"packed run lengths {text[:40]!r}: a number of more than 60 bits.")
    places = np.arange(len(digits)) - np.repeat(firsts, lengths)
    numbers = np.add.reduceat((digits & 31) << (5 * places), firsts)
    numbers -= np.where(digits[lasts] & 16, 1 << (5 * lengths), 0)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return np.asarray(numbers, np.int64)


def fill_polygon(points: Sequence[float], height: int, width: int) -> NDArray[np.bool_]:
    """The pixels whose centre is inside a polygon, by the even-odd rule.

    Args:
        points: x, y, x, y, ...; the centre of the pixel in the top left corner is (0.5, 0.5).
        height: Of the mask in pixels.
        width: Of the mask in pixels.

    Raises:
        ValueError: These are not at least three points.

    >>> fill_polygon([1, 0, 3, 0, 3, 2, 1, 2], 3, 4).astype(int)
    array([[0, 1, 1, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 0]])
    """
    if not isinstance(points, list) or len(points) < 6 or len(points) % 2:
        raise ValueError(f"polygon {str(points)[:40]}: expected at least three points x, y.")
    x, y = np.asarray(points, np.float64).reshape(-1, 2).T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    # the rows whose centre each edge crosses: from its upper end, included, to its lower one, excluded
    first = np.clip(np.ceil(np.minimum(y, next_y) - 0.5), 0, height).astype(np.int64)
    count = np.clip(np.ceil(np.maximum(y, next_y) - 0.5), 0, height).astype(np.int64) - first
    edge = np.repeat(np.arange(len(x)), count)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    crossing = x[edge] + (row + 0.5 - y[edge]) * (next_x - x)[edge] / (next_y - y)[edge]
    column = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)
    mask = np.zeros((height, width), bool)
    if len(row):
        top, left = row.min(), column.min()
        shape = (row.max() - top + 1, column.max() - left + 1)
        crossed = np.bincount((row - top) * shape[1] + column - left, minlength=shape[0] * shape[1]).reshape(shape)
        odd = (crossed & 1).astype(np.uint8)
        inside = np.bitwise_xor.accumulate(odd, axis=1)[:, :-1] == 1  # nothing is inside right of the last crossing
        mask[top : top + shape[0], left : left + shape[1] - 1] = inside
    return mask
