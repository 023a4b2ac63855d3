"""The improved ResNets that ArcFace is trained with."""

import torch
from torch import Tensor, nn

from bareface.recognition.backbones.checks import check_side

WIDTHS = (64, 128, 256, 512)
LAST = 7
"""Side of the last map, all of which the embedding is computed from."""


class Block(nn.Module):
    """Two 3x3 convolutions, normalised before, between and behind; nothing is cut off after the shortcut is added.

    Args:
        inplanes: Channels that come in.
        planes: Channels that go out.
        stride: Of the second convolution and of the shortcut.
    """

    def __init__(self, inplanes: int, planes: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inplanes)
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.prelu = nn.PReLU(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes)
        self.downsample: nn.Module | None = None
        if stride != 1 or inplanes != planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(inplanes, planes, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(planes)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) to (N, planes, H / stride, W / stride)."""
        y: Tensor = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        shortcut: Tensor = x if self.downsample is None else self.downsample(x)
        return shortcut + y


class IResNet(nn.Module):
    """An improved ResNet for aligned faces of 112 x 112 pixels; use a subclass.

    Its tensors have the names and shapes of insightface's ``iresnet*``. The scale of the last normalisation is fixed to
    1, as there: it has no gradient.

    Args:
        layers: Number of blocks in each of the four stages.
        embedding_size: Length of an embedding.

    Source: Duta et al., Improved residual networks, ICPR 2020, as in deepinsight/insightface
        ``recognition/arcface_torch/backbones/iresnet.py``.
    """

    side = LAST * 2 ** len(WIDTHS)

    def __init__(self, layers: tuple[int, ...], embedding_size: int = 512) -> None:
        super().__init__()
        self.embedding_size = embedding_size
        self.conv1 = nn.Conv2d(3, WIDTHS[0], kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.prelu = nn.PReLU(WIDTHS[0])
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            _stage(inplanes, planes, count)
            for inplanes, planes, count in zip((WIDTHS[0], *WIDTHS), WIDTHS, layers, strict=False)
        )
        self.bn2 = nn.BatchNorm2d(WIDTHS[-1])
        self.fc = nn.Linear(WIDTHS[-1] * LAST * LAST, embedding_size)
        self.features = nn.BatchNorm1d(embedding_size)
        self.features.weight.requires_grad = False
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.1)

    def forward(self, image: Tensor) -> Tensor:
        """Embeds pictures.

        Args:
            image: (N, 3, 112, 112) float, normalised.

        Returns:
            (N, embedding_size) float, not normalised.

        Raises:
            ValueError: Another shape.
        """
        check_side(image, self.side)
        x = self.prelu(self.bn1(self.conv1(image)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        embedding: Tensor = self.features(self.fc(torch.flatten(self.bn2(x), 1)))
        return embedding


def _stage(inplanes: int, planes: int, count: int) -> nn.Sequential:
    return nn.Sequential(
        Block(inplanes, planes, stride=2), *(Block(planes, planes, stride=1) for _ in range(count - 1))
    )


class IResNet18(IResNet):
    """18 layers, 24,025,600 parameters at 512.

    Args:
        embedding_size: Length of an embedding.
    """

    def __init__(self, embedding_size: int = 512) -> None:
        super().__init__((2, 2, 2, 2), embedding_size)


class IResNet50(IResNet):
    """50 layers, 43,590,848 parameters at 512.

    Args:
        embedding_size: Length of an embedding.
    """

    def __init__(self, embedding_size: int = 512) -> None:
        super().__init__((3, 4, 14, 3), embedding_size)


class IResNet100(IResNet):
    """100 layers, 65,156,160 parameters at 512.

    Args:
        embedding_size: Length of an embedding.
    """

    def __init__(self, embedding_size: int = 512) -> None:
        super().__init__((3, 13, 30, 3), embedding_size)
