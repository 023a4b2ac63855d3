"""SegNet: a VGG-16 whose poolings remember where the largest value was, and its mirror image."""

import itertools

from torch import Tensor, nn
from torchvision.models.vgg import VGG, cfgs, make_layers

from bareface.segmentation.networks.checks import check_classes, check_image

STAGES = ((3, 64, 64), (64, 128, 128), (128, 256, 256, 256), (256, 512, 512, 512), (512, 512, 512, 512))
"""Channels before and after the convolutions of each stage of VGG-16."""


class VGG16Encoder(nn.Module):
    """The thirteen convolutions of VGG-16 with batch norm; its poolings also give where each value came from.

    The names of its tensors are those of torchvision's ``vgg16_bn`` without the classifier. Poolings round up.

    Source: Simonyan and Zisserman, Very deep convolutional networks, ICLR 2015, configuration D.
    """

    def __init__(self) -> None:
        super().__init__()
        layers = VGG(make_layers(cfgs["D"], batch_norm=True), num_classes=1, init_weights=False).features
        for index, layer in enumerate(layers):
            if isinstance(layer, nn.MaxPool2d):
                layers[index] = nn.MaxPool2d(2, 2, ceil_mode=True, return_indices=True)
        self.features: nn.Sequential = layers

    def forward(self, image: Tensor) -> tuple[Tensor, list[tuple[Tensor, tuple[int, int]]]]:
        """Encodes pictures.

        Args:
            image: (N, 3, H, W) float, normalised.

        Returns:
            (N, 512, H / 32, W / 32); and of each of the five poolings its indices and the size before it.
        """
        x, pooled = image, []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                size = (x.shape[-2], x.shape[-1])
                x, indices = layer(x)
                pooled.append((indices, size))
            else:
                x = layer(x)
        return x, pooled


class SegNet(nn.Module):
    """Encoder and decoder are mirror images; the decoder puts each value back to where the encoder took it from.

    Args:
        classes: Number of classes, background included.

    Raises:
        ValueError: Fewer than two classes.

    Source: Badrinarayanan et al., SegNet, TPAMI 2017.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        check_classes(classes)
        self.encoder = VGG16Encoder()
        self.decoder = nn.ModuleList(_mirrored(widths[::-1]) for widths in reversed(STAGES[1:]))
        self.last = nn.Sequential(*_convolution(64, 64), nn.Conv2d(64, classes, 3, padding=1))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
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
        x, pooled = self.encoder(image)
        for stage, (indices, size) in zip((*self.decoder, self.last), reversed(pooled), strict=True):
            x = stage(unpooled(x, indices, size))
        logits: Tensor = x
        return logits


def unpooled(x: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
    """Puts pooled values back to where they came from; 0 elsewhere.

    The same as ``max_unpool2d``, which torch refuses where only deterministic algorithms may be used.

    Args:
        x: (N, C, h, w) one value a window.
        indices: (N, C, h, w) int64 places in a picture's plane, of a pooling whose windows do not overlap.
        size: H and W before the pooling.

    Returns:
        (N, C, H, W).
    """
    plane = x.new_zeros(*x.shape[:2], size[0] * size[1])
    return plane.scatter(2, indices.flatten(2), x.flatten(2)).view(*x.shape[:2], *size)


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _mirrored(widths: tuple[int, ...]) -> nn.Module:
    return nn.Sequential(*itertools.chain.from_iterable(itertools.starmap(_convolution, itertools.pairwise(widths))))
