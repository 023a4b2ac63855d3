"""Makes the mattes of all photos of a data set, once, for whoever shows those photos many times."""

from typing import Literal

import numpy as np
import pytorch_lightning as pl
from torch import Tensor

from bareface.data.matte_writer import MatteWriter
from bareface.data.samples import Batch
from bareface.io.checkpoint import fingerprint
from bareface.pipeline.background import foreground_classes
from bareface.pipeline.matte import Matte
from bareface.pipeline.mattes import Mattes, Scored
from bareface.pipeline.photos import Photos
from bareface.segmentation.segmenter import Segmenter

FINDS = ("network", "normalise", "size", "classes")
"""What of a segmenter's card changes its mattes."""


def segmenter_fingerprint(segmenter: Segmenter) -> str:
    """Tells segmenters apart: SHA-256 of weights and card, equal for the copies of a checkpoint."""
    return fingerprint(segmenter, {name: segmenter.card[name] for name in FINDS})


def same_foreground(one: str, other: str) -> bool:
    """Whether two foregrounds keep the same classes.

    >>> same_foreground("face+hair", "hair+face"), same_foreground("face", "face+hair")
    (True, False)
    """
    return set(one.split("+")) == set(other.split("+"))


class MatteMaker(pl.LightningModule):
    """What ``Trainer.predict`` runs over the photos of a data set. Mattes are those that the pipeline makes.

    Args:
        segmenter: Finds the foreground; None where ``source`` is ``mask``.
        source: ``segmenter``, or ``mask``: the data's ground truth.
        classes: Names of the mask values of the data, empty where it has no masks.
        foreground: What is kept: classes joined by ``+``.
        matte: What becomes of the segmenter's scores, or of the masks.
        writer: Takes the mattes.

    Raises:
        ValueError: There is nothing to make mattes of, or the foreground is none of its classes.

    Attributes:
        found: Photos with a foreground.
        empty: Photos whose matte is empty.
        failed: Photos without a matte: unreadable, or without a face.
    """

    def __init__(
        self,
        segmenter: Segmenter | None,
        source: Literal["segmenter", "mask"],
        classes: tuple[str, ...],
        foreground: str,
        matte: Matte,
        writer: MatteWriter,
    ) -> None:
        super().__init__()
        check_source(segmenter, source, classes, foreground)
        self.segmenter = segmenter if source == "segmenter" else None
        self.source, self.mask_classes, self.foreground = source, classes, foreground
        self.matte, self.writer = matte, writer
        self.found, self.empty, self.failed = 0, 0, 0
        self.eval()

    def predict_step(self, batch: Batch, batch_idx: int) -> None:
        """Makes the mattes of a batch."""
        for key, reason in batch["skipped"]:
            self.writer.add_without(key, reason)
        self.failed += len(batch["skipped"])
        if not batch["key"]:  # nothing of this batch could be read
            return
        photos = Photos(batch["image"].float(), batch["content"], batch["key"])
        scored: dict[str, Scored] = {}
        if self.segmenter is not None:
            scored[self.source] = Scored(self.matte.scores(self.segmenter, photos.image), self.segmenter.classes)
        mattes = Mattes(photos, self.matte, self.source, scored, self.mask_classes, batch.get("mask"))
        made = _bytes(mattes(self.foreground) * 255)[:, 0]
        images = np.moveaxis(batch["image"].cpu().numpy(), 1, 3)
        boxes, sizes = batch["content"].tolist(), batch["size"].tolist()
        for index, key in enumerate(batch["key"]):  # files are written one by one
            top, left, height, width = boxes[index]
            inside = np.s_[top : top + height, left : left + width]
            self.writer.add(key, images[index][inside], (sizes[index][0], sizes[index][1]), made[index][inside])
            self.found, self.empty = self.found + bool(made[index].any()), self.empty + (not made[index].any())


def check_source(segmenter: Segmenter | None, source: str, classes: tuple[str, ...], foreground: str) -> None:
    """Makes sure that there is something to make mattes of. Arguments and errors as those of ``MatteMaker``."""
    if source not in ("segmenter", "mask"):
        raise ValueError(f"mattes_from={source}: expected segmenter or mask.")
    if source == "mask" and not classes:
        raise ValueError("mattes_from=mask: this data has no masks. Use mattes_from=segmenter segmenter=CHECKPOINT.")
    if source == "segmenter":
        if segmenter is None:
            raise ValueError("segmenter: no checkpoint given. Add segmenter=CHECKPOINT, or mattes_from=mask.")
        classes = segmenter.classes
    foreground_classes(foreground, classes)


def _bytes(image: Tensor) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.asarray(image.round().cpu().numpy().astype(np.uint8))
