"""Segments once, composes each condition, asks each recogniser: all on the device, no picture written in between."""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.data.samples import Batch
from bareface.pipeline.album import Album
from bareface.pipeline.candidates import Candidates
from bareface.pipeline.conditions import Condition
from bareface.pipeline.cutout_set import CutoutSet
from bareface.pipeline.matte import Matte
from bareface.pipeline.mattes import Mattes, Scored
from bareface.pipeline.measured import area, overlap
from bareface.pipeline.outcomes import Form
from bareface.pipeline.partners import Partners
from bareface.pipeline.parts import Part, Parts, Passed
from bareface.pipeline.photos import NOBODY, UNREAD, Photos
from bareface.pipeline.prerequisites import check_names, check_respondents, own_source, sources_of
from bareface.pipeline.respondent import Answers, Respondent
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.metrics import SegmentationMetrics, measure
from bareface.segmentation.segmenter import Segmenter

PART_PHOTOS, PART_BYTES, PART_SECONDS = 2048, 2**26, 60
"""A part of the study ends with any of these: it must fit in memory, and little is lost with an unfinished one."""


class PipelineModule(pl.LightningModule):
    """What ``Trainer.predict`` runs over the photos of a data set. Nothing in it is trained.

    Args:
        recognisers: The trainings of each recogniser, one a seed, by name; the first is what the others are compared
            with. One that does not know an identity has no answer about it, only an embedding.
        segmenters: They find foregrounds, by name; the first is the run's own. Those that no condition needs are idle.
        conditions: What to show, by name; the first is what the others are compared with.
        matte: What becomes of the segmenters' scores, or of the masks.
        mattes_from: ``segmenter``, or ``mask``: the data's ground truth; where a condition says nothing else.
        classes: Names of the mask values of the data, empty where it has no masks.
        identities: Names of the labels of the data.
        parts: Where what was seen goes.
        typical: Keys of the photos that the picture sheet shows in any case.
        special: How many it shows that flipped from right to wrong, and how many whose mattes are worst.
        embedded: Keys of the photos whose embeddings are written.
        partners: Whose background is lent to whom, by row of the data; None where no condition swaps backgrounds.
        cutouts: Writes what the conditions show, at full resolution; None for not.

    Raises:
        ValueError: There is nothing to make mattes of, or the parts contradict each other.
    """

    def __init__(
        self,
        recognisers: Mapping[str, Sequence[Recogniser]],
        segmenters: Mapping[str, Segmenter],
        conditions: Mapping[str, Condition],
        matte: Matte,
        mattes_from: Literal["segmenter", "mask"],
        classes: Sequence[str],
        identities: Sequence[str],
        parts: Parts,
        typical: Collection[str] = (),
        special: int = 0,
        embedded: Collection[str] = (),
        partners: Partners | None = None,
        cutouts: CutoutSet | None = None,
    ) -> None:
        super().__init__()
        check_names(segmenters, conditions)
        check_respondents(recognisers)
        sources = sources_of(conditions, mattes_from, segmenters, classes)
        used = {name: each for name, each in segmenters.items() if name in sources}
        self.segmenters = nn.ModuleDict({str(number): each for number, each in enumerate(used.values())})
        self.scorers = used
        self.own_source = own_source(mattes_from, segmenters)
        self.conditions, self.matte, self.mask_classes = dict(conditions), matte, tuple(classes)
        self.moving = nn.ModuleList(conditions.values())  # so that they follow to the device
        self.respondents = nn.ModuleList(
            Respondent(name, seed, recogniser, identities)
            for name, seeds in recognisers.items()
            for seed, recogniser in enumerate(seeds)
        )
        self.asked: list[Respondent] = list(self.respondents)  # type: ignore[arg-type]
        self.identities, self.form = tuple(identities), Form(self.asked, list(conditions), identities)
        self.matted = next((name for name, each in conditions.items() if each.foreground is not None), None)
        self.embedded, self.partners, self.cutouts, self.special = frozenset(embedded), partners, cutouts, special
        self.parts, self.album = parts, Album(typical, special, parts.earlier())
        self.part, self.begun = self._new_part(), time.monotonic()
        self.eval()

    @property
    def passed(self) -> Passed:
        """What the pass has left; known when it has come to its end."""
        passed = self.parts.passed
        if passed is None:
            raise RuntimeError("the pass has not come to its end")
        return passed

    def on_predict_start(self) -> None:
        """Says in the run's folder which study this is."""
        self.parts.begin()

    def predict_step(self, batch: Batch, batch_idx: int) -> None:
        """Shows a batch in every condition."""
        if batch["key"]:  # else nothing of this batch could be read
            self._show(batch)
        self.part.skipped += batch["skipped"]
        full = self.part.photos >= PART_PHOTOS or self.part.bytes() >= PART_BYTES
        if full or time.monotonic() - self.begun >= PART_SECONDS:
            self._end_part()

    def on_predict_end(self) -> None:
        """Puts the last part in place and, when all processes have, joins the parts."""
        if self.part.photos or self.part.skipped:
            self._end_part()
        self.trainer.strategy.barrier()
        if self.global_rank == 0:
            self.parts.join(self.form.embeddings, self._rows, self.special)
        self.trainer.strategy.barrier()

    def teardown(self, stage: str) -> None:
        """Lists what was left out, after every callback has listed what it saw of it."""
        self.trainer.strategy.barrier()
        if self.global_rank == 0:
            self.parts.list_left_out()

    @property
    def _rows(self) -> int:
        return len(self.asked) * len(self.conditions)

    def _new_part(self) -> Part:
        comparable = {name: each for name, each in self.scorers.items() if each.classes == self.mask_classes}
        quality = {name: SegmentationMetrics(each.classes) for name, each in comparable.items()}
        return Part(seconds=dict.fromkeys(self.conditions, 0.0), quality=quality)

    def _end_part(self) -> None:
        self.parts.add(self.part, self.album, self.form.embeddings, self._rows, self.global_rank)
        self.part, self.begun = self._new_part(), time.monotonic()

    def _show(self, batch: Batch) -> None:
        photos = Photos(batch["image"].float(), batch["content"], batch["key"], *self._partners(batch["row"]))
        scored = {
            name: Scored(self.matte.scores(segmenter, photos.image), segmenter.classes)
            for name, segmenter in self.scorers.items()
        }
        mattes = Mattes(photos, self.matte, self.own_source, scored, self.mask_classes, batch.get("mask"))
        for name, metrics in self.part.quality.items():
            measured = measure(scored[name].scores, photos.content, batch["original_mask"], outlines=False)
            metrics.update(measured.cpu())
        kept = self._complete(batch, photos, mattes).nonzero()[:, 0]
        self.part.photos += len(photos.key)
        if len(kept):
            self._ask(batch, photos, mattes, kept)
        if self.cutouts is not None:
            self.cutouts.write(batch, mattes, self.conditions)

    def _ask(self, batch: Batch, photos: Photos, mattes: Mattes, kept: Tensor) -> None:
        """Asks everybody about the photos of a batch that all conditions can show."""
        keys, label = [batch["key"][index] for index in kept.tolist()], batch["label"][kept]
        content, whole = photos.content[kept], len(kept) == len(photos.key)
        overlaps = {name: overlap(condition, mattes)[kept] for name, condition in self.conditions.items()}
        areas = [area(condition, mattes)[kept] for condition in self.conditions.values()]
        drawn = Candidates(self.album, keys, overlaps[self.matted or next(iter(overlaps))])
        written = [index for index, key in enumerate(keys) if key in self.embedded]
        answers: list[list[Answers]] = []
        moved: list[Tensor] = []
        vectors: list[list[NDArray[np.float32]]] = []
        first: list[Tensor] = []
        for name, condition in self.conditions.items():
            start = self._now()
            shown = condition(photos, mattes)
            pictures = shown if whole else shown[kept]
            given = [each(pictures, content, label) for each in self.asked]
            self.part.seconds[name] += self._now() - start
            drawn.show(name, pictures, given[0])
            first = first or [each.embedding for each in given]
            moved.append(torch.stack([_moved(*pair) for pair in zip(first, given, strict=True)], 1))
            vectors.append([each.embedding[written].cpu().numpy() for each in given] if written else [])
            answers.append([each._replace(embedding=label) for each in given])  # embeddings are let go
        per_photo = torch.stack([torch.stack(areas, 1), torch.stack(list(overlaps.values()), 1)], 1)
        self.part.outcomes.append(self.form.outcomes(keys, label, answers, torch.stack(moved, 2), per_photo))
        if written:
            self.part.embeddings.append(self.form.vectors([keys[index] for index in written], vectors))
        matte = None if self.matted is None else self.conditions[self.matted].mattes_of(mattes)[kept]
        drawn.end(matte, [self.identities[number] for number in label.tolist()], self.asked[0].names)

    def _partners(self, row: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Where in the batch the partners of its photos are; see ``Photos``."""
        if self.partners is None:
            return None, None
        order = row.argsort()
        there, places = row[order], []
        for chosen in (self.partners.same, self.partners.other):
            wanted = torch.from_numpy(chosen).to(row.device)[row]
            place = torch.searchsorted(there, wanted).clamp(max=len(row) - 1)
            unread = torch.where(wanted < 0, NOBODY, UNREAD)
            places.append(torch.where(there[place] == wanted, order[place], unread))
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


def _moved(first: Tensor, answer: Answers) -> Tensor:
    """(N,) 1 - cosine; of an embedding with itself exactly 0."""
    if first is answer.embedding:
        return torch.zeros(len(first), device=first.device)
    return 1 - F.cosine_similarity(first, answer.embedding)
