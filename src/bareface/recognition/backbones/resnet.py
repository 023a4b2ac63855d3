"""ResNets without their classifier: the embedding is the pooled feature."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from bareface.recognition.backbones.checks import check_image

Wiring = Literal["torchvision", "caffe"]
Stem = Literal["imagenet", "small"]


class ResNetBackbone(nn.Module):
    """A ResNet; use a subclass, which can be built from plain values.

    Its tensors have the names and shapes of torchvision's ``resnet*`` without ``fc``, whatever the wiring.

    Args:
        block: The residual block; ``caffe`` wants a bottleneck.
        layers: Number of blocks in each of the four stages.
        stem: ``imagenet``: 7x7 convolution with stride 2. ``small``: 3x3 with stride 1, for pictures of some 64
            pixels: their last map is 4x4 instead of 2x2, for four times the multiply-adds (and three times the time of
            a training step on a CPU). Both are followed by a pooling with stride 2.
        wiring: Where the resolution is halved, see ``ResNet50``.
        projection: Length that a last linear map without bias brings the pooled feature to; None: no such map.

    Raises:
        ValueError: Another stem or wiring, or a projection to nothing.

    Source: He et al., Deep residual learning, CVPR 2016, table 1.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: tuple[int, ...],
        stem: Stem,
        wiring: Wiring = "torchvision",
        projection: int | None = None,
    ) -> None:
        super().__init__()
        if stem not in get_args(Stem):
            raise ValueError(f"stem={stem}: expected imagenet or small.")
        if wiring not in get_args(Wiring):
            raise ValueError(f"wiring={wiring}: expected torchvision or caffe.")
        if projection is not None and projection < 1:
            raise ValueError(f"projection={projection}: expected at least 1, or null for the pooled feature itself.")
        trunk = ResNet(block, list(layers), num_classes=1)
        self.wiring: Wiring = wiring
        pooled = 512 * block.expansion
        self.embedding_size: int = pooled if projection is None else projection
        self.conv1: nn.Conv2d = trunk.conv1
        if stem == "small":
            self.conv1 = nn.Conv2d(3, 64, kernel_size=3, padding=1, bias=False)
            nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
        self.bn1, self.relu, self.maxpool = trunk.bn1, trunk.relu, trunk.maxpool
        self.layer1, self.layer2, self.layer3, self.layer4 = trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4
        self.feat_extract = None if projection is None else nn.Linear(pooled, projection, bias=False)
        if wiring == "caffe":
            self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=0, ceil_mode=True)
            for stage in (self.layer2, self.layer3, self.layer4):
                # Strides hold no weights, so that moving them keeps names, shapes and initialisation.
                stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Embeds pictures.

        Args:
            image: (N, 3, H, W) float, normalised; H and W are 16 or more.

        Returns:
            (N, embedding_size) float, not normalised; without a projection non-negative (it is the mean of a ReLU).

        Raises:
            ValueError: Another shape.
        """
        check_image(image)
        x = self.maxpool(self.relu(self.bn1(self.conv1(image))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        pooled = torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1)
        return pooled if self.feat_extract is None else self.feat_extract(pooled)


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
            before it, and the pooling of the stem rounds up instead of padding. Tensors of one wiring fit the other in
            name and shape, and give nonsense there.
        projection: As in ``ResNetBackbone``; the VGGFace2 networks of 128 and 256 numbers have one.

    Raises:
        ValueError: Another stem or wiring, or a projection to nothing.

    Source: for ``caffe`` cydonia999/VGGFace2-pytorch ``models/resnet.py``.
    """

    def __init__(self, stem: Stem = "imagenet", wiring: Wiring = "torchvision", projection: int | None = None) -> None:
        super().__init__(Bottleneck, (3, 4, 6, 3), stem, wiring, projection)


class ResNet101(ResNetBackbone):
    """101 layers, 42,500,160 parameters, embedding of 2048.

    Args:
        stem: ``imagenet`` or ``small``.
    """

    def __init__(self, stem: Stem = "imagenet") -> None:
        super().__init__(Bottleneck, (3, 4, 23, 3), stem)
