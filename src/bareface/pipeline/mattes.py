"""The mattes of one batch, wherever they come from."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from bareface.pipeline.matte import Matte
from bareface.pipeline.noise import noise
from bareface.pipeline.photos import Photos

Source = Literal["segmenter", "mask", "random"]
BLOB = 24
"""Random mattes are noise made this many times coarser, so that they have shapes instead of specks."""


class Mattes:
    """The mattes of one batch: scored once, made once for each foreground, source and matte that a condition asks for.

    Args:
        photos: The photos.
        classes: Names of the segmenter's classes.
        scores: (N, C, H, W) logits of a segmenter, or None.
        mask_classes: Names of the mask values of the data.
        mask: (N, H, W) ground truth, or None.
        matte: What becomes of scores and masks where a condition says nothing else.
        source: ``segmenter`` or ``mask``, where a condition says nothing else.
    """

    def __init__(
        self,
        photos: Photos,
        matte: Matte,
        source: Source = "segmenter",
        classes: Sequence[str] = (),
        scores: Tensor | None = None,
        mask_classes: Sequence[str] = (),
        mask: Tensor | None = None,
    ) -> None:
        self.photos, self.matte, self.source = photos, matte, source
        self.classes, self.scores, self.mask_classes, self.mask = classes, scores, mask_classes, mask
        self._made: dict[tuple[str, Source, int], Tensor] = {}

    def __call__(self, foreground: str, source: Source | None = None, matte: Matte | None = None) -> Tensor:
        """(N, 1, H, W) float32, 1 = foreground, 0 on the padding.

        Args:
            foreground: Classes that are kept.
            source: ``segmenter``: predicted. ``mask``: ground truth. ``random``: anywhere on the photo, with the area
                that the run's own source gives. None: the run's own source.
            matte: What becomes of the scores. None: the run's own.
        """
        source, matte = self.source if source is None else source, self.matte if matte is None else matte
        wanted = (foreground, source, id(matte))
        if wanted not in self._made:
            self._made[wanted] = self._make(foreground, source, matte)
        return self._made[wanted]

    def _make(self, foreground: str, source: Source, matte: Matte) -> Tensor:
        if source == "random":
            return _scattered(self(foreground, None, matte), self.photos)
        if source == "mask":
            assert self.mask is not None
            return matte.of_mask(self.mask, self.photos.shown, foreground, self.mask_classes)
        assert self.scores is not None
        return matte.of_scores(self.scores, self.photos.shown, foreground, self.classes)


def _scattered(matte: Tensor, photos: Photos) -> Tensor:
    """Blobs anywhere on the photo that together have the area of its matte, to the pixel."""
    height, width = photos.image.shape[2:]
    coarse = noise(photos, "matte")[:, :1, : max(2, height // BLOB), : max(2, width // BLOB)]
    heights = F.interpolate(coarse, (height, width), mode="bicubic")
    ranked = torch.where(photos.shown > 0, heights, -torch.inf).flatten(1).argsort(1, descending=True)
    area = matte.sum((1, 2, 3)).round().to(torch.int64)
    chosen = (torch.arange(height * width, device=matte.device) < area[:, None]).float()
    return torch.zeros_like(chosen).scatter_(1, ranked, chosen).view_as(matte)
