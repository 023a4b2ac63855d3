"""Lovasz-softmax loss."""

import torch
from torch import Tensor, nn

from bareface.segmentation.losses.target import counted, labels_of, one_hot


class LovaszLoss(nn.Module):
    """A convex stand-in for one minus the mean IoU; the mean over the classes that occur.

    Over all pixels of the batch that are not ignored. 0 where all of them are.

    Args:
        per_image: Compute it for each picture and take the mean, which is nearer to ``miou_per_image``.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        in [0, 1], float32.

    Source: Berman et al., The Lovasz-softmax loss, CVPR 2018, equations 8 and 11 and algorithm 1.
    """

    def __init__(self, per_image: bool = False) -> None:
        super().__init__()
        self.per_image = per_image

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        if not self.per_image:
            return _lovasz(*counted(logits, target))
        labels = labels_of(logits, target)
        pictures = [_lovasz(*counted(logits[row, None], labels[row, None])) for row in range(len(logits))]
        return torch.stack(pictures).mean()


def _lovasz(scores: Tensor, labels: Tensor) -> Tensor:
    """The loss of (P, C) logits and (P,) labels."""
    if not len(labels):
        return scores.sum()
    truth = one_hot(labels, scores.shape[1])
    errors, order = (truth - scores.softmax(1)).abs().sort(dim=0, descending=True)
    truth = truth.gather(0, order)
    size = truth.sum(0)
    lost = truth.cumsum(0)
    jaccard = 1 - (size - lost) / (size + (1 - truth).cumsum(0))  # of the pixels up to here being wrong
    steps = torch.cat([jaccard[:1], jaccard.diff(dim=0)])
    present = size > 0
    return ((errors * steps).sum(0) * present).sum() / present.sum()
