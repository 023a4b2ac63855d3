"""VGGFace2's networks under the names that they had in Caffe, as their authors published them for PyTorch."""

import re
from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from bareface.recognition.backbones.resnet import ResNet50
from bareface.recognition.backbones.senet import SENet50
from bareface.recognition.published.torch_file import load_tensors
from bareface.recognition.published.weights import PublishedWeights
from bareface.recognition.recogniser import Framing

LAYERS = {
    "1x1_reduce": "conv1",
    "1x1_reduce_bn": "bn1",
    "3x3": "conv2",
    "3x3_bn": "bn2",
    "1x1_increase": "conv3",
    "1x1_increase_bn": "bn3",
    "1x1_proj": "downsample.0",
    "1x1_proj_bn": "downsample.1",
    "1x1_down": "conv4",
    "1x1_up": "conv5",
}
OTHERS = {
    "conv1_7x7_s2": "backbone.conv1",
    "conv1_7x7_s2_bn": "backbone.bn1",
    "feat_extract": "backbone.feat_extract",
    "classifier": "head",
}
_BLOCK = re.compile(r"conv([2-5])_(\d+)_(\w+)")


class VGGFace2Official(PublishedWeights):
    """Tensors named ``conv3_1_1x1_reduce`` and the like, trained in Caffe's wiring; RGB, unlike the pickles.

    The networks of 128 and 256 numbers end with ``feat_extract`` and have no classifier.

    Args:
        file: Name under which it was published.
        source: Where people get it.
        backbone: ``_target_`` and arguments of the network that it fills.
        identities: Number of classes of its classifier; 0: it has none.

    Source: ox-vgg/vgg_face2 ``standard_evaluation/pytorch_feature_extractor.py``.
    """

    backbones: ClassVar[tuple[type[nn.Module], ...]] = (ResNet50, SENet50)
    wiring = "caffe"
    normalise: ClassVar = {"mean": [131.0912, 103.8827, 91.4953], "std": [1.0, 1.0, 1.0], "channels": "rgb"}
    shorter, crop, canvas = 224, 224, 336
    framing: ClassVar[Framing] = "box"

    def tensors(self, path: Path) -> dict[str, Tensor]:
        """Reads the file; the 1x1 convolutions at its end become the linear maps that they are."""
        found = {}
        for name, tensor in load_tensors(path).items():
            layer, _, kind = name.rpartition(".")
            flat = layer in ("feat_extract", "classifier") and tensor.ndim == 4 and tensor.shape[2:] == (1, 1)
            found[f"{our_name(layer)}.{kind}"] = tensor[:, :, 0, 0] if flat else tensor
        return found


def our_name(layer: str) -> str:
    """Where a layer is in a recogniser; one that is nowhere keeps its name, and is refused later.

    >>> our_name("conv3_1_1x1_reduce_bn")
    'backbone.layer2.0.bn1'
    """
    block = _BLOCK.fullmatch(layer)
    if block is None:
        return OTHERS.get(layer, layer)
    stage, number, rest = block.groups()
    return f"backbone.layer{int(stage) - 1}.{int(number) - 1}.{LAYERS[rest]}" if rest in LAYERS else layer
