"""Focal loss."""

from torch import Tensor

from bareface.segmentation.losses.class_weight import ClassWeightedLoss, Weight
from bareface.segmentation.losses.target import counted


class FocalLoss(ClassWeightedLoss):
    """Cross-entropy in which a pixel counts the less the surer and righter its score is.

    With p the probability of the true class, the weighted mean of ``-(1 - p)^gamma log p`` over the pixels that are
    not ignored; 0 where all of them are. ``gamma`` 0 is cross-entropy.

    Args:
        gamma: How much sure pixels are discounted.
        weight: The paper's alpha: one factor a class, ``balanced`` or None; see ``ClassWeightedLoss``.

    Raises:
        ValueError: ``gamma`` is below 0.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        float32.

    Source: Lin et al., Focal loss for dense object detection, ICCV 2017, equation 5, over the softmax.
    """

    def __init__(self, gamma: float = 2.0, weight: Weight = None) -> None:
        super().__init__(weight)
        if gamma < 0:
            raise ValueError(f"loss.gamma={gamma}: expected at least 0.")
        self.gamma = gamma

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        scores, labels = counted(logits, target)
        weight = self.factors(logits)[labels]
        log = scores.log_softmax(1).gather(1, labels[:, None])[:, 0]
        missing = (-log.expm1()).clamp(min=1e-12)  # 1 - p without cancellation; its power needs a gradient at p = 1
        return (weight * missing**self.gamma * -log).sum() / weight.sum().clamp(min=1e-12)
