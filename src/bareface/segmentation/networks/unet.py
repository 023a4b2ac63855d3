"""The U-Net of the 2019 report, with a MobileNetV2, a ResNet or a DenseNet as its encoder."""

import itertools
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.segmentation.networks.checks import check_classes, check_image
from bareface.segmentation.networks.densenet import DenseNet121Encoder
from bareface.segmentation.networks.mobilenetv2 import MobileNetV2Encoder
from bareface.segmentation.networks.resnet import Depth, ResNetEncoder


class Encoder(Protocol):
    """What a ``UNet`` needs of its encoder, which is an ``nn.Module`` besides."""

    channels: tuple[int, ...]

    def __call__(self, image: Tensor) -> list[Tensor]:
        """Maps at 1/2, 1/4, ... of the input size, rounded up, with these channels."""

    def block(self, inputs: int, outputs: int) -> nn.Module:
        """What a stage of the decoder does after joining the skip."""


class DecoderStage(nn.Module):
    """Doubles the resolution, joins the encoder's map of that resolution, mixes the two.

    Args:
        inputs: Channels of the map from below.
        outputs: Channels of the encoder's map, and of the result.
        block: Makes the mixing block from its numbers of input and output channels.
    """

    def __init__(self, inputs: int, outputs: int, block: Callable[[int, int], nn.Module]) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1)
        self.block = block(2 * outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Decodes one stage.

        Args:
            x: (N, inputs, ceil(H / 2), ceil(W / 2)).
            skip: (N, outputs, H, W).

        Returns:
            (N, outputs, H, W).
        """
        # Where H is odd the encoder rounded up, so that twice its half is one row too long.
        x = self.up(x)[..., : skip.shape[-2], : skip.shape[-1]]
        mixed: Tensor = self.block(torch.cat([x, skip], dim=1))
        return mixed


class UNet(nn.Module):
    """A U-Net around any encoder; use a subclass, which can be built from plain values.

    Args:
        classes: Number of classes, background included.
        encoder: Gives the maps and the blocks.

    Raises:
        ValueError: Fewer than two classes.

    Source: Ronneberger et al., U-Net, MICCAI 2015; AntiAegis/Human-Segmentation-PyTorch ``models/UNet.py``.
    """

    def __init__(self, classes: int, encoder: Encoder) -> None:
        super().__init__()
        check_classes(classes)
        self.encoder = encoder
        widths = encoder.channels[::-1]
        self.decoder = nn.ModuleList(
            DecoderStage(below, width, encoder.block) for below, width in itertools.pairwise(widths)
        )
        self.head = nn.Sequential(nn.Conv2d(widths[-1], 3, 3, padding=1), nn.Conv2d(3, classes, 3, padding=1))
        self.apply(_initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Scores every pixel.

        Args:
            image: (N, 3, H, W) float, normalised; H and W are 16 or more and need be no multiple of anything.

        Returns:
            (N, classes, H, W) logits.

        Raises:
            ValueError: Another shape.
        """
        check_image(image)
        *skips, x = self.encoder(image)
        for stage, skip in zip(self.decoder, reversed(skips), strict=True):
            x = stage(x, skip)
        return F.interpolate(self.head(x), size=image.shape[-2:], mode="bilinear", align_corners=True)


class UNetMobileNetV2(UNet):
    """The network of the 2019 report: 4,683,331 parameters for two classes.

    Args:
        classes: Number of classes, background included.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(classes, MobileNetV2Encoder())


class UNetResNet(UNet):
    """The same decoder on a ResNet: 16.6, 26.7, 72.4 or 91.4 million parameters.

    Args:
        classes: Number of classes, background included.
        depth: 18, 34, 50 or 101 layers.
    """

    def __init__(self, classes: int, depth: Depth) -> None:
        super().__init__(classes, ResNetEncoder(depth))


class UNetDenseNet121(UNet):
    """The same decoder on DenseNet-121: 40.1 million parameters.

    Args:
        classes: Number of classes, background included.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(classes, DenseNet121Encoder())


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)
