"""What a segmenter got wrong in the test: a table of all pictures, the confusion of the classes, the worst pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytorch_lightning as pl
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from bareface.callbacks.figures import Cell, Picture, Section, origin, publish, sheet
from bareface.callbacks.predictions import Smallest
from bareface.data.samples import Batch
from bareface.io.atomic import atomic_path
from bareface.segmentation.boundary import boundary_iou
from bareface.segmentation.confusion import dice, iou
from bareface.segmentation.figures import comparison, legend, quality
from bareface.segmentation.metrics import Measured

Mask = NDArray[np.uint8]


class SegmentationReview(pl.Callback):
    """Writes, after a test: ``pictures.parquet``, ``figures/confusion.png`` and ``figures/worst.png``.

    The table has a row a picture, sorted by key; ``table`` says what is in it. The sheet shows the pictures of the
    lowest ``miou``, the worst first. Over all processes.

    Args:
        folder: Where they go.
        pictures: How many pictures the sheet shows.

    Raises:
        ValueError: ``pictures`` is below 1.
    """

    def __init__(self, folder: str | Path, pictures: int) -> None:
        super().__init__()
        if pictures < 1:
            raise ValueError(f"callbacks.review.pictures={pictures}: expected at least 1. review=null switches it off.")
        self.folder, self.pictures = Path(folder), pictures
        self._scores: Tensor | None = None
        self._handle: RemovableHandle | None = None

    def on_test_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Begins to watch the scores; costs no second forward pass."""
        segmenter: Any = module.segmenter
        self._keys: list[str] = []
        self._measured: list[Measured] = []
        self._worst: Smallest[tuple[Picture, Mask, Mask, str]] = Smallest(self.pictures)
        self._handle = segmenter.register_forward_hook(self._watch)

    def _watch(self, model: nn.Module, inputs: object, scores: Tensor) -> None:
        self._scores = scores.detach()

    def on_test_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Batch, *index: int
    ) -> None:
        """Notes what was measured of each picture and keeps the worst."""
        scores, self._scores = self._scores, None
        if scores is None:  # nothing of the batch could be read
            return
        segmenter: Any = module.segmenter
        measured = outputs["measured"].cpu()
        self._keys += batch["key"]
        self._measured.append(measured)
        means = iou(measured.confusion).nanmean(-1).nan_to_num(nan=1.0).tolist()
        for row, key in enumerate(batch["key"]):
            if self._worst.wants(means[row], key):
                prediction = scores[row].argmax(0).to(torch.uint8)
                shown = (batch["image"][row].permute(1, 2, 0), batch["mask"][row], prediction)
                image, truth, answer = (value.cpu().numpy() for value in shown)
                words = quality(measured.confusion[row], segmenter.classes)
                self._worst.add(means[row], key, (image, truth, answer, words))

    def on_test_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Writes and draws."""
        self._stop()
        segmenter: Any = module.segmenter
        self._gather(trainer)
        if not trainer.is_global_zero or not self._keys:
            return
        classes: tuple[str, ...] = segmenter.classes
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.folder / "pictures.parquet") as temporary:
            pq.write_table(table(self._keys, self._measured, classes), temporary)
        note = origin(trainer)
        matrix = torch.cat([part.confusion for part in self._measured]).sum(0).numpy()
        drawn = draw_confusion(matrix, classes, note)
        publish(trainer, "figures/confusion", drawn, self.folder / "figures/confusion.png")
        cells = []
        for _, key, (image, truth, prediction, words) in self._worst.kept:
            tiles = comparison(image, truth, prediction, len(classes))
            cells.append(Cell(tiles, [(key, None), (words, None)]))
        names = ("picture", "ground truth", "prediction", "errors")
        title = "Segmentation, the worst test pictures"
        picture = sheet(title, [Section("", cells)], legend(classes, wrong=True), names, note)
        publish(trainer, "figures/worst", picture, self.folder / "figures/worst.png")

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Stops watching."""
        self._stop()

    def _stop(self) -> None:
        self._scores = None
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _gather(self, trainer: pl.Trainer) -> None:
        if trainer.world_size == 1:
            return
        parts: list[Any] = [None] * trainer.world_size
        torch.distributed.all_gather_object(parts, (self._keys, self._measured, self._worst.kept))
        self._keys = [key for keys, _, _ in parts for key in keys]
        self._measured = [measured for _, all_of_one, _ in parts for measured in all_of_one]
        for rank, key, item in (entry for *_, worst in parts for entry in worst):
            if self._worst.wants(rank, key):
                self._worst.add(rank, key, item)


def table(keys: Sequence[str], measured: Sequence[Measured], classes: Sequence[str]) -> pa.Table:
    """A row a picture.

    Args:
        keys: Of the pictures.
        measured: The same pictures, in batches, with outlines.
        classes: Names of the classes.

    Returns:
        ``key``, ``miou`` as ``miou_per_image`` counts it, ``dice``, ``boundary_iou`` and ``hd95`` (means over the
        classes), then for each class ``iou/<class>``, ``dice/<class>``, ``boundary_iou/<class>``, ``hd95/<class>`` and
        ``support/<class>``; distances and support in pixels, null for what is not defined. Sorted by key.
    """
    matrix = torch.cat([part.confusion for part in measured])
    each = {
        "iou": iou(matrix),
        "dice": dice(matrix),
        "boundary_iou": boundary_iou(torch.cat([part.boundary for part in measured if part.boundary is not None])),
        "hd95": torch.cat([part.distance for part in measured if part.distance is not None]),
    }
    columns: dict[str, pa.Array] = {"key": pa.array(keys)}
    for figure, values in each.items():
        mean = values.nanmean(-1).numpy()
        columns["miou" if figure == "iou" else figure] = pa.array(mean, from_pandas=True)  # NaN becomes null
    for index, name in enumerate(classes):
        for figure, values in each.items():
            columns[f"{figure}/{name}"] = pa.array(values[:, index].numpy(), from_pandas=True)
        columns[f"support/{name}"] = pa.array(matrix[:, index].sum(-1).numpy())
    return pa.table(columns).sort_by("key")


def draw_confusion(matrix: NDArray[np.int64], classes: Sequence[str], note: str) -> Picture:
    """Draws what the pixels of each class were taken for.

    Args:
        matrix: (C, C) counts; rows are the truth, columns the prediction.
        classes: Names of the classes.
        note: What data this is; "" for photos.

    Returns:
        (H, W, 3) RGB.
    """
    total = matrix.sum(1, keepdims=True)
    share = matrix / np.maximum(total, 1)
    side = 2.6 + 1.1 * len(classes)
    figure = Figure(figsize=(side + 0.6, side), dpi=120, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(matrix.shape):
        text = f"{share[row, column]:.1%}" if total[row, 0] else "no pixel"
        colour = "white" if share[row, column] > 0.6 else "black"
        axes.text(column, row, f"{text}\n{matrix[row, column]:,}", ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes, rotation=90, va="center")
    axes.set_xlabel("taken for")
    axes.set_ylabel("is")
    axes.set_title(f"Pixels, % of each row{f' ({note})' if note else ''}", fontsize=11, loc="left")
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]
