"""Cross-entropy per pixel."""

from torch import Tensor
from torch.nn import functional as F

from bareface.data.mask import IGNORE
from bareface.segmentation.losses.class_weight import ClassWeightedLoss
from bareface.segmentation.losses.target import labels_of


class CrossEntropyLoss(ClassWeightedLoss):
    """Mean cross-entropy over the pixels that are not ignored, weighted by class; 0 where all of them are.

    Args:
        weight: One factor a class, ``balanced`` or None; see ``ClassWeightedLoss``.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        float32.
    """

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        labels, weight = labels_of(logits, target), self.factors(logits)
        summed = F.cross_entropy(logits.float(), labels, weight, ignore_index=IGNORE, reduction="sum")
        return summed / weight[labels[labels != IGNORE]].sum().clamp(min=1e-12)
