"""Drawn faces, and models that train on them in a moment."""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from bareface.callbacks.checkpoint_io import SafeCheckpointIO
from bareface.data.datamodule import DataModule
from bareface.data.dataset import IdentityDataSet, MaskDataSet, Record, Stage
from bareface.data.manifest import Manifest
from bareface.data.transforms import Letterbox, RecognitionAugmentation, SegmentationAugmentation
from bareface.errors import PictureError
from bareface.recognition.heads.linear import Linear
from bareface.recognition.metrics import RecognitionMetrics
from bareface.recognition.module import RecognitionModule
from bareface.segmentation.losses.cross_entropy import CrossEntropyLoss
from bareface.segmentation.module import SegmentationModule

CLASSES = ("background", "face", "hair")
SKIN = ((235, 190, 160), (190, 140, 110), (120, 80, 60))
HAIR = ((60, 40, 30), (200, 160, 80), (30, 30, 35))


def face(identity: int, number: int) -> Record:
    """A 48 x 36 portrait; the identity decides the colours."""
    rng = np.random.default_rng(1000 * identity + number)
    rows, columns = np.indices((48, 36))
    top, left = 24 + rng.uniform(-2, 2), 18 + rng.uniform(-3, 3)
    head = ((rows - top - 2) / 13) ** 2 + ((columns - left) / 9) ** 2 < 1
    hair = (((rows - top + 2) / 15) ** 2 + ((columns - left) / 12) ** 2 < 1) & ((rows < top - 6) | ~head)
    mask = np.where(hair, 2, np.where(head, 1, 0)).astype(np.uint8)
    ground = np.array([90, 120, 150]) + 40 * np.sin(columns / 5 + rng.uniform(0, 6))[..., None]
    image = np.where((mask == 1)[..., None], SKIN[identity % 3], ground)
    image = np.where((mask == 2)[..., None], HAIR[identity % 3], image)
    return Record((image + rng.normal(0, 6, image.shape)).clip(0, 255).astype(np.uint8), mask)


def _manifest(keys: list[str], labels: list[int]) -> Manifest:
    return Manifest(pa.table({"key": keys, "label": pa.array(labels, pa.int32())}))


def _split(manifest: Manifest) -> dict[Stage, Manifest]:
    rows = np.arange(len(manifest))
    return {
        "train": manifest.take(rows[rows % 5 < 3]),
        "val": manifest.take(rows[rows % 5 == 3]),
        "test": manifest.take(rows[rows % 5 == 4]),
    }


class Faces(MaskDataSet):
    """Portraits with masks. Keys in ``broken`` cannot be read."""

    classes = CLASSES

    def __init__(self, count: int = 30, broken: tuple[str, ...] = ()) -> None:
        self.root, self.count, self.broken = Path("drawn"), count, broken

    def index(self) -> Manifest:
        return Manifest(pa.table({"key": [f"{number:03d}.png" for number in range(self.count)]}))

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        return _split(manifest)

    def read(self, manifest: Manifest, row: int) -> Record:
        key = manifest.key(row)
        if key in self.broken:
            raise PictureError(f'drawn/{key}: truncated, "half" is missing.')
        return face(int(key[:3]) % 3, int(key[:3]))


class People(IdentityDataSet):
    """Portraits of three people, without masks."""

    classes = ()
    identities = ("Ada Lovelace", "Björk", "n000123")

    def __init__(self, count: int = 30) -> None:
        self.root, self.count = Path("drawn"), count

    def index(self) -> Manifest:
        numbers = range(self.count)
        return _manifest(
            [f"{number % 3}/{number:03d}.png" for number in sorted(numbers, key=lambda n: (n % 3, n))],
            [number % 3 for number in sorted(numbers, key=lambda n: (n % 3, n))],
        )

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        return _split(manifest)

    def read(self, manifest: Manifest, row: int) -> Record:
        record = face(int(manifest.row(row)["label"]), row)
        return Record(record.image)


def mask_data(batch_size: int = 6, on_error: str = "raise", **dataset: object) -> DataModule:
    augmentation = SegmentationAugmentation(
        size=48, noise_std=3, flip_hor=0.5, rotate=0.5, angle=15, crop_range=(0.8, 1.0)
    )
    return DataModule(Faces(**dataset), augmentation, Letterbox(48), batch_size, 0, on_error, seed=3)


def identity_data(batch_size: int = 6, count: int = 30) -> DataModule:
    augmentation = RecognitionAugmentation(
        shorter=36, crop=32, flip_hor=0.5, gray=0.2, noise_std=0, rotate=0.0, angle=10, scale_range=(0.9, 1.0)
    )
    return DataModule(People(count), augmentation, Letterbox(48), batch_size, 0, "raise", seed=3)


class TinySegmenter(nn.Module):
    """One convolution."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.card = {"task": "segmentation", "classes": list(CLASSES)}
        self.classes, self.network = CLASSES, nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image.float() / 128 - 1)


class TinyRecogniser(nn.Module):
    """A linear map of the mean colours of nine fields."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.card = {"task": "recognition", "identities": list(People.identities)}
        self.identities, self.backbone, self.head = People.identities, nn.Identity(), Linear(27, 3)

    def embed(self, image: Tensor, content: Tensor | None = None) -> Tensor:
        return self.backbone(nn.functional.adaptive_avg_pool2d(image.float() / 128 - 1, 3).flatten(1))

    def features(self, image: Tensor, content: Tensor | None = None) -> Tensor:
        return self.embed(image, content)

    def forward(self, image: Tensor, content: Tensor | None = None) -> Tensor:
        return self.head(self.features(image, content))


def segmentation() -> SegmentationModule:
    return SegmentationModule(TinySegmenter(), CrossEntropyLoss(None), partial(torch.optim.SGD, lr=0.5))


def recognition() -> RecognitionModule:
    optimizer = partial(torch.optim.SGD, lr=0.02)
    return RecognitionModule(TinyRecogniser(), nn.CrossEntropyLoss(), RecognitionMetrics(), optimizer)


def trainer(folder: Path, callbacks: list[pl.Callback] | None = None, **changes: object) -> pl.Trainer:
    settings = {
        "max_epochs": 2,
        "accelerator": "cpu",
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "log_every_n_steps": 1,
        "default_root_dir": folder,
        "plugins": [SafeCheckpointIO()],
        "callbacks": callbacks or [],
        **changes,
    }
    return pl.Trainer(**settings)
