"""What pixels were taken for, and how much of each class was found."""

import torch
from torch import Tensor

from bareface.data.mask import IGNORE


def confusion(prediction: Tensor, target: Tensor, classes: int) -> Tensor:
    """Counts pixels by class, for each picture.

    Args:
        prediction: (N, H, W) class indices in [0, classes).
        target: (N, H, W) class indices in [0, classes) or 255 = not counted.
        classes: Number of classes.

    Returns:
        (N, classes, classes) int64; rows are the truth, columns the prediction.

    Raises:
        ValueError: A target value is neither a class nor 255.
    """
    pictures = target.shape[0]
    target, prediction = target.reshape(pictures, -1).long(), prediction.reshape(pictures, -1).long()
    counted = target != IGNORE
    if bool((target[counted] >= classes).any()):
        worst = int(target[counted].max())
        raise ValueError(f"mask value {worst}: expected 0 to {classes - 1}, or {IGNORE} for pixels to ignore.")
    picture = torch.arange(pictures, device=target.device)[:, None]
    cell = (picture * classes + target) * classes + prediction
    return torch.bincount(cell[counted], minlength=pictures * classes**2).reshape(pictures, classes, classes)


def iou(matrix: Tensor) -> Tensor:
    """Intersection over union per class, (..., C) float64; NaN for a class that neither occurs nor is predicted."""
    hit = matrix.diagonal(dim1=-2, dim2=-1).double()
    return hit / (matrix.sum(-1) + matrix.sum(-2) - hit)


def dice(matrix: Tensor) -> Tensor:
    """Dice coefficient per class, (..., C) float64; NaN for a class that neither occurs nor is predicted."""
    hit = matrix.diagonal(dim1=-2, dim2=-1).double()
    return 2 * hit / (matrix.sum(-1) + matrix.sum(-2))
