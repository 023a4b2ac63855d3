"""Whether the foreground score means what it says: of pixels with score 0.8, are 80 % foreground?"""

import torch
from torch import Tensor

from bareface.data.mask import IGNORE

BINS = 15


def calibration_counts(score: Tensor, target: Tensor) -> Tensor:
    """Sorts the pixels by their foreground score into ``BINS`` bins of equal width.

    Args:
        score: (N, H, W) probability of the foreground: 1 minus that of the background.
        target: (N, H, W) class indices, 0 = background, 255 = not counted.

    Returns:
        (BINS, 3) float64: pixels, sum of their scores, how many of them are foreground.
    """
    counted = target != IGNORE
    value, truth = score[counted].double(), target[counted] > 0
    place = (value * BINS).long().clamp(max=BINS - 1)
    columns = [torch.bincount(place, weight, BINS) for weight in (torch.ones_like(value), value, truth.double())]
    return torch.stack(columns, 1)


def expected_calibration_error(counts: Tensor) -> Tensor:
    """Mean over pixels of how far the share of foreground in their bin is from the bin's mean score; scalar float64.

    NaN without pixels.

    Args:
        counts: (BINS, 3) as ``calibration_counts`` gives them, or a sum of such.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017, equation 3.
    """
    pixels, scores, foreground = counts.unbind(1)
    return (scores - foreground).abs().sum() / pixels.sum()
