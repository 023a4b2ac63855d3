"""FaceNet's network as facenet-pytorch publishes it."""

from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from bareface.recognition.backbones.inception_resnet_v1 import InceptionResNetV1
from bareface.recognition.published.torch_file import load_tensors
from bareface.recognition.published.weights import PublishedWeights
from bareface.recognition.recogniser import Framing


class FaceNet(PublishedWeights):
    """``*.pt``: a state dictionary with its classifier, ``logits``.

    Args:
        file: Name under which it was published.
        source: Where people get it.
        backbone: ``_target_`` and arguments of the network that it fills.
        identities: Number of classes of its classifier.

    Source: timesler/facenet-pytorch ``models/inception_resnet_v1.py``; preprocessing ``fixed_image_standardization``.
    """

    backbones: ClassVar[tuple[type[nn.Module], ...]] = (InceptionResNetV1,)
    normalise: ClassVar = {"mean": [127.5, 127.5, 127.5], "std": [128.0, 128.0, 128.0], "channels": "rgb"}
    shorter, crop, canvas = 160, 160, 240
    framing: ClassVar[Framing] = "box"

    def tensors(self, path: Path) -> dict[str, Tensor]:
        """Reads the file; ``logits`` is the head."""
        loaded = load_tensors(path)
        return {
            f"head.{name.removeprefix('logits.')}" if name.startswith("logits.") else f"backbone.{name}": tensor
            for name, tensor in loaded.items()
        }
