"""DenseNet-121 as an encoder."""

from typing import Any

from torch import Tensor, nn
from torchvision.models.densenet import DenseNet

GROWTH = 32


class DenseNet121Encoder(nn.Module):
    """Features of DenseNet-121 at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input size.

    The names of its tensors are those of torchvision's ``densenet121`` without the classifier. Every map is taken
    before the transition that halves it. Poolings round up, torchvision's round down.

    Source: Huang et al., Densely connected convolutional networks, CVPR 2017, table 1.
    """

    channels: tuple[int, ...] = (64, 256, 512, 1024, 1024)

    def __init__(self) -> None:
        super().__init__()
        self.features: Any = DenseNet(GROWTH, block_config=(6, 12, 24, 16), num_classes=1).features
        # Rounding up keeps every map at least half of the one before; the decoder can then always crop.
        self.features.pool0 = nn.MaxPool2d(kernel_size=2, stride=2, ceil_mode=True)
        for transition in (self.features.transition1, self.features.transition2, self.features.transition3):
            transition.pool = nn.AvgPool2d(kernel_size=2, stride=2, ceil_mode=True)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Encodes pictures.

        Args:
            image: (N, 3, H, W) float, normalised.

        Returns:
            Five maps (N, channels[i], H / 2^(i+1), W / 2^(i+1)), sizes rounded up.
        """
        parts = self.features
        half = parts.relu0(parts.norm0(parts.conv0(image)))
        quarter = parts.denseblock1(parts.pool0(half))
        eighth = parts.denseblock2(parts.transition1(quarter))
        sixteenth = parts.denseblock3(parts.transition2(eighth))
        deepest = parts.norm5(parts.denseblock4(parts.transition3(sixteenth)))
        return [half, quarter, eighth, sixteenth, deepest]

    @staticmethod
    def block(inputs: int, outputs: int) -> nn.Module:
        """One block of this family, for a decoder: four dense layers, then a 1x1 convolution to ``outputs``."""
        made = DenseNet(GROWTH, block_config=(4,), num_init_features=inputs, num_classes=1).features
        return nn.Sequential(
            made.denseblock1,
            nn.BatchNorm2d(inputs + 4 * GROWTH),
            nn.ReLU(inplace=True),
            nn.Conv2d(inputs + 4 * GROWTH, outputs, 1, bias=False),
        )
