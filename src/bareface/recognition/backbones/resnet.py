"""ResNets without their classifier: the embedding is the pooled feature."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

Wiring = Literal["torchvision", "caffe"]
Stem = Literal["imagenet", "small"]
MINIMUM = 16


class ResNetBackbone(nn.Module):
    """A ResNet; use a subclass, which can be built from plain values.

    Its tensors have the names and shapes of torchvision's ``resnet*`` without ``fc``, whatever the wiring.

    Args:
        block: The residual block.
        layers: Number of blocks in each of the four stages.
        stem: ``imagenet``: 7x7 convolution with stride 2. ``small``: 3x3 with stride 1, for pictures of some 64
            pixels: their last map is 4x4 instead of 2x2, for four times the multiply-adds (and three times the time of
            a training step on a CPU). Both are followed by a pooling with stride 2.

    Raises:
        ValueError: Another stem.

    Source: He et al., Deep residual learning, CVPR 2016, table 1.
    """

    def __init__(self, block: type[BasicBlock | Bottleneck], layers: tuple[int, ...], stem: Stem) -> None:
        super().__init__()
        if stem not in get_args(Stem):
            raise ValueError(f"stem={stem}: expected imagenet or small.")
        trunk = ResNet(block, list(layers), num_classes=1)
        self.embedding_size: int = 512 * block.expansion
        self.conv1: nn.Conv2d = trunk.conv1
        if stem == "small":
            self.conv1 = nn.Conv2d(3, 64, kernel_size=3, padding=1, bias=False)
            nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
        self.bn1, self.relu, self.maxpool = trunk.bn1, trunk.relu, trunk.maxpool
        self.layer1, self.layer2, self.layer3, self.layer4 = trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4

    def forward(self, image: Tensor) -> Tensor:
        """Embeds pictures.

        Args:
            image: (N, 3, H, W) float, normalised; H and W are 16 or more.

        Returns:
            (N, embedding_size) float, not normalised, non-negative (it is the mean of a ReLU).

        Raises:
            ValueError: Another shape.
        """
        if image.ndim != 4 or image.shape[1] != 3 or min(image.shape[-2:]) < MINIMUM:
            raise ValueError(f"image of {tuple(image.shape)}: expected (N, 3, H, W), H and W at least {MINIMUM}.")
        x = self.maxpool(self.relu(self.bn1(self.conv1(image))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1)


class ResNet18(ResNetBackbone):
    """18 layers, 11,176,512 parameters, embedding of 512.

    Args:
        stem: ``imagenet`` or ``small``.
    """

    def __init__(self, stem: Stem = "imagenet") -> None:
        super().__init__(BasicBlock, (2, 2, 2, 2), stem)


class ResNet34(ResNetBackbone):
    """34 layers, 21,284,672 parameters, embedding of 512.

    Args:
        stem: ``imagenet`` or ``small``.
    """

    def __init__(self, stem: Stem = "imagenet") -> None:
        super().__init__(BasicBlock, (3, 4, 6, 3), stem)


class ResNet50(ResNetBackbone):
    """50 layers, 23,508,032 parameters, embedding of 2048.

    Args:
        stem: ``imagenet`` or ``small``.
        wiring: ``torchvision``: stages halve the resolution in their first 3x3 convolution. ``caffe``: in the 1x1
            before it, and the pooling of the stem rounds up instead of padding. Weights converted from Caffe (the
            VGGFace2 ones) load without complaint into either, and give nonsense in the first.

    Raises:
        ValueError: Another stem or wiring.

    Source: for ``caffe`` cydonia999/VGGFace2-pytorch ``models/resnet.py``.
    """

    def __init__(self, stem: Stem = "imagenet", wiring: Wiring = "torchvision") -> None:
        super().__init__(Bottleneck, (3, 4, 6, 3), stem)
        if wiring not in get_args(Wiring):
            raise ValueError(f"wiring={wiring}: expected torchvision or caffe.")
        if wiring == "caffe":
            self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=0, ceil_mode=True)
            for stage in (self.layer2, self.layer3, self.layer4):
                # Strides hold no weights, so that moving them keeps names, shapes and initialisation.
                stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)


class ResNet101(ResNetBackbone):
    """101 layers, 42,500,160 parameters, embedding of 2048.

    Args:
        stem: ``imagenet`` or ``small``.
    """

    def __init__(self, stem: Stem = "imagenet") -> None:
        super().__init__(Bottleneck, (3, 4, 23, 3), stem)
