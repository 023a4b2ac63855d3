"""Dice loss."""

import torch
from torch import Tensor, nn

from bareface.data.mask import IGNORE
from bareface.segmentation.losses.smoothing import check_smooth
from bareface.segmentation.losses.target import labels_of


class DiceLoss(nn.Module):
    """One minus the soft Dice coefficient, the mean over classes; every class counts the same, however small it is.

    Per class c, over all pixels of the batch that are not ignored, with p = softmax(logits):
    ``dice_c = (2 sum(p_c t_c) + smooth) / (sum(p_c) + sum(t_c) + smooth)``.
    A class that neither occurs nor is predicted scores 1, so it adds nothing to the loss.

    Args:
        smooth: Added to both sides of the fraction; 0 counts as 1e-12.

    Raises:
        ValueError: ``smooth`` is negative.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        in [0, 1], float32.

    Source: Milletari et al., V-Net, 2016, equation 2, without the squares; the 2019 report's loss (smooth 1).
    """

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__()
        self.smooth = check_smooth(smooth)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        labels = labels_of(logits, target)
        probability = logits.float().softmax(1)
        classes = torch.arange(logits.shape[1], device=target.device).view(1, -1, 1, 1)
        truth = labels.unsqueeze(1) == classes
        probability = probability * (labels != IGNORE).unsqueeze(1)
        overlap = (probability * truth).sum((0, 2, 3))
        total = probability.sum((0, 2, 3)) + truth.sum((0, 2, 3))
        return (1 - (2 * overlap + self.smooth) / (total + self.smooth)).mean()
