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
from bareface.pipeline.background import foreground_classes, inside
from bareface.pipeline.conditions import Condition, Mattes
from bareface.pipeline.cutout_set import CutoutSet
from bareface.pipeline.matte import Matte
from bareface.pipeline.outcomes import Answers, OutcomeWriter, Tally, merge
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
        cutouts: CutoutSet | None = None,
    ) -> None:
        super().__init__()
        if mattes_from not in ("segmenter", "mask"):
            raise ValueError(f"mattes_from={mattes_from}: expected segmenter or mask.")
        if mattes_from == "mask" and not classes:
            raise ValueError(
                "mattes_from=mask: this data has no masks. Use mattes_from=segmenter segmenter=CHECKPOINT."
            )
        needed = [condition.foreground for condition in conditions.values() if condition.foreground is not None]
        if needed and mattes_from == "segmenter" and segmenter is None:
            raise ValueError("segmenter: no checkpoint given. Add segmenter=CHECKPOINT, or mattes_from=mask.")
        self.recogniser, self.segmenter = recogniser, segmenter if needed and mattes_from == "segmenter" else None
        self.conditions, self.matte, self.mattes_from = dict(conditions), matte, mattes_from
        self.parts = nn.ModuleDict(conditions)  # so that they follow to the device
        self.classes = self.segmenter.classes if self.segmenter is not None else tuple(classes)
        for foreground in needed:
            foreground_classes(foreground, self.classes)
        known = {name: number for number, name in enumerate(recogniser.identities)}
        unknown = [name for name in identities if name not in known]
        if unknown:
            remedy = "Use the data set that it was trained on"
            raise ValueError(f"recogniser: {len(unknown)} identities it does not know: {some(unknown)}. {remedy}.")
        self.register_buffer("labels", torch.tensor([known[name] for name in identities]), persistent=False)
        self.tally = Tally(list(conditions), len(recogniser.identities))
        comparable = self.segmenter is not None and tuple(classes) == self.segmenter.classes
        self.quality = SegmentationMetrics(classes) if comparable else None
        self.folder, self.show, self.cutouts = folder, set(show), cutouts
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
        image, content = batch["image"].float(), batch["content"]
        label = self.labels[batch["label"]]
        start = self._now()
        scores = None if self.segmenter is None else self.matte.scores(self.segmenter, image)
        segmenting = self._now() - start
        whole = inside(content, image.shape[2], image.shape[3])
        truth = batch["mask"] if self.mattes_from == "mask" else None
        mattes = Mattes(self.classes, whole, self.matte, scores, truth)
        if self.quality is not None and scores is not None:
            self.quality.update(measure(scores, content, batch["original_mask"], outlines=False))
        answers, seconds, shown = {}, [], {}
        for name, condition in self.conditions.items():
            start = self._now()
            shown[name] = condition(image, mattes, content)
            logits = self.recogniser(shown[name], content).float()
            seconds.append(self._now() - start)
            kept = whole if condition.foreground is None else mattes(condition.foreground)
            answers[name] = Answers(
                logits.argmax(1),
                ranks(logits, label),
                F.cross_entropy(logits, label, reduction="none"),
                kept.sum((1, 2, 3)) / whole.sum((1, 2, 3)),
            )
        self.tally.update(label, answers, seconds, segmenting)
        self.writer.write(batch["key"], label, answers)
        self._keep(batch, label, mattes, shown, answers)
        if self.cutouts is not None:
            self.cutouts.write(batch, mattes, self.conditions)

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def _keep(
        self, batch: Batch, label: Tensor, mattes: Mattes, shown: dict[str, Tensor], answers: dict[str, Answers]
    ) -> None:
        names = self.recogniser.identities
        foreground = next((c.foreground for c in self.conditions.values() if c.foreground is not None), None)
        for index, key in enumerate(batch["key"]):
            if key not in self.show:
                continue
            sample = Sample(
                key,
                names[int(label[index])],
                {name: names[int(answer.predicted[index])] for name, answer in answers.items()},
                {name: _picture(picture[index]) for name, picture in shown.items()},
                None if foreground is None else _picture(mattes(foreground)[index].expand(3, -1, -1) * 255),
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
