"""Eigenfaces on the pictures of a data set, to stand beside a recogniser."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig
from torch.utils.data import Dataset, Subset

from bareface.data.dataset import DataSet, Stage
from bareface.data.samples import Batch
from bareface.recognition.eigenfaces import Eigenfaces
from bareface.recognition.embeddings import Embeddings, TableWriter
from bareface.tasks import build

GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""Share of red, green and blue in a grey picture (ITU-R BT.601)."""


def unfitted(cfg: DictConfig, dataset: DataSet, notes: list[str]) -> Eigenfaces | None:
    """Eigenfaces that are not fitted yet, where they are wanted; too few training pictures are noted.

    Raises:
        ValueError: Their options contradict each other.
    """
    if cfg.baseline is None:
        return None
    if not isinstance(cfg.baseline, DictConfig):
        raise ValueError(f"baseline={cfg.baseline}: expected null, or a value for baseline.components.")
    for name in ("baseline_side", "baseline_pictures"):
        if cfg[name] < 1:
            raise ValueError(f"{name}={cfg[name]}: expected at least 1.")
    faces: Eigenfaces = build.plain(cfg.baseline)
    if cfg.baseline_pictures <= faces.components:
        raise ValueError(
            f"baseline_pictures={cfg.baseline_pictures}: expected more than baseline.components={faces.components}."
        )
    faces.check(cfg.baseline_pictures, cfg.baseline_side**2)
    return faces if _suffice(faces, len(dataset.splits["train"]), notes) else None


def _suffice(faces: Eigenfaces, pictures: int, notes: list[str]) -> bool:
    """Whether there are enough training pictures; nobody has to ask for eigenfaces, so a note says where not."""
    if pictures > faces.components:
        return True
    few = f"{pictures} train pictures are too few for baseline.components={faces.components}"
    remedy = f"Ask for {pictures - 1}, or baseline=null" if pictures > 1 else "baseline=null spares this line"
    notes.append(f"eigenfaces: left out, {few}. {remedy}")
    return False


def table(
    cfg: DictConfig,
    faces: Eigenfaces,
    dataset: DataSet,
    stages: Sequence[Stage],
    skipped: dict[str, str],
    notes: list[str],
) -> Embeddings | None:
    """Eigenfaces fitted to the training pictures; None, and a note, where too few of those can be read.

    What cannot be read is added to ``skipped`` where the loader may skip it.
    """
    pictures = [grey for _, grey in _grey(cfg, dataset, "train", cfg.baseline_pictures, skipped)]
    if not _suffice(faces, sum(map(len, pictures)), notes):
        return None
    faces.fit(np.concatenate(pictures))
    writer = TableWriter(build.names_of(dataset))
    for stage in stages:
        for batch, grey in _grey(cfg, dataset, stage, None, skipped):
            labels = batch["label"].tolist() if "label" in batch else []
            writer.write(batch["key"], labels, faces.embed(grey))
    return writer.table


def _grey(
    cfg: DictConfig, dataset: DataSet, stage: Stage, most: int | None, skipped: dict[str, str]
) -> Iterator[tuple[Batch, NDArray[np.float32]]]:
    """The pictures of a stage, or so many of them evenly spaced: batches and (N, side, side) grey."""
    data = build.evaluation_data(cfg, dataset, cfg.baseline_side)
    samples: Dataset[Any] = data.samples(stage, augment=False)
    total = len(dataset.splits[stage])
    if most is not None and most < total:
        samples = Subset(samples, np.linspace(0, total - 1, most).astype(int).tolist())
    for batch in data.loader(samples):
        skipped |= dict(batch["skipped"])
        if batch["key"]:
            yield batch, np.einsum("nchw,c->nhw", batch["image"].numpy(), GREY)
