"""Segments once, composes each condition, recognises each: all on the device, no picture written in between."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.data.samples import Batch
from bareface.errors import some
from bareface.pipeline.background import foreground_classes
from bareface.pipeline.conditions import Condition
from bareface.pipeline.cutout_set import CutoutSet
from bareface.pipeline.matte import Matte
from bareface.pipeline.mattes import Mattes
from bareface.pipeline.outcomes import Answers, OutcomeWriter, Tally, merge
from bareface.pipeline.partners import Partners
from bareface.pipeline.photos import Photos
from bareface.recognition.metrics import ranks
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.metrics import SegmentationMetrics, measure
from bareface.segmentation.segmenter import Segmenter


@dataclass
class Sample:
    """What one photo looked like in each condition.

    Attributes:
        key: The photo.
        identity: Who it is.
        predicted: Who it was taken for, by condition.
        shown: (H, W, 3) RGB, by condition.
        matte: (H, W, 3) grey, or None where no condition has one.
    """

    key: str
    identity: str
    predicted: dict[str, str]
    shown: dict[str, NDArray[np.uint8]]
    matte: NDArray[np.uint8] | None


class PipelineModule(pl.LightningModule):
    """What ``Trainer.predict`` runs over the photos of a data set. Nothing in it is trained.

    Args:
        recogniser: Recognises.
        segmenter: Finds the foreground; None where no condition needs one, or ``mattes_from`` is ``mask``.
        conditions: What to show, by name; the first is what the others are compared with.
        matte: What becomes of the segmenter's scores, or of the masks.
        mattes_from: ``segmenter``, or ``mask``: the data's ground truth.
        classes: Names of the mask values of the data, empty where it has no masks.
        identities: Names of the labels of the data; every one must be known to the recogniser.
        folder: Where ``outcomes.parquet`` goes.
        show: Keys of the photos to keep for the sheet of samples.
        partners: Whose background is lent to whom, by row of the data; None where no condition swaps backgrounds.
        cutouts: Writes what the conditions show, at full resolution; None for not.

    Raises:
        ValueError: The data has identities that the recogniser does not know, or there is nothing to make mattes of.
    """

    labels: Tensor

    def __init__(
        self,
        recogniser: Recogniser,
        segmenter: Segmenter | None,
        conditions: Mapping[str, Condition],
        matte: Matte,
        mattes_from: Literal["segmenter", "mask"],
        classes: Sequence[str],
        identities: Sequence[str],
        folder: Path,
        show: Sequence[str] = (),
        partners: Partners | None = None,
        cutouts: CutoutSet | None = None,
    ) -> None:
        super().__init__()
        if mattes_from not in ("segmenter", "mask"):
            raise ValueError(f"mattes_from={mattes_from}: expected segmenter or mask.")
        if mattes_from == "mask" and not classes:
            raise ValueError(
                "mattes_from=mask: this data has no masks. Use mattes_from=segmenter segmenter=CHECKPOINT."
            )
        sources = {
            (condition.foreground, mattes_from if condition.source in (None, "random") else condition.source)
            for condition in conditions.values()
            if condition.foreground is not None
        }
        segmented = any(source == "segmenter" for _, source in sources)
        if segmented and segmenter is None:
            raise ValueError("segmenter: no checkpoint given. Add segmenter=CHECKPOINT, or mattes_from=mask.")
        self.recogniser, self.segmenter = recogniser, segmenter if segmented else None
        self.conditions, self.matte, self.mattes_from = dict(conditions), matte, mattes_from
        self.parts = nn.ModuleDict(conditions)  # so that they follow to the device
        self.mask_classes = tuple(classes)
        for foreground, source in sources:
            if source == "mask" and not classes:
                raise ValueError(f"foreground={foreground}, source=mask: this data has no masks. Use source=segmenter.")
            own = self.mask_classes if source == "mask" or self.segmenter is None else self.segmenter.classes
            foreground_classes(foreground, own)
        known = {name: number for number, name in enumerate(recogniser.identities)}
        unknown = [name for name in identities if name not in known]
        if unknown:
            remedy = "Use the data set that it was trained on"
            raise ValueError(f"recogniser: {len(unknown)} identities it does not know: {some(unknown)}. {remedy}.")
        self.register_buffer("labels", torch.tensor([known[name] for name in identities]), persistent=False)
        self.tally = Tally(list(conditions), len(recogniser.identities))
        comparable = self.segmenter is not None and tuple(classes) == self.segmenter.classes
        self.quality = SegmentationMetrics(classes) if comparable else None
        self.folder, self.show, self.partners, self.cutouts = folder, set(show), partners, cutouts
        self.samples: list[Sample] = []
        self.eval()

    def on_predict_start(self) -> None:
        """Opens this process's part of the outcomes."""
        part = self.folder / f".outcomes.{self.global_rank}.parquet"
        self.writer = OutcomeWriter(part, self.recogniser.identities)

    def predict_step(self, batch: Batch, batch_idx: int) -> None:
        """Shows a batch in every condition."""
        if not batch["key"]:  # nothing of this batch could be read
            return
        photos = Photos(batch["image"].float(), batch["content"], batch["key"], *self._partners(batch["row"]))
        start = self._now()
        scores = None if self.segmenter is None else self.matte.scores(self.segmenter, photos.image)
        segmenting = self._now() - start
        classes = () if self.segmenter is None else self.segmenter.classes
        mattes = Mattes(photos, self.matte, self.mattes_from, classes, scores, self.mask_classes, batch.get("mask"))
        if self.quality is not None and scores is not None:
            self.quality.update(measure(scores, photos.content, batch["original_mask"], outlines=False))
        kept = self._complete(batch, photos, mattes)
        label = self.labels[batch["label"]][kept]
        answers, seconds, shown = {}, [], {}
        for name, condition in self.conditions.items():
            start = self._now()
            shown[name] = condition(photos, mattes)
            logits = self.recogniser(shown[name], photos.content).float()[kept]
            seconds.append(self._now() - start)
            area = condition.mattes_of(mattes).sum((1, 2, 3)) / photos.shown.sum((1, 2, 3))
            answers[name] = Answers(
                logits.argmax(1), ranks(logits, label), F.cross_entropy(logits, label, reduction="none"), area[kept]
            )
        self.tally.update(label, answers, seconds, segmenting)
        self.writer.write([key for key, keep in zip(batch["key"], kept.tolist(), strict=True) if keep], label, answers)
        self._keep(batch, kept, mattes, shown, answers)
        if self.cutouts is not None:
            self.cutouts.write(batch, mattes, self.conditions)

    def _partners(self, row: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Where in the batch the partners of its photos are; -1 where one is not."""
        if self.partners is None:
            return None, None
        order = row.argsort()
        there, places = row[order], []
        for chosen in (self.partners.same, self.partners.other):
            wanted = torch.from_numpy(chosen).to(row.device)[row]
            place = torch.searchsorted(there, wanted).clamp(max=len(row) - 1)
            places.append(torch.where(there[place] == wanted, order[place], -1))
        return places[0], places[1]

    def _complete(self, batch: Batch, photos: Photos, mattes: Mattes) -> Tensor:
        """(N,) bool: the photos that every condition can show; the others are listed and in none of them."""
        kept = torch.ones(len(photos.key), dtype=torch.bool, device=photos.image.device)
        for name, condition in self.conditions.items():
            for fault, reason in condition.faults(photos, mattes):
                for index in (fault & kept).nonzero()[:, 0].tolist():
                    batch["skipped"].append((photos.key[index], f"{name}: {reason}; left out of every condition."))
                kept &= ~fault
        return kept

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def _keep(
        self, batch: Batch, kept: Tensor, mattes: Mattes, shown: dict[str, Tensor], answers: dict[str, Answers]
    ) -> None:
        names, label = self.recogniser.identities, self.labels[batch["label"]]
        matted = next((each for each in self.conditions.values() if each.foreground is not None), None)
        for answer, index in enumerate(kept.nonzero()[:, 0].tolist()):
            key = batch["key"][index]
            if key not in self.show:
                continue
            sample = Sample(
                key,
                names[int(label[index])],
                {name: names[int(given.predicted[answer])] for name, given in answers.items()},
                {name: _picture(picture[index]) for name, picture in shown.items()},
                None if matted is None else _picture(matted.mattes_of(mattes)[index].expand(3, -1, -1) * 255),
            )
            self.samples.append(sample)

    def on_predict_end(self) -> None:
        """Joins the parts of all processes to ``outcomes.parquet``."""
        self.writer.close(complete=True)
        self.trainer.strategy.barrier()
        if self.global_rank == 0:
            parts = [self.folder / f".outcomes.{rank}.parquet" for rank in range(self.trainer.world_size)]
            merge(parts, self.folder / "outcomes.parquet")

    def abandon(self) -> None:
        """Leaves nothing half-written after an error."""
        if hasattr(self, "writer"):
            self.writer.close(complete=False)


def _picture(image: Tensor) -> NDArray[np.uint8]:
    return np.asarray(image.permute(1, 2, 0).round().to(torch.uint8).cpu().numpy())
