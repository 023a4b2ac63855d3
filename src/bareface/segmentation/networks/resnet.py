"""ResNet as an encoder."""

from typing import Literal, get_args

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

Depth = Literal[18, 34, 50, 101]
_BASIC: tuple[Depth, ...] = (18, 34)
_LAYERS: dict[Depth, list[int]] = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3]}


class ResNetEncoder(nn.Module):
    """Features of a ResNet at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input size.

    The names of its tensors are those of torchvision's ``resnet*`` without ``fc``. Its pooling is 2x2 as in the
    code base of the 2019 report, not torchvision's 3x3.

    Args:
        depth: 18, 34, 50 or 101 layers.

    Raises:
        ValueError: Another depth.

    Source: He et al., Deep residual learning, CVPR 2016, table 1; AntiAegis/Human-Segmentation-PyTorch.
    """

    def __init__(self, depth: Depth) -> None:
        super().__init__()
        if depth not in get_args(Depth):
            raise ValueError(f"depth={depth}: expected one of {', '.join(map(str, get_args(Depth)))}.")
        self.depth = depth
        self._block = BasicBlock if depth in _BASIC else Bottleneck
        self.channels: tuple[int, ...] = (64, *(width * self._block.expansion for width in (64, 128, 256, 512)))
        trunk = ResNet(self._block, _LAYERS[depth], num_classes=1)
        self.conv1, self.bn1, self.relu = trunk.conv1, trunk.bn1, trunk.relu
        # Rounding up keeps every map at least half of the one before; the decoder can then always crop.
        self.maxpool = nn.MaxPool2d(kernel_size=2, stride=2, ceil_mode=True)
        self.layer1, self.layer2, self.layer3, self.layer4 = trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4

    def forward(self, image: Tensor) -> list[Tensor]:
        """Encodes pictures.

        Args:
            image: (N, 3, H, W) float, normalised.

        Returns:
            Five maps (N, channels[i], H / 2^(i+1), W / 2^(i+1)), sizes rounded up.
        """
        stem = self.relu(self.bn1(self.conv1(image)))
        quarter = self.layer1(self.maxpool(stem))
        eighth = self.layer2(quarter)
        sixteenth = self.layer3(eighth)
        return [stem, quarter, eighth, sixteenth, self.layer4(sixteenth)]

    def block(self, inputs: int, outputs: int) -> nn.Module:
        """One block of this family, for a decoder: stride 1, and a 1x1 convolution on its shortcut."""
        shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        made: nn.Module = self._block(inputs, outputs // self._block.expansion, downsample=shortcut)
        return made
