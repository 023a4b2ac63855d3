"""How well outlines agree: boundary IoU and the 95 % Hausdorff distance."""

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from bareface.data.mask import IGNORE

WIDTH = 0.02
"""Width of the band that boundary IoU looks at, as a share of the picture's diagonal."""


def boundary_counts(prediction: Tensor, target: Tensor, classes: int) -> Tensor:
    """Intersection and union of the bands along the outlines, for each picture and class.

    The band of a class is those of its pixels that are nearer than ``WIDTH`` of the diagonal (at least one pixel) to a
    pixel of another class or to the picture's edge. Ignored pixels make no outline and are not counted. A class that is
    there, or predicted, and touches nothing but ignored pixels has no band: nothing is counted of it in that picture.

    Args:
        prediction: (N, H, W) class indices in [0, classes).
        target: (N, H, W) class indices in [0, classes) or 255 = not counted.
        classes: Number of classes.

    Returns:
        (N, classes, 2) int64.

    Source: Cheng et al., Boundary IoU, CVPR 2021, equation 2, with the square neighbourhood of its reference code.
    """
    width = max(1, round(WIDTH * math.hypot(*target.shape[1:])))
    ignored = target == IGNORE
    counts = []
    for index in range(classes):
        masks = [(mask == index) & ~ignored for mask in (prediction, target)]
        found, shown = (_band(mask, ignored, width) for mask in masks)
        lost = [mask.any(2).any(1) & ~band.any(2).any(1) for mask, band in zip(masks, (found, shown), strict=True)]
        both = torch.stack([(found & shown).sum((1, 2)), (found | shown).sum((1, 2))], 1)
        counts.append(both * ~(lost[0] | lost[1])[:, None])
    return torch.stack(counts, 1)


def _band(mask: Tensor, ignored: Tensor, width: int) -> Tensor:
    return mask & ~_eroded(mask | ignored, width)


def _eroded(mask: Tensor, width: int) -> Tensor:
    """Pixels whose whole square of 2 * width + 1 pixels is set; beyond the picture nothing is. Costs the same for any
    width.
    """
    side = 2 * width + 1
    for axis in (1, 2):
        margin = [0, 0, 0, 0]
        margin[2 * (2 - axis) : 2 * (2 - axis) + 2] = [width + 1, width]
        total = F.pad(mask.int(), margin).cumsum(axis, dtype=torch.int32)
        mask = total.narrow(axis, side, mask.shape[axis]) - total.narrow(axis, 0, mask.shape[axis]) == side
    return mask


def boundary_iou(counts: Tensor) -> Tensor:
    """Boundary IoU per class, (..., C) float64, of (..., C, 2) counts; NaN for a class without any outline."""
    return counts[..., 0].double() / counts[..., 1]


def hausdorff95(prediction: Tensor, target: Tensor, classes: int) -> Tensor:
    """95 % Hausdorff distance between the outlines of prediction and truth, for each picture and class.

    The larger of two numbers: what 95 % of the predicted outline's pixels are at most away from the true outline, and
    the reverse. An outline is the pixels of a class that touch another class, by an edge, or the picture's border;
    ignored pixels make no outline and are not part of one. Computed on the CPU, picture by picture.

    Args:
        prediction: (N, H, W) class indices in [0, classes).
        target: (N, H, W) class indices in [0, classes) or 255 = not counted.
        classes: Number of classes.

    Returns:
        (N, classes) float64 in pixels; the picture's diagonal where a class is there and not predicted, or the reverse;
        NaN where it is neither, and where it touches nothing but ignored pixels on either side, so that it has no
        outline there.

    Source: Huttenlocher et al., Comparing images using the Hausdorff distance, 1993; percentile as MONAI's.
    """
    found, shown = (value.to(torch.uint8).cpu().numpy() for value in (prediction, target))
    distances = np.full((len(found), classes), np.nan)
    for row, (answer, truth) in enumerate(zip(found, shown, strict=True)):
        ignored = truth == IGNORE
        for index in range(classes):
            masks = [(mask == index) & ~ignored for mask in (answer, truth)]
            outlines = [_outline(mask, ignored) for mask in masks]
            if all(outline.any() == mask.any() for outline, mask in zip(outlines, masks, strict=True)):
                distances[row, index] = _distance(*outlines)
    return torch.from_numpy(distances)


_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def _outline(mask: NDArray[np.bool_], ignored: NDArray[np.bool_]) -> NDArray[np.bool_]:
    solid = (mask | ignored).astype(np.uint8)
    inner = cv2.erode(solid, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(mask & (inner == 0))


def _distance(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    if not first.any() or not second.any():
        return math.hypot(*first.shape) if first.any() or second.any() else math.nan
    rows, columns = (np.flatnonzero((first | second).any(axis)) for axis in (1, 0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    first, second = first[window], second[window]
    return max(_directed(first, second), _directed(second, first))


def _directed(start: NDArray[np.bool_], end: NDArray[np.bool_]) -> float:
    away = cv2.distanceTransform((~end).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float(np.percentile(away[start], 95))
