"""Pictures with masks, for people to look at. Arrays in, arrays out."""

import colorsys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bareface.data.mask import IGNORE
from bareface.segmentation.confusion import iou

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

ERROR: Colour = (255, 0, 0)
"""Colour of pixels where the prediction differs from the truth; nothing else in an error picture is coloured."""
STRIPES = (150, 185)
"""Grey values of the stripes that stand for ignored pixels."""
KNOWN: tuple[Colour, ...] = ((0, 0, 0), (0, 200, 170), (230, 60, 190))


def colours(classes: int) -> list[Colour]:
    """A colour for each class: black for the background, teal for the face, magenta for the hair, then others."""
    further = (colorsys.hsv_to_rgb((0.12 + 0.618034 * index) % 1, 0.75, 0.95) for index in range(classes - len(KNOWN)))
    rest = [(round(red * 255), round(green * 255), round(blue * 255)) for red, green, blue in further]
    return [*KNOWN, *rest][:classes]


def stripes(height: int, width: int) -> Picture:
    """Diagonal grey stripes, (H, W, 3): what ignored pixels look like."""
    rows, columns = np.indices((height, width))
    grey = np.where((rows + columns) // 4 % 2, STRIPES[0], STRIPES[1]).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def overlay(image: Picture, mask: NDArray[np.uint8], classes: int, strength: float = 0.5) -> Picture:
    """The picture with the classes as translucent colours, the background as it is, ignored pixels striped.

    Args:
        image: (H, W, 3) RGB.
        mask: (H, W) class indices, 255 = ignore.
        classes: Number of classes.
        strength: Share of the colour, 0 to 1.

    Returns:
        (H, W, 3) RGB.

    Raises:
        ValueError: Picture and mask differ in size, or the mask has values that are neither a class nor 255.
    """
    _check(image, mask, classes)
    table = np.zeros((256, 3))
    table[:classes] = colours(classes)
    mixed = np.round(image * (1 - strength) + table[mask] * strength).astype(np.uint8)
    result = np.where((mask == 0)[..., None], image, mixed)
    return np.where((mask == IGNORE)[..., None], stripes(*mask.shape), result)


def errors(image: Picture, prediction: NDArray[np.uint8], truth: NDArray[np.uint8]) -> Picture:
    """The picture in grey, and ``ERROR`` exactly where the prediction differs from the truth; ignored pixels striped.

    Args:
        image: (H, W, 3) RGB.
        prediction: (H, W) class indices.
        truth: (H, W) class indices, 255 = ignore.

    Returns:
        (H, W, 3) RGB.
    """
    grey = np.round(image.mean(axis=2) * 0.6 + 255 * 0.25).astype(np.uint8)
    result = np.repeat(grey[..., None], 3, axis=2)
    result[prediction != truth] = ERROR
    return np.where((truth == IGNORE)[..., None], stripes(*truth.shape), result)


def comparison(
    image: Picture, truth: NDArray[np.uint8], prediction: NDArray[np.uint8], classes: int
) -> tuple[Picture, Picture, Picture, Picture]:
    """Picture, ground truth, prediction and errors. What the truth ignores is ignored in the prediction, too."""
    _check(image, prediction, classes)
    shown = np.where(truth == IGNORE, truth, prediction)
    return (
        image,
        overlay(image, truth, classes),
        overlay(image, shown, classes),
        errors(image, prediction, truth),
    )


def quality(matrix: Tensor, classes: Sequence[str]) -> str:
    """The mean IoU of one picture as ``miou_per_image`` counts it, and the IoU of each class that there is.

    Args:
        matrix: (C, C) counts; rows are the truth, columns the prediction.
        classes: Names of the classes.

    >>> import torch
    >>> quality(torch.tensor([[1, 1, 0], [0, 1, 0], [0, 0, 0]]), ("background", "face", "hair"))
    'mean IoU 0.50: background 0.50, face 0.50'
    """
    each = dict(zip(classes, iou(matrix).tolist(), strict=True))
    present = {name: value for name, value in each.items() if value == value}  # NaN: neither there nor predicted
    mean = sum(present.values()) / len(present) if present else float("nan")
    return f"mean IoU {mean:.2f}: " + ", ".join(f"{name} {value:.2f}" for name, value in present.items())


def legend(classes: Sequence[str], wrong: bool) -> list[tuple[str, Colour | Picture]]:
    """Names and colours of what is coloured: every class but the background, ignored pixels (striped), wrong ones.

    >>> [name for name, _ in legend(("background", "face"), wrong=False)]
    ['face', 'ignored']
    """
    named = list(zip(classes, colours(len(classes)), strict=True))[1:]
    return [*named, ("ignored", stripes(15, 15)), *([("wrong", ERROR)] if wrong else [])]


def _check(image: Picture, mask: NDArray[np.uint8], classes: int) -> None:
    if image.shape != (*mask.shape, 3):
        raise ValueError(f"picture {image.shape} and mask {mask.shape}: expected (H, W, 3) and (H, W).")
    unknown = np.unique(mask[(mask >= classes) & (mask != IGNORE)])
    if len(unknown):
        raise ValueError(f"mask value {unknown[0]}: expected 0 to {classes - 1}, or {IGNORE} for pixels to ignore.")
