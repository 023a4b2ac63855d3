"""People in front of other people's backgrounds, within a batch."""

from typing import Any

import torch

from bareface.data.mask import IGNORE


class CopyPaste:
    """Pastes the foreground of a picture into the next one of the batch, which then shows both.

    Args:
        p: Probability that a picture gets another one's foreground pasted into it.

    Raises:
        ValueError: ``p`` is no probability.

    Source: Ghiasi et al., Simple copy-paste is a strong data augmentation method, CVPR 2021, without its rescaling:
    each picture has had its own augmentation already.
    """

    def __init__(self, p: float) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"transforms.mix.p={p}: expected a probability.")
        self.p = p

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Mixes a batch that has masks; the randomness is torch's, which every worker and epoch seeds anew."""
        image, mask = batch["image"], batch["mask"]
        other_image, other_mask = image.roll(1, 0), mask.roll(1, 0)
        chosen = torch.rand(len(mask)) < self.p
        pasted = (other_mask != 0) & (other_mask != IGNORE) & chosen[:, None, None]
        mixed = torch.where(pasted[:, None], other_image, image)
        return {**batch, "image": mixed, "mask": torch.where(pasted, other_mask, mask)}
