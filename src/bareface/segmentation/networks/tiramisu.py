"""Tiramisu: a U-Net of dense blocks."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from bareface.segmentation.networks.checks import check_classes, check_image

Depth = Literal[56, 67, 103]
_GROWTH: dict[Depth, int] = {56: 12, 67: 16, 103: 16}
_LAYERS: dict[Depth, tuple[int, ...]] = {56: (4,) * 6, 67: (5,) * 6, 103: (4, 5, 7, 10, 12, 15)}
FIRST = 48


class DenseLayer(nn.Sequential):
    """Batch norm, ReLU, 3x3 convolution, dropout.

    Args:
        inputs: Channels of its input.
        growth: Channels of its result.
        dropout: Share of the values that training sets to 0.
    """

    def __init__(self, inputs: int, growth: int, dropout: float) -> None:
        super().__init__(
            nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, growth, 3, padding=1), nn.Dropout2d(dropout)
        )


class DenseBlock(nn.Module):
    """Layers each of which sees the input and the results of all layers before it.

    Args:
        inputs: Channels of its input.
        layers: Number of layers.
        growth: Channels that each layer adds.
        dropout: Share of the values that training sets to 0.
    """

    def __init__(self, inputs: int, layers: int, growth: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(inputs + index * growth, growth, dropout) for index in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, layers * growth, H, W): what the layers added, without the input."""
        added: list[Tensor] = []
        for layer in self.layers:
            added.append(layer(torch.cat([x, *added], dim=1)))
        return torch.cat(added, dim=1)


class Tiramisu(nn.Module):
    """FC-DenseNet-56, -67 or -103: 1.4, 3.5 or 9.3 million parameters.

    Args:
        classes: Number of classes, background included.
        depth: 56, 67 or 103 layers.
        dropout: Share of the values that training sets to 0, after each convolution.

    Raises:
        ValueError: Fewer than two classes, or another depth.

    Source: Jegou et al., The one hundred layers Tiramisu, CVPR workshops 2017, tables 1 and 2.
    """

    def __init__(self, classes: int, depth: Depth, dropout: float = 0.2) -> None:
        super().__init__()
        check_classes(classes)
        if depth not in get_args(Depth):
            raise ValueError(f"depth={depth}: expected one of {', '.join(map(str, get_args(Depth)))}.")
        growth, (*layers, bottom) = _GROWTH[depth], _LAYERS[depth]
        self.first = nn.Conv2d(3, FIRST, 3, padding=1)
        self.down_blocks, self.downs, skips, width = nn.ModuleList(), nn.ModuleList(), [], FIRST
        for count in layers:
            self.down_blocks.append(DenseBlock(width, count, growth, dropout))
            width += count * growth
            skips.append(width)
            self.downs.append(
                nn.Sequential(
                    nn.BatchNorm2d(width),
                    nn.ReLU(inplace=True),
                    nn.Conv2d(width, width, 1),
                    nn.Dropout2d(dropout),
                    nn.MaxPool2d(2, ceil_mode=True),
                )
            )
        self.bottleneck = DenseBlock(width, bottom, growth, dropout)
        self.ups, self.up_blocks, added = nn.ModuleList(), nn.ModuleList(), bottom * growth
        for count, skip in zip(reversed(layers), reversed(skips), strict=True):
            self.ups.append(nn.ConvTranspose2d(added, added, 3, stride=2))
            width = added + skip
            self.up_blocks.append(DenseBlock(width, count, growth, dropout))
            added = count * growth
        self.head = nn.Conv2d(width + added, classes, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

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
        x, skips = self.first(image), []
        for block, down in zip(self.down_blocks, self.downs, strict=True):
            x = torch.cat([x, block(x)], dim=1)
            skips.append(x)
            x = down(x)
        x = self.bottleneck(x)
        for up, block, skip in zip(self.ups, self.up_blocks, reversed(skips), strict=True):
            joined = torch.cat([_cut(up(x), skip), skip], dim=1)
            x = block(joined)
        logits: Tensor = self.head(torch.cat([joined, x], dim=1))
        return logits


def _cut(x: Tensor, skip: Tensor) -> Tensor:
    """The middle of ``x``, of the size of ``skip``."""
    height, width = skip.shape[-2:]
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]
