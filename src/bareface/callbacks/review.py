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
from bareface.segmentation.figures import comparison, legend, quality
from bareface.segmentation.metrics import confusion, iou

Mask = NDArray[np.uint8]


class SegmentationReview(pl.Callback):
    """Writes, after a test: ``pictures.parquet``, ``figures/confusion.png`` and ``figures/worst.png``.

    The table has a row a picture, sorted by key: ``key``, ``miou`` as ``miou_per_image`` counts it, and for each class
    ``iou/<class>`` (null where it neither occurs nor is predicted) and ``support/<class>`` in pixels. The sheet shows
    the pictures of the lowest ``miou``, the worst first. Over all processes.

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
        self._matrices: dict[str, NDArray[np.int64]] = {}
        self._worst: Smallest[tuple[Picture, Mask, Mask]] = Smallest(self.pictures)
        self._handle = segmenter.register_forward_hook(self._watch)

    def _watch(self, model: nn.Module, inputs: object, scores: Tensor) -> None:
        self._scores = scores.detach()

    def on_test_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: object, batch: Batch, *index: int
    ) -> None:
        """Counts each picture and keeps the worst."""
        scores, self._scores = self._scores, None
        if scores is None:  # nothing of the batch could be read
            return
        prediction = scores.argmax(1)
        matrices = confusion(prediction, batch["mask"], scores.shape[1])
        means = iou(matrices).nanmean(-1).nan_to_num(nan=1.0).tolist()
        self._matrices.update(zip(batch["key"], matrices.cpu().numpy(), strict=True))
        for row, key in enumerate(batch["key"]):
            if self._worst.wants(means[row], key):
                shown = (batch["image"][row].permute(1, 2, 0), batch["mask"][row], prediction[row].to(torch.uint8))
                image, truth, answer = (value.cpu().numpy() for value in shown)
                self._worst.add(means[row], key, (image, truth, answer))

    def on_test_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Writes and draws."""
        self._stop()
        segmenter: Any = module.segmenter
        self._gather(trainer)
        if not trainer.is_global_zero or not self._matrices:
            return
        classes: tuple[str, ...] = segmenter.classes
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.folder / "pictures.parquet") as temporary:
            pq.write_table(table(self._matrices, classes), temporary)
        note = origin(trainer)
        drawn = draw_confusion(np.sum(list(self._matrices.values()), axis=0), classes, note)
        publish(trainer, "figures/confusion", drawn, self.folder / "figures/confusion.png")
        cells = []
        for _, key, (image, truth, prediction) in self._worst.kept:
            tiles = comparison(image, truth, prediction, len(classes))
            cells.append(Cell(tiles, [(key, None), (quality(truth, prediction, classes), None)]))
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
        torch.distributed.all_gather_object(parts, (self._matrices, self._worst.kept))
        for matrices, worst in parts:
            self._matrices.update(matrices)
            for rank, key, item in worst:
                if self._worst.wants(rank, key):
                    self._worst.add(rank, key, item)


def table(matrices: dict[str, NDArray[np.int64]], classes: Sequence[str]) -> pa.Table:
    """A row a picture.

    Args:
        matrices: (C, C) counts by key; rows are the truth, columns the prediction.
        classes: Names of the classes.

    Returns:
        ``key``, ``miou``, ``iou/<class>`` and ``support/<class>``, sorted by key; null for what is not defined.
    """
    keys = sorted(matrices)
    stacked = torch.from_numpy(np.stack([matrices[key] for key in keys]))
    each = iou(stacked)
    columns: dict[str, pa.Array] = {
        "key": pa.array(keys),
        "miou": pa.array(each.nanmean(-1).numpy(), from_pandas=True),  # NaN becomes null
    }
    for index, name in enumerate(classes):
        columns[f"iou/{name}"] = pa.array(each[:, index].numpy(), from_pandas=True)
        columns[f"support/{name}"] = pa.array(stacked[:, index].sum(-1).numpy())
    return pa.table(columns)


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
