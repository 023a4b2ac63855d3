"""MobileFaceNet: a small backbone for aligned faces."""

from torch import Tensor, nn

from bareface.recognition.backbones.checks import check_side

NARROW, WIDE, LAST = 128, 256, 512


class Convolution(nn.Module):
    """Convolution, batch normalisation and, unless it is linear, PReLU.

    Args:
        inplanes: Channels that come in.
        planes: Channels that go out.
        kernel: Side of the convolution.
        stride: Of the convolution.
        padding: Of the convolution.
        groups: Of the convolution.
        linear: Leaves the PReLU out.
    """

    def __init__(
        self,
        inplanes: int,
        planes: int,
        kernel: int = 1,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        convolution = nn.Conv2d(inplanes, planes, kernel, stride, padding, groups=groups, bias=False)
        activation = [] if linear else [nn.PReLU(planes)]
        self.layers = nn.Sequential(convolution, nn.BatchNorm2d(planes), *activation)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) to (N, planes, H', W')."""
        y: Tensor = self.layers(x)
        return y


class DepthWise(nn.Module):
    """Widens, looks at each channel by itself, and narrows again.

    Args:
        inplanes: Channels that come in.
        planes: Channels that go out.
        inside: Channels in between.
        residual: Adds what came in and keeps the resolution; else the resolution is halved.
    """

    def __init__(self, inplanes: int, planes: int, inside: int, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        self.layers = nn.Sequential(
            Convolution(inplanes, inside),
            Convolution(inside, inside, kernel=3, stride=1 if residual else 2, padding=1, groups=inside),
            Convolution(inside, planes, linear=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) to (N, planes, H, W), or half of that."""
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class Residuals(nn.Module):
    """Blocks that keep shape and resolution.

    Args:
        planes: Channels that come in and go out.
        count: Number of blocks.
        inside: Channels inside a block.
    """

    def __init__(self, planes: int, count: int, inside: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(DepthWise(planes, planes, inside, residual=True) for _ in range(count)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, planes, H, W) to the same shape."""
        y: Tensor = self.layers(x)
        return y


class Pooling(nn.Module):
    """A weight for every place of a channel instead of their mean, then a linear map to the embedding.

    Args:
        embedding_size: Length of an embedding.
    """

    def __init__(self, embedding_size: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Convolution(LAST, LAST, kernel=7, groups=LAST, linear=True),
            nn.Flatten(),
            nn.Linear(LAST, embedding_size, bias=False),
            nn.BatchNorm1d(embedding_size),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, 512, 7, 7) to (N, embedding_size)."""
        y: Tensor = self.layers(x)
        return y


class MobileFaceNet(nn.Module):
    """MobileFaceNet for aligned faces of 112 x 112 pixels, 2,059,520 parameters at 512.

    Its tensors have the names and shapes of insightface's ``mbf``, whose first depthwise convolution has 64 groups for
    128 channels.

    Args:
        embedding_size: Length of an embedding.

    Source: Chen et al., MobileFaceNets, CCBR 2018, as in deepinsight/insightface
        ``recognition/arcface_torch/backbones/mobilefacenet.py``.
    """

    side = 112

    def __init__(self, embedding_size: int = 512) -> None:
        super().__init__()
        self.embedding_size = embedding_size
        self.layers = nn.Sequential(
            Convolution(3, NARROW, kernel=3, stride=2, padding=1),
            Convolution(NARROW, NARROW, kernel=3, padding=1, groups=64),
            DepthWise(NARROW, NARROW, inside=128, residual=False),
            Residuals(NARROW, count=4, inside=128),
            DepthWise(NARROW, WIDE, inside=256, residual=False),
            Residuals(WIDE, count=6, inside=256),
            DepthWise(WIDE, WIDE, inside=512, residual=False),
            Residuals(WIDE, count=2, inside=256),
        )
        self.conv_sep = Convolution(WIDE, LAST)
        self.features = Pooling(embedding_size)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

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
        embedding: Tensor = self.features(self.conv_sep(self.layers(image)))
        return embedding
