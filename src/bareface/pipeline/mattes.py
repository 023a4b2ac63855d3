"""The mattes of one batch, wherever they come from."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bareface.data.mask import IGNORE
from bareface.pipeline.background import foreground_classes
from bareface.pipeline.matte import Matte
from bareface.pipeline.noise import noise
from bareface.pipeline.photos import Photos

SOURCES = ("segmenter", "mask", "random")
"""Where mattes come from, beside the names of segmenters."""
BLOB = 24
"""Random mattes are noise made this many times coarser, so that they have shapes instead of specks."""


class Scored(NamedTuple):
    """What a segmenter makes of a batch.

    Attributes:
        scores: (N, C, H, W) logits.
        classes: Names of the C classes.
    """

    scores: Tensor
    classes: Sequence[str]


class Mattes:
    """The mattes of one batch: scored once, made once for each foreground, source and matte that a condition asks for.

    Args:
        photos: The photos.
        matte: What becomes of scores and masks where a condition says nothing else.
        source: ``mask``, ``segmenter`` or the name of one, where a condition says nothing else.
        scored: What each segmenter says, by its name; ``segmenter`` means the first.
        mask_classes: Names of the mask values of the data.
        mask: (N, H, W) ground truth, or None.
    """

    def __init__(
        self,
        photos: Photos,
        matte: Matte,
        source: str = "segmenter",
        scored: Mapping[str, Scored] | None = None,
        mask_classes: Sequence[str] = (),
        mask: Tensor | None = None,
    ) -> None:
        self.photos, self.matte, self.source = photos, matte, source
        self.scored, self.mask_classes, self.mask = scored or {}, mask_classes, mask
        self._made: dict[tuple[object, ...], Tensor] = {}

    def __call__(self, foreground: str, source: str | None = None, matte: Matte | None = None) -> Tensor:
        """(N, 1, H, W) float32, 1 = foreground, 0 on the padding.

        Args:
            foreground: Classes that are kept.
            source: ``segmenter`` or the name of one: predicted. ``mask``: ground truth. ``random``: anywhere on the
                photo, with the area that the run's own source gives. None: the run's own source.
            matte: What becomes of the scores. None: the run's own.
        """
        source, matte = self.source if source is None else source, self.matte if matte is None else matte
        if source == "segmenter" and source not in self.scored:
            source = next(iter(self.scored))
        wanted = (foreground, source, *vars(matte).values())
        if wanted not in self._made:
            self._made[wanted] = self._make(foreground, source, matte)
        return self._made[wanted]

    def truth(self, foreground: str) -> tuple[Tensor, Tensor] | None:
        """Where the foreground really is, and where it is known: (N, H, W) bool each; None where nothing says so."""
        if self.mask is None:
            return None
        try:
            wanted = foreground_classes(foreground, self.mask_classes)
        except ValueError:  # the data tells other things apart than the segmenter
            return None
        counted = (self.photos.shown[:, 0] > 0) & (self.mask != IGNORE)
        classes = torch.tensor(wanted, device=self.mask.device, dtype=self.mask.dtype)
        return torch.isin(self.mask, classes) & counted, counted

    def _make(self, foreground: str, source: str, matte: Matte) -> Tensor:
        if source == "random":
            return _scattered(self(foreground, None, matte), self.photos)
        if source == "mask":
            assert self.mask is not None
            return matte.of_mask(self.mask, self.photos.shown, foreground, self.mask_classes)
        scores, classes = self.scored[source]
        return matte.of_scores(scores, self.photos.shown, foreground, classes)


def _scattered(matte: Tensor, photos: Photos) -> Tensor:
    """Blobs anywhere on the photo that together have the area of its matte, to the pixel."""
    height, width = photos.image.shape[2:]
    coarse = noise(photos, "matte")[:, :1, : max(2, height // BLOB), : max(2, width // BLOB)]
    heights = F.interpolate(coarse, (height, width), mode="bicubic")
    ranked = torch.where(photos.shown > 0, heights, -torch.inf).flatten(1).argsort(1, descending=True)
    area = matte.sum((1, 2, 3)).round().to(torch.int64)
    chosen = (torch.arange(height * width, device=matte.device) < area[:, None]).float()
    return torch.zeros_like(chosen).scatter_(1, ranked, chosen).view_as(matte)
