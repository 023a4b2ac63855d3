"""Tversky loss."""

from torch import Tensor, nn

from bareface.segmentation.losses.smoothing import check_smooth
from bareface.segmentation.losses.target import counted, one_hot


class TverskyLoss(nn.Module):
    """Dice loss in which pixels too many and pixels too few cost differently.

    Per class c, over all pixels of the batch that are not ignored, with p = softmax(logits) and hits ``sum(p_c t_c)``:
    ``index_c = (hits + smooth) / (hits + alpha sum(p_c (1 - t_c)) + beta sum((1 - p_c) t_c) + smooth)``;
    the loss is the mean of ``(1 - index_c)^gamma``. ``alpha = beta = 0.5`` is Dice with half the smoothing. A class
    that neither occurs nor is predicted adds nothing.

    Args:
        alpha: Cost of a pixel that is wrongly given to a class.
        beta: Cost of a pixel that is wrongly withheld from it.
        gamma: 1 is the Tversky loss; below 1, the focal Tversky loss, classes that are nearly right keep a gradient.
        smooth: Added to both sides of the fraction; 0 counts as 1e-12.

    Raises:
        ValueError: A cost is negative or both are 0, gamma is not above 0, or ``smooth`` is negative.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        in [0, 1], float32.

    Source: Salehi et al., Tversky loss function, MLMI 2017, equation 3; Abraham and Khan, ISBI 2019, equation 4.
    """

    def __init__(self, alpha: float = 0.3, beta: float = 0.7, gamma: float = 1.0, smooth: float = 1.0) -> None:
        super().__init__()
        if min(alpha, beta) < 0 or alpha + beta == 0:
            raise ValueError(f"loss.alpha={alpha}, loss.beta={beta}: expected at least 0 each, and one above.")
        if gamma <= 0:
            raise ValueError(f"loss.gamma={gamma}: expected above 0.")
        self.alpha, self.beta, self.gamma, self.smooth = alpha, beta, gamma, check_smooth(smooth)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        scores, labels = counted(logits, target)
        probability, truth = scores.softmax(1), one_hot(labels, logits.shape[1])
        hits = (probability * truth).sum(0)
        excess, lack = probability.sum(0) - hits, truth.sum(0) - hits
        index = (hits + self.smooth) / (hits + self.alpha * excess + self.beta * lack + self.smooth)
        return ((1 - index).clamp(min=1e-12) ** self.gamma).mean()
