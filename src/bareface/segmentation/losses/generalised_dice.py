"""Generalised Dice loss."""

from monai.losses.dice import GeneralizedDiceLoss as MonaiLoss
from torch import Tensor, nn

from bareface.segmentation.losses.smoothing import check_smooth
from bareface.segmentation.losses.target import counted, one_hot


class GeneralisedDiceLoss(nn.Module):
    """One minus the Dice coefficient of all classes together, each weighted by one over its squared size.

    Over all pixels of the batch that are not ignored, with p = softmax(logits) and ``w_c = 1 / sum(t_c)^2``:
    ``1 - (2 sum_c w_c sum(p_c t_c) + smooth) / (sum_c w_c (sum(p_c) + sum(t_c)) + smooth)``.
    A class that does not occur gets the weight of the smallest class that does. 0 where all pixels are ignored.

    Args:
        smooth: Added to both sides of the fraction; the weights make both very small, so this must be much smaller.
            0 counts as 1e-12.

    Raises:
        ValueError: ``smooth`` is negative.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        in [0, 1], float32.

    Source: Sudre et al., Generalised Dice overlap, DLMIA 2017; computed by MONAI.
    """

    def __init__(self, smooth: float = 1e-12) -> None:
        super().__init__()
        least = check_smooth(smooth)
        self.loss = MonaiLoss(softmax=True, batch=True, smooth_nr=least, smooth_dr=least)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        scores, labels = counted(logits, target)
        if not len(labels):
            return 0 * logits.float().sum()
        value: Tensor = self.loss(scores.T[None], one_hot(labels, logits.shape[1]).T[None])
        return value
