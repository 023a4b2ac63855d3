"""Cross-entropy per pixel."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.data.mask import IGNORE


class CrossEntropyLoss(nn.Module):
    """Mean cross-entropy over the pixels that are not ignored; 0 where all of them are.

    Args:
        weight: One factor a class, or None for 1 each.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        float32.
    """

    weight: Tensor | None

    def __init__(self, weight: Sequence[float] | None = None) -> None:
        super().__init__()
        self.register_buffer("weight", None if weight is None else torch.tensor(weight, dtype=torch.float32))

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch."""
        labels = target.long()
        summed = F.cross_entropy(logits.float(), labels, self.weight, ignore_index=IGNORE, reduction="sum")
        counted = labels[labels != IGNORE]
        total = torch.as_tensor(counted.numel()) if self.weight is None else self.weight[counted].sum()
        return summed / total.clamp(min=1e-12)
