"""Models whose answers are known beforehand, and photos for them."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from bareface.data.samples import Batches, collate
from bareface.pipeline.conditions import Condition, Original, Removed
from bareface.pipeline.matte import Matte
from bareface.pipeline.module import PipelineModule
from bareface.pipeline.parts import Parts

NAMES = ("ada", "bob", "cy")
CLASSES = ("background", "face", "hair")


class Scores(nn.Module):
    """Scores three people by how near a brightness is to theirs: 60, 120, 180."""

    scores_identities = True

    def forward(self, features: Tensor) -> Tensor:
        return -(features[:, :1] - torch.tensor([60.0, 120.0, 180.0])).abs() / 10


class CornerRecogniser(nn.Module):
    """Knows people by the brightness of the upper left pixel alone; its features are that and 100."""

    framing = "picture"
    backbone = SimpleNamespace(embedding_size=2)

    def __init__(self, identities: Sequence[str] = NAMES, row: int = 0) -> None:
        super().__init__()
        self.identities, self.row, self.calls = tuple(identities), row, 0
        self.head = Scores()

    def features(self, image: Tensor, content: Tensor) -> Tensor:
        self.calls += 1
        brightness = image[:, 0, self.row, self.row]
        return torch.stack([brightness, torch.full_like(brightness, 100)], 1)

    def embedding_of(self, features: Tensor) -> Tensor:
        return F.normalize(features)


class CentreSegmenter(nn.Module):
    """Finds a face in the middle of every picture."""

    classes: tuple[str, ...] = CLASSES

    def __init__(self, rows: slice = slice(2, 6)) -> None:
        super().__init__()
        self.rows, self.calls = rows, 0

    def forward(self, image: Tensor) -> Tensor:
        self.calls += 1
        scores = torch.zeros(len(image), len(self.classes), 8, 8)
        scores[:, 0] = 5
        scores[:, 1, self.rows, 2:6] = 10
        return scores


def samples(count: int = 6) -> list[Any]:
    """Photos of 8 x 8, of ada, bob and cy in turn, as bright as they are; the face is in the middle."""
    found: list[Any] = []
    for number in range(count):
        mask = torch.zeros(8, 8, dtype=torch.uint8)
        mask[2:6, 2:6] = 1
        found.append(
            {
                "image": torch.full((3, 8, 8), 60 * (number % 3 + 1), dtype=torch.uint8),
                "mask": mask,
                "original_mask": mask,
                "content": torch.tensor([0, 0, 8, 8]),
                "size": torch.tensor([8, 8]),
                "key": f"{NAMES[number % 3]}/{number:02}.png",
                "row": torch.tensor(number),
                "label": torch.tensor(number % 3),
            }
        )
    return found


def module(folder: Path, **changes: Any) -> PipelineModule:
    """A study of two conditions: the original, and the face in front of white."""
    conditions: dict[str, Condition] = {"original": Original(), "removed": Removed("face", "white")}
    arguments: dict[str, Any] = {
        "recognisers": {"corner": [CornerRecogniser()]},
        "segmenters": {"centre": CentreSegmenter()},
        "conditions": conditions,
        "matte": Matte(),
        "mattes_from": "segmenter",
        "classes": CLASSES,
        "identities": NAMES,
    }
    if "parts" not in changes:
        changes["parts"] = Parts(folder, {"seed": 0})
    return PipelineModule(**{**arguments, **changes})


def run(pipeline: PipelineModule, data: list[Any], rows: Sequence[Any] | None = None, *callbacks: pl.Callback) -> None:
    """Shows photos in batches of four, or in given ones."""
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False, callbacks=[*callbacks]
    )
    loader = DataLoader(data, batch_size=4, collate_fn=collate)  # type: ignore[arg-type]
    if rows is not None:
        loader = DataLoader(Batches(data, rows), batch_size=None)  # type: ignore[arg-type]
    trainer.predict(pipeline, loader, return_predictions=False)
