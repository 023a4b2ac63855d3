"""What every loss does with the target before it computes."""

import torch
from torch import Tensor

from bareface.data.mask import IGNORE


def labels_of(logits: Tensor, target: Tensor) -> Tensor:
    """The target as int64, checked.

    Args:
        logits: (N, C, H, W).
        target: (N, H, W) class indices in [0, C) or 255 = ignore, of any integer type.

    Raises:
        ValueError: The shapes do not go together, or a value is neither a class nor 255.
    """
    if logits.ndim != 4 or target.shape != (logits.shape[0], *logits.shape[2:]):
        shapes = f"logits of {tuple(logits.shape)} and target of {tuple(target.shape)}"
        raise ValueError(f"{shapes}: expected (N, C, H, W) and (N, H, W).")
    labels = target.long()
    wrong = labels[((labels >= logits.shape[1]) & (labels != IGNORE)) | (labels < 0)]
    if wrong.numel():
        rule = f"expected 0 to {logits.shape[1] - 1}, or {IGNORE} for pixels to ignore"
        raise ValueError(f"mask value {int(wrong[0])}: {rule}. Check the data set's codes and classes.")
    return labels


def counted(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The pixels that count.

    Args:
        logits: (N, C, H, W) floating point.
        target: (N, H, W) class indices in [0, C) or 255 = ignore.

    Returns:
        (P, C) float32 logits and (P,) int64 labels of the P pixels that are not ignored.

    Raises:
        ValueError: As ``labels_of``.
    """
    labels = labels_of(logits, target)
    keep = labels != IGNORE
    return logits.float().permute(0, 2, 3, 1)[keep], labels[keep]


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """(P,) labels to (P, classes) float32, 1 at the label."""
    return torch.nn.functional.one_hot(labels, classes).float()
