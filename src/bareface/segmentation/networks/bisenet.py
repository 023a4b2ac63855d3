"""BiSeNet: one path that keeps the detail, one that sees the whole."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.segmentation.networks.checks import check_classes, check_image
from bareface.segmentation.networks.resnet import ResNetEncoder

WIDTH = 128
MINIMUM = 32
"""Pixels of the shortest side: below, both refined maps are one pixel, and batch norms of two values run away."""


class ConvolutionBlock(nn.Sequential):
    """Convolution, batch norm, ReLU.

    Args:
        inputs: Channels of its input.
        outputs: Channels of its result.
        kernel: Side of the convolution.
        stride: Its stride.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class AttentionRefinement(nn.Module):
    """Weighs the channels of a map by what the whole map holds (figure 2b).

    Args:
        inputs: Channels of its input.
        outputs: Channels of its result.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = ConvolutionBlock(inputs, outputs)
        self.attention = nn.Sequential(nn.Conv2d(outputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W)."""
        x = self.convolution(x)
        weighed: Tensor = x * self.attention(x.mean((2, 3), keepdim=True)).sigmoid()
        return weighed


class FeatureFusion(nn.Module):
    """Joins the two paths (figure 2c).

    Args:
        inputs: Channels of both paths together.
        outputs: Channels of its result.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = ConvolutionBlock(inputs, outputs, kernel=1)
        self.attention = nn.Sequential(
            nn.Conv2d(outputs, outputs // 4, 1), nn.ReLU(inplace=True), nn.Conv2d(outputs // 4, outputs, 1)
        )

    def forward(self, detail: Tensor, whole: Tensor) -> Tensor:
        """Two maps of the same size to (N, outputs, H, W)."""
        x = self.convolution(torch.cat([detail, whole], dim=1))
        joined: Tensor = x + x * self.attention(x.mean((2, 3), keepdim=True)).sigmoid()
        return joined


class BiSeNet(nn.Module):
    """BiSeNet on ResNet-18, with two auxiliary heads that only training has use for.

    Args:
        classes: Number of classes, background included.

    Raises:
        ValueError: Fewer than two classes.

    Source: Yu et al., BiSeNet, ECCV 2018.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        check_classes(classes)
        self.encoder = ResNetEncoder(18)
        *_, sixteenth, deepest = self.encoder.channels
        self.detail = nn.Sequential(
            ConvolutionBlock(3, 64, kernel=7, stride=2),
            ConvolutionBlock(64, 64, stride=2),
            ConvolutionBlock(64, 64, stride=2),
            ConvolutionBlock(64, WIDTH, kernel=1),
        )
        self.whole = ConvolutionBlock(deepest, WIDTH, kernel=1)
        self.refine32, self.refine16 = AttentionRefinement(deepest, WIDTH), AttentionRefinement(sixteenth, WIDTH)
        self.smooth32, self.smooth16 = ConvolutionBlock(WIDTH, WIDTH), ConvolutionBlock(WIDTH, WIDTH)
        self.fusion = FeatureFusion(2 * WIDTH, 2 * WIDTH)
        self.head = _head(2 * WIDTH, 256, classes)
        self.auxiliary16, self.auxiliary32 = _head(WIDTH, 64, classes), _head(WIDTH, 64, classes)

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """Scores every pixel.

        Args:
            image: (N, 3, H, W) float, normalised; H and W are 32 or more and need be no multiple of anything. In
                training N is at least 2, for the batch norm of the channel weights.

        Returns:
            (N, classes, H, W) logits; in training mode three such: the scores and those of the two auxiliary heads.

        Raises:
            ValueError: Another shape.
        """
        check_image(image, MINIMUM)
        *_, eighth, sixteenth, deepest = self.encoder(image)
        whole = self.whole(deepest.mean((2, 3), keepdim=True))
        coarse = self.smooth32(_resized(self.refine32(deepest) + whole, sixteenth))
        fine = self.smooth16(_resized(self.refine16(sixteenth) + coarse, eighth))
        logits = _enlarged(self.head(self.fusion(self.detail(image), fine)), image)
        if not self.training:
            return logits
        return logits, _enlarged(self.auxiliary16(fine), image), _enlarged(self.auxiliary32(coarse), image)


def _head(inputs: int, middle: int, classes: int) -> nn.Module:
    return nn.Sequential(ConvolutionBlock(inputs, middle), nn.Conv2d(middle, classes, 1))


def _resized(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="nearest")


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
