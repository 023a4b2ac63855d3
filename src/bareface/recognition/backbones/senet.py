"""SE-ResNet-50 as it was trained on VGGFace2."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import Bottleneck

from bareface.recognition.backbones.resnet import ResNetBackbone

REDUCTION = 16


class SEBottleneck(Bottleneck):  # type: ignore[misc]
    """A bottleneck whose channels are weighed by what their means over the picture say, before the shortcut is added.

    Args:
        inplanes: Channels that come in.
        planes: Channels inside; four times as many go out.
        stride: Of the block; the others, too, are those of torchvision's ``Bottleneck``, which builds it.
        downsample: Fits the shortcut to what it is added to.
        groups: 1.
        base_width: 64.
        dilation: 1.
        norm_layer: Batch normalisation.

    Source: Hu et al., Squeeze-and-Excitation networks, CVPR 2018; the names of the tensors are those of
        cydonia999/VGGFace2-pytorch ``models/senet.py``.
    """

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__(inplanes, planes, stride, downsample, groups, base_width, dilation, norm_layer)
        channels = planes * self.expansion
        self.conv4 = nn.Conv2d(channels, channels // REDUCTION, kernel_size=1)
        self.conv5 = nn.Conv2d(channels // REDUCTION, channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) to (N, 4 planes, H, W), or half of that where the block has a stride."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        means = F.avg_pool2d(y, y.shape[-2:])  # summed in this order by the reference, too
        weight = self.conv5(self.relu(self.conv4(means))).sigmoid()
        shortcut = x if self.downsample is None else self.downsample(x)
        added: Tensor = self.relu(y * weight + shortcut)
        return added


class SENet50(ResNetBackbone):
    """ResNet-50 in Caffe's wiring with squeeze and excitation, 26,039,024 parameters, embedding of 2048.

    Args:
        projection: As in ``ResNetBackbone``; the VGGFace2 networks of 128 and 256 numbers have one.

    Raises:
        ValueError: A projection to nothing.
    """

    def __init__(self, projection: int | None = None) -> None:
        super().__init__(SEBottleneck, (3, 4, 6, 3), "imagenet", "caffe", projection)
