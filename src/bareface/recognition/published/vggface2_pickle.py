"""VGGFace2's networks as cydonia999 converted them from Caffe."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from bareface.recognition.backbones.resnet import ResNet50
from bareface.recognition.backbones.senet import SENet50
from bareface.recognition.published.array_pickle import load_arrays
from bareface.recognition.published.weights import PublishedWeights
from bareface.recognition.recogniser import Framing


class VGGFace2Pickle(PublishedWeights):
    """``*_weight.pkl``: numpy arrays under torchvision's names, trained in Caffe's wiring.

    Args:
        file: Name under which it was published.
        source: Where people get it.
        backbone: ``_target_`` and arguments of the network that it fills.
        identities: Number of classes of its classifier.

    Source: cydonia999/VGGFace2-pytorch ``utils.py``; preprocessing: ox-vgg/vgg_face2 README.
    """

    backbones: ClassVar[tuple[type[nn.Module], ...]] = (ResNet50, SENet50)
    wiring = "caffe"
    normalise: ClassVar = {"mean": [91.4953, 103.8827, 131.0912], "std": [1.0, 1.0, 1.0], "channels": "bgr"}
    shorter, crop, canvas = 256, 224, 384
    framing: ClassVar[Framing] = "box"

    def tensors(self, path: Path) -> dict[str, Tensor]:
        """Reads the file; ``fc`` is the head.

        A counter of training steps is not refused as such, but is a tensor too many: Caffe knows none.
        """
        found = {}
        for name, array in load_arrays(path).items():
            ours = f"head.{name[3:]}" if name.startswith("fc.") else f"backbone.{name}"
            if name.endswith("num_batches_tracked"):
                ours = name
            found[ours] = torch.from_numpy(np.array(array, np.float32))
        return found
