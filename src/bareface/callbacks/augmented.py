"""What training sees, before it begins."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.seed import isolate_rng

from bareface.callbacks.figures import Cell, Section, origin, publish, sheet
from bareface.data.datamodule import DataModule
from bareface.data.dataset import DataSet, IdentityDataSet, MaskDataSet
from bareface.data.samples import Mix, Samples, Skipped, collate
from bareface.segmentation.figures import legend, overlay


class AugmentedSheet(pl.Callback):
    """Draws a sheet of augmented training pictures when a fit begins, so that a wrong augmentation is seen early.

    Masks are translucent, ignored pixels (padding) striped; where the data set has identities, each picture's stands
    below it. The random numbers that training will draw stay the same with and without the sheet.

    Args:
        path: The PNG file.
        pictures: How many pictures the sheet shows; fewer where the training set is smaller.
    """

    def __init__(self, path: str | Path, pictures: int) -> None:
        super().__init__()
        if pictures < 1:
            raise ValueError(f"callbacks.augmented.pictures={pictures}: expected at least 1. null switches it off.")
        self.path, self.pictures = Path(path), pictures

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Draws.

        Raises:
            ValueError: The Trainer was given loaders instead of a data module.
        """
        if not trainer.is_global_zero:
            return
        data: object = getattr(trainer, "datamodule", None)
        if not isinstance(data, DataModule):
            raise ValueError("callbacks.augmented: needs a DataModule. Fit with one, or set callbacks.augmented=null.")
        with isolate_rng(include_cuda=False):
            torch.manual_seed(data.seed)
            chosen = mixed(draw(data.samples("train", augment=True), self.pictures), data.mix)
        classes = data.dataset.classes if isinstance(data.dataset, (MaskDataSet, IdentityDataSet)) else ()
        cells = [_cell(sample, data.dataset, classes) for sample in chosen]
        if cells:
            colours = legend(classes, wrong=False) if "mask" in chosen[0] else []
            picture = sheet("Training pictures, augmented", [Section("", cells)], colours, note=origin(trainer))
            publish(trainer, "figures/augmented", picture, self.path)


def mixed(samples: list[dict[str, Any]], mix: Mix | None) -> list[dict[str, Any]]:
    """Samples as a mixed batch shows them."""
    if mix is None or not samples:
        return samples
    batch: Any = collate(samples, mix)
    return [{name: batch[name][row] for name in sample} for row, sample in enumerate(samples)]


def draw(samples: Samples, count: int) -> list[dict[str, Any]]:
    """Samples drawn by torch's random numbers, unreadable ones left out, by key."""
    drawn: list[dict[str, Any]] = []
    for index in torch.randperm(len(samples)).tolist():
        sample = samples[index]
        if not isinstance(sample, Skipped):
            drawn.append(sample)
        if len(drawn) == count:
            break
    return sorted(drawn, key=lambda sample: str(sample["key"]))


def _cell(sample: dict[str, Any], dataset: DataSet, classes: tuple[str, ...]) -> Cell:
    image = sample["image"].permute(1, 2, 0).numpy()
    if "mask" in sample:
        image = overlay(image, sample["mask"].numpy(), len(classes))
    caption = dataset.identities[sample["label"]] if isinstance(dataset, IdentityDataSet) else sample["key"]
    return Cell([image], [(caption, None)])
