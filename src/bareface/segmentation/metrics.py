"""Segmentation quality from one confusion matrix over all pixels, and its per-picture mean."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

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


class SegmentationMetrics(Metric):
    """The figures of a segmenter on one stage.

    ``miou``, ``iou/<class>``, ``dice`` and ``accuracy`` come from one confusion matrix over all pixels of all pictures;
    ``miou_per_image`` is the mean over pictures of each picture's own mean IoU. Classes that neither occur nor are
    predicted are left out of every mean. ``support/<class>`` is the number of pixels. Ignored pixels never count. With
    no pixel at all every figure is NaN.

    Args:
        classes: Names of the classes 0, 1, ...
    """

    full_state_update = False
    matrix: Tensor
    summed: Tensor
    pictures: Tensor

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__()
        self.classes = tuple(classes)
        count = len(self.classes)
        self.add_state("matrix", torch.zeros(count, count, dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("summed", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("pictures", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, prediction: Tensor, target: Tensor) -> None:
        """Adds a batch: (N, H, W) class indices each, 255 in ``target`` = ignore."""
        each = confusion(prediction, target, len(self.classes))
        mean = iou(each).nanmean(-1)
        self.matrix += each.sum(0)
        self.summed += mean.nansum()
        self.pictures += (~mean.isnan()).sum()

    def compute(self) -> dict[str, Tensor]:
        """All figures, float32 scalars."""
        per_class = iou(self.matrix)
        result = {
            "miou": per_class.nanmean(),
            "miou_per_image": self.summed / self.pictures,
            "dice": dice(self.matrix).nanmean(),
            "accuracy": self.matrix.diagonal().sum() / self.matrix.sum(),
        }
        for name, value, support in zip(self.classes, per_class, self.matrix.sum(1), strict=True):
            result[f"iou/{name}"] = value
            result[f"support/{name}"] = support
        return {name: value.float() for name, value in result.items()}
