"""Cross-entropy that looks at the boundary."""

import torch
from torch import Tensor
from torch.nn import functional as F

from bareface.data.mask import IGNORE
from bareface.segmentation.losses.class_weight import ClassWeightedLoss, Weight
from bareface.segmentation.losses.target import labels_of


class BoundaryLoss(ClassWeightedLoss):
    """Cross-entropy in which pixels near a boundary between classes count more.

    A pixel at a distance of d pixels from the nearest pixel that has a neighbour of another class (d = 0 for that
    pixel itself) weighs ``1 + factor exp(-d^2 / (2 sigma^2))`` times the weight of its class; the loss is the weighted
    mean over the pixels that are not ignored, 0 where all of them are. Beyond 3 sigma, rounded down to whole pixels, a
    pixel weighs exactly its class's weight. Distance counts steps to the eight neighbours.
    The border of the picture and of ignored pixels is no boundary.

    Args:
        factor: How much more a pixel at a boundary counts.
        sigma: How far that reaches, in pixels.
        weight: One factor a class, ``balanced`` or None; see ``ClassWeightedLoss``.

    Raises:
        ValueError: The factor is negative, or sigma is not above 0.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        float32.

    Source: Ronneberger et al., U-Net, MICCAI 2015, equation 2, with the distance to one boundary.
    """

    def __init__(self, factor: float = 5.0, sigma: float = 2.0, weight: Weight = None) -> None:
        super().__init__(weight)
        if factor < 0 or sigma <= 0:
            raise ValueError(f"loss.factor={factor}, loss.sigma={sigma}: expected at least 0, and above 0.")
        self.factor, self.sigma = factor, sigma

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        labels, weight = labels_of(logits, target), self.factors(logits)
        each = F.cross_entropy(logits.float(), labels, ignore_index=IGNORE, reduction="none")
        known = labels != IGNORE
        factor = weight[labels.where(known, 0)] * known * self._closeness(labels)
        return (each * factor).sum() / factor.sum().clamp(min=1e-12)

    def _closeness(self, labels: Tensor) -> Tensor:
        """(N, H, W) labels to (N, H, W) float32: 1 far from any boundary, more near one."""
        near = _boundary(labels).float()[:, None]
        shell = torch.zeros_like(near)
        for distance in range(int(3 * self.sigma) + 1):
            height = torch.tensor(-(distance**2) / (2 * self.sigma**2), device=near.device).exp()
            shell = torch.where((shell == 0) & (near > 0), height, shell)
            near = F.max_pool2d(near, kernel_size=3, stride=1, padding=1)
        return 1 + self.factor * shell[:, 0]


def _boundary(labels: Tensor) -> Tensor:
    """(N, H, W) bool: pixels with a neighbour, of four, of another class; ignored pixels are no neighbours."""
    edge = torch.zeros_like(labels, dtype=torch.bool)
    for axis in (1, 2):
        last = labels.shape[axis] - 1
        one, other = labels.narrow(axis, 1, last), labels.narrow(axis, 0, last)
        differ = (one != other) & (one != IGNORE) & (other != IGNORE)
        edge.narrow(axis, 1, last).logical_or_(differ)
        edge.narrow(axis, 0, last).logical_or_(differ)
    return edge
