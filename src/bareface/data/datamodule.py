"""From a data set to loaders."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.overrides.distributed import UnrepeatedDistributedSampler
from torch.utils.data import DataLoader, Dataset, Sampler

from bareface.data.dataset import STAGES, DataSet, MaskDataSet, Stage
from bareface.data.epochs import EpochLoader
from bareface.data.face_frames import FaceFrames, OnNoFace, with_faces
from bareface.data.faces import FaceTable, read_faces
from bareface.data.framing import FaceFraming
from bareface.data.samples import Batches, Mix, OnError, Samples, Shown, Transform, collate
from bareface.errors import DataError, FaceError
from bareface.io.atomic import atomic_path


class DataModule(pl.LightningDataModule):
    """The loaders of a data set.

    Args:
        dataset: Where samples come from, and how they are split.
        train_transform: What training sees.
        eval_transform: What validation and test see.
        mix: What becomes of a training batch as a whole; None leaves it as it is.
        sampler: Called with the ``labels`` of the training pictures, ``batch_size`` and ``seed``: in which order they
            come; None shuffles them.
        batch_size: Pictures a batch, in every stage.
        num_workers: Processes that decode and augment, 0 = the main process.
        on_error: ``raise`` ends the run at the first unreadable picture, ``skip`` goes on and lists it.
        seed: Of the order of the training pictures and of their augmentation.
        drop_last: Leave out a last training batch that is not full (batch norm dislikes a single picture).
        faces: A table of faces that ``bareface detect`` wrote for this data; each picture is cut to its face, and those
            without one are skipped and listed. None: whole pictures.
        framing: ``box`` or ``aligned``, for ``faces``.
        on_no_face: ``whole``: a picture without a face stays whole instead of being skipped.
        shown: Shows pictures otherwise than they are, in the stages that it names; None: as they are.
    """

    def __init__(
        self,
        dataset: DataSet,
        train_transform: Transform,
        eval_transform: Transform,
        batch_size: int,
        num_workers: int,
        on_error: OnError,
        seed: int,
        drop_last: bool = True,
        mix: Mix | None = None,
        faces: str | None = None,
        framing: FaceFraming = "box",
        on_no_face: OnNoFace = "fail",
        sampler: Callable[..., Sampler[int]] | None = None,
        shown: Shown | None = None,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f"loader.batch_size={batch_size}: expected at least 1.")
        self.dataset, self.train_transform, self.eval_transform = dataset, train_transform, eval_transform
        self.batch_size, self.num_workers, self.on_error, self.seed = batch_size, num_workers, on_error, seed
        self.drop_last, self.mix, self.sampler, self.shown = drop_last, mix, sampler, shown
        self.faces, self.frames = faces, FaceFrames(framing, on_no_face)

    @cached_property
    def face_table(self) -> FaceTable | None:
        """What ``faces`` holds."""
        return None if self.faces is None else read_faces(Path(self.faces))

    def samples(self, stage: Stage, augment: bool) -> Samples:
        """The samples of one stage, as training sees them or as validation does.

        Raises:
            DataError: The split has nothing for this stage, or the table of faces does not fit it.
        """
        manifest = self.dataset.splits[stage]
        if len(manifest) == 0:
            raise DataError(f"{self.dataset.root}: the split gives no {stage} pictures. Choose another data.split.")
        transform = self.train_transform if augment else self.eval_transform
        frames = None
        if self.face_table is not None:
            manifest, frames = with_faces(manifest, self.face_table), self.frames
        shown = self.shown if self.shown is not None and stage in self.shown.stages else None
        if shown is not None:
            manifest = shown.matched(manifest)
        return Samples(self.dataset, manifest, transform, self.on_error, not augment, frames, shown)

    def stage_dataloader(self, stage: Stage) -> DataLoader[Any]:
        """One stage in manifest order, as validation and test see it."""
        return self.loader(self.samples(stage, augment=False))

    def stage_batches(self, stage: Stage, rows: Sequence[NDArray[np.int64]]) -> DataLoader[Any]:
        """One stage as validation and test see it, in batches of given rows, shared by several processes as batches."""
        batches = Batches(self.samples(stage, augment=False), rows)
        shared = torch.distributed.is_initialized()
        return DataLoader(
            batches,
            batch_size=None,
            sampler=UnrepeatedDistributedSampler(batches, shuffle=False) if shared else None,
            num_workers=self.num_workers,
            pin_memory=torch.cuda.is_available(),
        )

    def loader(
        self, samples: Dataset[Any], shuffle: bool = False, sampler: Sampler[int] | None = None
    ) -> DataLoader[Any]:
        """Batches of any samples, of training pictures where they are shuffled, in the order of the sampler if any.

        Several processes share what is not shuffled without showing a picture twice, which would count it twice.
        """
        if torch.distributed.is_initialized() and not shuffle:
            sampler = UnrepeatedDistributedSampler(samples, shuffle=False)
        kind = EpochLoader if shuffle else DataLoader
        return kind(
            samples,
            batch_size=self.batch_size,
            shuffle=shuffle and sampler is None,
            sampler=sampler,
            num_workers=self.num_workers,
            collate_fn=partial(collate, mix=self.mix) if shuffle else collate,
            drop_last=shuffle and self.drop_last and len(sampler or samples) > self.batch_size,  # type: ignore[arg-type]
            pin_memory=torch.cuda.is_available(),
            persistent_workers=self.num_workers > 0,
            generator=torch.Generator().manual_seed(self.seed),
        )

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled, or as the sampler says, and augmented.

        Raises:
            ValueError: The sampler needs identities and there are none.
        """
        samples = self.samples("train", augment=True)
        samples.begin(0 if self.trainer is None else self.trainer.current_epoch)  # above 0 where a run goes on
        if self.sampler is None:
            return self.loader(samples, shuffle=True)
        if not samples.manifest.has("label"):
            raise ValueError(f"loader.sampler: data={type(self.dataset).__name__} has no identities. Set it to null.")
        labels = samples.manifest.column("label")
        return self.loader(samples, True, self.sampler(labels=labels, batch_size=self.batch_size, seed=self.seed))

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        """In manifest order; nothing where the split has no validation pictures."""
        if len(self.dataset.splits["val"]) == 0:
            return []
        return self.stage_dataloader("val")

    def test_dataloader(self) -> DataLoader[Any]:
        """In manifest order."""
        return self.stage_dataloader("test")

    def class_counts(self, pictures: int) -> list[int]:
        """Pixels of each class in the training masks as they are on disk, from evenly spaced ones.

        Args:
            pictures: How many masks are read at most.

        Raises:
            ValueError: The data set has no masks.
        """
        if not isinstance(self.dataset, MaskDataSet):
            raise ValueError(f"data={type(self.dataset).__name__} has no masks whose classes could be counted.")
        samples = self.samples("train", augment=False)
        counts = np.zeros(256, np.int64)
        for row in np.linspace(0, len(samples) - 1, min(pictures, len(samples))).astype(int):
            try:
                mask = samples.record(int(row)).mask
            except FaceError:
                continue
            counts += np.bincount(np.asarray(mask).ravel(), minlength=256)
        return [int(count) for count in counts[: len(self.dataset.classes)]]

    def write_splits(self, folder: Path) -> None:
        """Writes ``train.txt``, ``val.txt`` and ``test.txt``, one key a line, and ``root.txt``: the data's folder."""
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / "root.txt") as path:
            path.write_text(f"{self.dataset.root.absolute()}\n", encoding="utf-8")
        for stage in STAGES:
            with atomic_path(folder / f"{stage}.txt") as path, path.open("w", encoding="utf-8") as file:
                file.writelines(f"{key}\n" for key in self.dataset.splits[stage].column("key"))
