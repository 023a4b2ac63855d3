"""MobileNetV2 as an encoder."""

from torch import Tensor, nn
from torchvision.models.mobilenetv2 import InvertedResidual, MobileNetV2


class MobileNetV2Encoder(nn.Module):
    """Features of MobileNetV2 (width 1.0) at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input size.

    The names of its tensors are those of torchvision's ``mobilenet_v2`` without the classifier, so that weights
    trained on ImageNet fit.

    Source: Sandler et al., MobileNetV2, CVPR 2018, table 2.
    """

    channels: tuple[int, ...] = (16, 24, 32, 96, 1280)
    taps: tuple[int, ...] = (1, 3, 6, 13, 18)  # the last layer of each resolution

    def __init__(self) -> None:
        super().__init__()
        self.features: nn.Sequential = MobileNetV2(num_classes=1).features

    def forward(self, image: Tensor) -> list[Tensor]:
        """Encodes pictures.

        Args:
            image: (N, 3, H, W) float, normalised.

        Returns:
            Five maps (N, channels[i], H / 2^(i+1), W / 2^(i+1)), sizes rounded up.
        """
        taken = []
        x = image
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                taken.append(x)
        return taken

    @staticmethod
    def block(inputs: int, outputs: int) -> nn.Module:
        """One block of this family, for a decoder: expansion 6, stride 1."""
        made: nn.Module = InvertedResidual(inputs, outputs, stride=1, expand_ratio=6)
        return made
