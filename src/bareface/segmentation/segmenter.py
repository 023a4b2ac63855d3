"""The segmenter: network + preprocessing, the thing that a checkpoint holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.data.normalise import Normalise
from bareface.io import checkpoint
from bareface.segmentation.networks.checks import MINIMUM

NETWORKS = "bareface.segmentation.networks"


class Segmenter(nn.Module):
    """Turns pictures into class scores per pixel.

    Args:
        network: ``_target_`` (a class of ``bareface.segmentation.networks``) and its arguments but ``classes``.
        normalise: Arguments of ``Normalise``.
        size: Side in pixels that the longest side of a canvas is resized to before the network sees it.
        classes: Names of the classes 0, 1, ...; the first is ``background``.

    Raises:
        ValueError: The size is too small for any network, or the classes are not such.
    """

    def __init__(
        self, network: Mapping[str, Any], normalise: Mapping[str, Any], size: int, classes: Sequence[str]
    ) -> None:
        super().__init__()
        if len(classes) < 2 or classes[0] != "background":
            raise ValueError(f"classes={list(classes)}: expected background first, and at least one more.")
        if size < MINIMUM:
            raise ValueError(f"size={size}: expected at least {MINIMUM} pixels.")
        self.card: dict[str, Any] = {
            "task": "segmentation",
            "network": dict(network),
            "normalise": dict(normalise),
            "size": size,
            "classes": list(classes),
        }
        self.size, self.classes = size, tuple(classes)
        self.normalise = Normalise(**normalise)
        self.network = checkpoint.build(network, NETWORKS, classes=len(classes))
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Rebuilds the segmenter of a checkpoint, ready for inference. No configuration is needed.

        Raises:
            FileNotFoundError: There is no such file.
            CheckpointError: The file is not the checkpoint of a segmenter.
        """
        card, state = checkpoint.load_model(path, "segmentation", "segmenter.")
        segmenter = cls(**{name: value for name, value in card.items() if name not in ("task", "versions")})
        checkpoint.fill(segmenter, state, path)
        return segmenter.eval()

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Scores every pixel.

        Args:
            image: (N, 3, H, W) uint8 RGB canvases.

        Returns:
            (N, classes, H, W) logits; in training mode of a network with auxiliary heads a tuple of such, the
            network's scores first.
        """
        height, width = image.shape[-2:]
        scale = self.size / max(height, width)
        pixels = image.float()
        if scale != 1:
            inner = (max(1, round(height * scale)), max(1, round(width * scale)))
            pixels = F.interpolate(pixels, inner, mode="bilinear", antialias=True, align_corners=False)
        output = self.network(self.normalise(pixels).contiguous(memory_format=torch.channels_last))
        if isinstance(output, Tensor):
            return _resized(output, height, width)
        return tuple(_resized(head, height, width) for head in output)


def _resized(logits: Tensor, height: int, width: int) -> Tensor:
    if logits.shape[-2:] == (height, width):
        return logits
    return F.interpolate(logits, (height, width), mode="bilinear", align_corners=False)
