"""What is measured of a condition's mattes."""

import torch
from torch import Tensor

from bareface.pipeline.conditions import Condition
from bareface.pipeline.mattes import Mattes


def area(condition: Condition, mattes: Mattes) -> Tensor:
    """(N,) share of each photo that a condition shows."""
    return condition.left_of(mattes).sum((1, 2, 3)) / mattes.photos.shown.sum((1, 2, 3))


def overlap(condition: Condition, mattes: Mattes) -> Tensor:
    """(N,) IoU of a condition's mattes, where they are above 0.5, with the ground truth of the same foreground.

    NaN where the condition has no matte, the data no masks or not these classes, or neither matte nor truth any pixel.
    """
    truth = None if condition.foreground is None else mattes.truth(condition.foreground)
    if truth is None:
        return torch.full((len(mattes.photos.key),), torch.nan, device=mattes.photos.image.device)
    foreground, counted = truth
    found = (condition.mattes_of(mattes)[:, 0] > 0.5) & counted
    return (found & foreground).sum((1, 2)) / (found | foreground).sum((1, 2))
