"""What the model made of some pictures of the validation and the test set."""

import bisect
import hashlib
from abc import abstractmethod
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.loggers import WandbLogger
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.hooks import RemovableHandle

from bareface.callbacks.figures import Cell, Picture, Section, origin, publish, sheet
from bareface.data.dataset import Stage
from bareface.data.mask import IGNORE
from bareface.data.samples import Batch
from bareface.recognition.figures import RIGHT, WRONG, Answer, verdict, words
from bareface.segmentation.figures import comparison, legend, quality

Mask = NDArray[np.uint8]
T = TypeVar("T")
TITLES = {"val": "validation pictures", "test": "test pictures"}


def draw_lot(key: str) -> float:
    """A number in [0, 1) that depends on the key alone: the same pictures are drawn in every run, in any order."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest(), "big") / 2**48


class Smallest(Generic[T]):
    """Keeps the items with the smallest ranks of a stream, each key once (DDP fills up with repeated pictures).

    Args:
        count: How many to keep.

    Attributes:
        kept: Rank, key and item, smallest rank first.

    >>> smallest = Smallest(2)
    >>> for rank in (5, 1, 3):
    ...     if smallest.wants(rank, f"{rank}.jpg"):
    ...         smallest.add(rank, f"{rank}.jpg", "item")
    >>> smallest.kept
    [(1, '1.jpg', 'item'), (3, '3.jpg', 'item')]
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.kept: list[tuple[float, str, T]] = []

    def wants(self, rank: float, key: str) -> bool:
        """Whether an item would be kept."""
        fits = len(self.kept) < self.count or (self.count > 0 and rank < self.kept[-1][0])
        return fits and all(key != known for _, known, _ in self.kept)

    def add(self, rank: float, key: str, item: T) -> None:
        """Adds an item that is wanted."""
        bisect.insort(self.kept, (rank, key, item), key=lambda entry: entry[:2])
        del self.kept[self.count :]


class _Predictions(pl.Callback):
    """Watches the scores that a model gives in validation and test; costs no second forward pass."""

    model: str  # the module's attribute that knows the names of what is predicted
    watched: str  # the part of the module whose output is watched

    def __init__(self, folder: str | Path, pictures: int) -> None:
        super().__init__()
        if pictures < 1:
            raise ValueError(f"callbacks.predictions.pictures={pictures}: expected at least 1. null switches it off.")
        self.folder, self.pictures = Path(folder), pictures
        self._scores: Tensor | None = None
        self._handle: RemovableHandle | None = None
        self._reset()

    @abstractmethod
    def _reset(self) -> None:
        """Forgets the pictures of an earlier validation."""

    @abstractmethod
    def _collect(self, batch: Batch, scores: Tensor, outputs: Any) -> None:
        """Keeps pictures of the batch."""

    @abstractmethod
    def _publish(self, trainer: pl.Trainer, module: pl.LightningModule, stage: Stage, name: str) -> None:
        """Draws and publishes what was kept, if anything was."""

    def _start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._stop()
        if trainer.is_global_zero and not trainer.sanity_checking:
            self._reset()
            self._handle = module.get_submodule(self.watched).register_forward_hook(self._watch)

    def _watch(self, model: nn.Module, inputs: object, scores: Tensor) -> None:
        self._scores = scores.detach()

    def _take(self, batch: Batch, outputs: Any) -> None:
        if self._scores is not None:  # None where nothing of the batch could be read
            self._collect(batch, self._scores, outputs)
        self._scores = None

    def _stop(self) -> None:
        self._scores = None
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def on_validation_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Begins to watch."""
        self._start(trainer, module)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Batch, *index: int
    ) -> None:
        """Keeps pictures."""
        self._take(batch, outputs)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Stops watching."""
        self._stop()

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Draws the last validation."""
        self._publish(trainer, module, "val", "predictions_val")

    def on_test_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Begins to watch."""
        self._start(trainer, module)

    def on_test_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Batch, *index: int
    ) -> None:
        """Keeps pictures."""
        self._take(batch, outputs)

    def on_test_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Draws the test."""
        self._stop()
        self._publish(trainer, module, "test", "predictions")

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Stops watching."""
        self._stop()


class SegmentationPredictions(_Predictions):
    """Picture, ground truth, prediction and errors, for pictures that are drawn by lot.

    ``predictions_val.png`` shows the last validation of a fit, ``predictions.png`` the test. The lot depends on the
    key alone, so two runs on the same data show the same pictures. Under DDP the first process draws from what it saw.

    Args:
        folder: Where the sheets go.
        pictures: How many pictures a sheet shows.
    """

    model = watched = "segmenter"

    def _reset(self) -> None:
        self._drawn: Smallest[tuple[Picture, Mask, Mask, Tensor]] = Smallest(self.pictures)

    def _collect(self, batch: Batch, scores: Tensor, outputs: Any) -> None:
        for index, key in enumerate(batch["key"]):
            lot = draw_lot(key)
            if self._drawn.wants(lot, key):
                prediction = scores[index].argmax(0).to(torch.uint8)
                shown = (batch["image"][index].permute(1, 2, 0), batch["mask"][index], prediction)
                image, truth, answer = (value.cpu().numpy() for value in shown)
                self._drawn.add(lot, key, (image, truth, answer, outputs["measured"].confusion[index].cpu()))

    def _publish(self, trainer: pl.Trainer, module: pl.LightningModule, stage: Stage, name: str) -> None:
        classes: tuple[str, ...] = getattr(module, self.model).classes
        kept = sorted((key, item) for _, key, item in self._drawn.kept)
        if not kept:
            return
        cells, masks = [], []
        labels = {**dict(enumerate(classes)), IGNORE: "ignored"}
        for key, (image, truth, prediction, matrix) in kept:
            tiles = comparison(image, truth, prediction, len(classes))
            cells.append(Cell(tiles, [(key, None), (quality(matrix, classes), None)]))
            shown = {"ground truth": truth, "prediction": np.where(truth == IGNORE, truth, prediction)}
            masks.append({word: {"mask_data": mask, "class_labels": labels} for word, mask in shown.items()})
        title, names = f"Segmentation, {TITLES[stage]}", ("picture", "ground truth", "prediction", "errors")
        picture = sheet(title, [Section("", cells)], legend(classes, wrong=True), names, origin(trainer))
        publish(trainer, f"figures/{name}", picture, self.folder / f"{name}.png")
        images, captions = [item[0] for _, item in kept], [key for key, _ in kept]
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                logger.log_image(name, images, step=trainer.global_step, masks=masks, caption=captions)


class RecognitionPredictions(_Predictions):
    """Pictures with the identity that was found: half of them the worst, the others drawn by lot.

    Worst is what has the highest cross-entropy; the other half shows what is usual. Files, lot and DDP as in
    ``SegmentationPredictions``.

    Args:
        folder: Where the sheets go.
        pictures: How many pictures a sheet shows.
    """

    model, watched = "recogniser", "recogniser.head"

    def _reset(self) -> None:
        self._worst: Smallest[tuple[Picture, Answer]] = Smallest((self.pictures + 1) // 2)
        self._drawn: Smallest[tuple[Picture, Answer]] = Smallest(self.pictures)

    def _collect(self, batch: Batch, scores: Tensor, outputs: Any) -> None:
        scores, label = scores.float(), batch["label"]
        loss = F.cross_entropy(scores, label, reduction="none").nan_to_num(nan=torch.inf).tolist()
        confidence, prediction = (value.tolist() for value in scores.softmax(1).max(1))
        for index, key in enumerate(batch["key"]):
            answer = Answer(int(label[index]), prediction[index], confidence[index])
            for rank, smallest in ((-loss[index], self._worst), (draw_lot(key), self._drawn)):
                if smallest.wants(rank, key):
                    smallest.add(rank, key, (batch["image"][index].permute(1, 2, 0).cpu().numpy(), answer))

    def _publish(self, trainer: pl.Trainer, module: pl.LightningModule, stage: Stage, name: str) -> None:
        identities: tuple[str, ...] = getattr(module, self.model).identities
        worst = {key for _, key, _ in self._worst.kept}
        drawn = [entry for entry in self._drawn.kept if entry[1] not in worst][: self.pictures - len(worst)]
        sections = []
        for heading, entries in (("Highest loss first", self._worst.kept), ("Drawn by lot", drawn)):
            cells = [Cell([verdict(image, answer)], words(answer, identities)) for _, _, (image, answer) in entries]
            if cells:
                sections.append(Section(heading, cells))
        if sections:
            meaning = (("recognised", RIGHT), ("taken for another", WRONG))
            picture = sheet(f"Recognition, {TITLES[stage]}", sections, meaning, note=origin(trainer))
            publish(trainer, f"figures/{name}", picture, self.folder / f"{name}.png")
