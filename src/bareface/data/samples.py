"""From records on disk to batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, Protocol, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from bareface.data.dataset import DataSet, Record, Stage
from bareface.data.face_frames import FaceFrames
from bareface.data.manifest import Manifest
from bareface.errors import FaceError, PictureError

OnError = Literal["raise", "skip"]
SKIP = "Or set loader.on_error=skip: it leaves such pictures out and lists them."


class Batch(TypedDict):
    """What the loaders hand to a module.

    Attributes:
        image: (N, 3, H, W) uint8 RGB.
        content: (N, 4) int64 top, left, height, width of the picture in its canvas; the rest is padding.
        size: (N, 2) int64 height and width of the picture as it was read, after a face was cut out of it.
        key: N keys.
        row: (N,) int64, the place of each in the manifest of its stage.
        skipped: Key and reason of pictures that were asked for and could not be read, or have no face.
        mask: (N, H, W) uint8 class indices, 255 = ignore; where the data set has masks.
        original_mask: N masks of (H, W) as they were read, before they were resized; where asked for.
        label: (N,) int64; where the data set has identities.
    """

    image: Tensor
    content: Tensor
    size: Tensor
    key: list[str]
    row: Tensor
    skipped: list[tuple[str, str]]
    mask: NotRequired[Tensor]
    original_mask: NotRequired[list[Tensor]]
    label: NotRequired[Tensor]


@dataclass(frozen=True)
class Framed:
    """A record after its transform.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 or None.
        content: top, left, height, width of the picture in ``image``; the rest is padding.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8] | None
    content: tuple[int, int, int, int]


class Transform(Protocol):
    """Brings every record to one size. All randomness comes from ``seed``."""

    def __call__(self, record: Record, seed: int) -> Framed:
        """Transforms picture and mask together."""


@dataclass(frozen=True)
class Skipped:
    """A picture that could not be read or has no face, and why."""

    key: str
    reason: str


class Mix(Protocol):
    """Changes a whole training batch, so that its pictures may take from each other. The randomness is torch's."""

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Mixes a batch of at least one picture."""


class Shown(Protocol):
    """Shows photos otherwise than they are, before their transform.

    Attributes:
        stages: The stages that it does so in.
    """

    stages: Sequence[Stage]

    def matched(self, manifest: Manifest) -> Manifest:
        """The same samples, with what ``__call__`` looks up of each."""

    def __call__(self, samples: "Samples", row: int, record: Record) -> Record:
        """Shows a record of the samples. What is random comes from its key and ``samples.epoch`` alone.

        Raises:
            FaceError: It cannot be shown like this.
        """


class Samples(Dataset[dict[str, Any] | Skipped]):
    """The samples of one stage.

    Args:
        dataset: Knows how to read a record.
        manifest: The samples of this stage.
        transform: Brings every record to one size.
        on_error: ``raise`` ends the run at the first unreadable picture, ``skip`` goes on and lists it.
        original_mask: Add each mask as it was read to its sample.
        frames: Cuts the face out of picture and mask before the transform; the manifest is one ``with_faces``. A
            picture without a face is skipped and listed whatever ``on_error`` is: that is a result, not a broken file.
        shown: Shows records otherwise than they are, before the transform; the manifest is one that it ``matched``. A
            picture that it cannot show is skipped and listed as one without a face is.
    """

    def __init__(
        self,
        dataset: DataSet,
        manifest: Manifest,
        transform: Transform,
        on_error: OnError = "raise",
        original_mask: bool = False,
        frames: FaceFrames | None = None,
        shown: Shown | None = None,
    ) -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f"loader.on_error={on_error}: expected raise or skip.")
        self.dataset, self.manifest, self.transform, self.on_error = dataset, manifest, transform, on_error
        self.original_mask, self.frames, self.shown = original_mask, frames, shown
        self._epoch = torch.zeros((), dtype=torch.int64)
        if shown is not None:
            self._epoch.share_memory_()  # type: ignore[no-untyped-call]  # workers live longer than an epoch

    @property
    def epoch(self) -> int:
        """Which epoch this is, in every worker."""
        return int(self._epoch)

    def begin(self, epoch: int) -> None:
        """Tells all workers which epoch this is."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return len(self.manifest)

    def record(self, row: int) -> Record:
        """One sample before its transform.

        Raises:
            FaceError: It has no face.
            PictureError: It is unreadable.
        """
        record = self.dataset.read(self.manifest, row)
        return record if self.frames is None else self.frames(record, self.manifest.row(row))

    def __getitem__(self, index: int) -> dict[str, Any] | Skipped:
        seed = int(torch.randint(2**31, ()))  # torch seeds every worker and epoch anew; nothing else does
        try:
            record = self.record(index)
            seen = record if self.shown is None else self.shown(self, index, record)
        except FaceError as error:
            return Skipped(self.manifest.key(index), str(error))
        except PictureError as error:
            if self.on_error == "raise":
                raise PictureError(f"{error} {SKIP}") from error
            return Skipped(self.manifest.key(index), str(error))
        framed = self.transform(seen, seed)
        sample: dict[str, Any] = {
            "image": torch.from_numpy(np.ascontiguousarray(framed.image.transpose(2, 0, 1))),
            "content": torch.tensor(framed.content),
            "size": torch.tensor(record.image.shape[:2]),
            "key": self.manifest.key(index),
            "row": torch.tensor(index),
        }
        if framed.mask is not None:
            sample["mask"] = torch.from_numpy(np.ascontiguousarray(framed.mask))
        if self.original_mask and seen.mask is not None:
            sample["original_mask"] = torch.from_numpy(np.ascontiguousarray(seen.mask))
        if self.manifest.has("label"):
            sample["label"] = torch.tensor(int(self.manifest.row(index)["label"]))
        return sample


def collate(samples: Sequence[dict[str, Any] | Skipped], mix: Mix | None = None) -> Batch | dict[str, Any]:
    """Stacks samples to a batch and mixes it; what was skipped travels along by name.

    A batch of which nothing could be read has no ``image``, an empty ``key`` and its ``skipped``.
    """
    read = [sample for sample in samples if not isinstance(sample, Skipped)]
    skipped = [(sample.key, sample.reason) for sample in samples if isinstance(sample, Skipped)]
    batch: dict[str, Any] = {"key": [sample["key"] for sample in read], "skipped": skipped}
    for name in read[0] if read else ():
        if name == "original_mask":  # of many sizes
            batch[name] = [sample[name] for sample in read]
        elif name != "key":
            batch[name] = torch.stack([sample[name] for sample in read])
    return mix(batch) if mix is not None and read else batch


class Batches(Dataset[Any]):
    """Given batches of samples, where it matters which come together.

    Args:
        samples: The samples.
        rows: Of each batch.
    """

    def __init__(self, samples: Samples, rows: Sequence[NDArray[np.int64]]) -> None:
        self.samples, self.rows = samples, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Batch | dict[str, Any]:
        return collate([self.samples[int(row)] for row in self.rows[index]])
