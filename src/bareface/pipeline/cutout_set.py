"""Writes the photos of a data set with their background removed, in the layout of their source."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from bareface.data.samples import Batch, Samples
from bareface.data.window import resample
from bareface.io.pictures import write_picture
from bareface.pipeline.background import compose
from bareface.pipeline.conditions import Condition, Removed
from bareface.pipeline.mattes import Mattes
from bareface.pipeline.photos import Photos


class CutoutSet:
    """Writes ``folder/<condition>/<key>`` for each condition that removes something, at the photo's own resolution.

    Args:
        folder: A new folder.
        samples: Those that will come; their photos are read once more, at full resolution.
    """

    def __init__(self, folder: Path, samples: Samples) -> None:
        self.folder, self.samples = folder, samples

    def write(self, batch: Batch, mattes: Mattes, conditions: Mapping[str, Condition]) -> None:
        """Writes a batch."""
        removing = {name: module for name, module in conditions.items() if isinstance(module, Removed)}
        for index, key in enumerate(batch["key"]):
            photo = self.samples.record(int(batch["row"][index])).image
            image = torch.from_numpy(photo.transpose(2, 0, 1).copy())[None].float().to(batch["image"].device)
            for name, cut in self._cut(
                image, key, batch["content"][index : index + 1], mattes, removing, index
            ).items():
                target = self.folder / name / key
                target.parent.mkdir(parents=True, exist_ok=True)
                write_picture(target, cut[0].permute(1, 2, 0).round().to(torch.uint8).cpu().numpy())

    def _cut(
        self, image: Tensor, key: str, content: Tensor, mattes: Mattes, conditions: Mapping[str, Removed], index: int
    ) -> dict[str, Tensor]:
        height, width = image.shape[2:]
        photo = Photos(image, torch.tensor([[0, 0, height, width]], device=image.device), [key])
        cuts = {}
        for name, condition in conditions.items():
            small = condition.mattes_of(mattes)[index : index + 1]
            matte = resample(small, content, content, height, width)
            cuts[name] = compose(image, matte, condition.backdrop(photo, matte))
        return cuts
