"""Backbones that insightface's arcface_torch trained."""

from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from bareface.recognition.backbones.iresnet import IResNet
from bareface.recognition.backbones.mobilefacenet import MobileFaceNet
from bareface.recognition.published.torch_file import load_tensors
from bareface.recognition.published.weights import PublishedWeights
from bareface.recognition.recogniser import Framing


class InsightFace(PublishedWeights):
    """``backbone.pth``: a state dictionary without a classifier, for faces aligned to 112 x 112 pixels.

    Args:
        file: Name under which it was published.
        source: Where people get it.
        backbone: ``_target_`` and arguments of the network that it fills.
        identities: 0.

    Source: deepinsight/insightface ``recognition/arcface_torch``; preprocessing ``dataset.py``.
    """

    backbones: ClassVar[tuple[type[nn.Module], ...]] = (IResNet, MobileFaceNet)
    normalise: ClassVar = {"mean": [127.5, 127.5, 127.5], "std": [127.5, 127.5, 127.5], "channels": "rgb"}
    shorter, crop, canvas = 112, 112, 112
    framing: ClassVar[Framing] = "aligned"

    def tensors(self, path: Path) -> dict[str, Tensor]:
        """Reads the file."""
        return {f"backbone.{name}": tensor for name, tensor in load_tensors(path).items()}
