"""FaceNet's Inception-ResNet-v1."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.recognition.backbones.checks import check_image

EPSILON = 1e-3
"""Of the batch normalisation, as in TensorFlow."""
Pair = int | tuple[int, int]


class Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU.

    Args:
        inplanes: Channels that come in.
        planes: Channels that go out.
        kernel: Size of the convolution.
        stride: Of the convolution.
        padding: Of the convolution.
    """

    def __init__(self, inplanes: int, planes: int, kernel: Pair = 1, stride: int = 1, padding: Pair = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inplanes, planes, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(planes, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) to (N, planes, H', W')."""
        return F.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    """Branches that look at the same map, side by side.

    Args:
        *branches: Modules from the map to maps of one size, called ``branch0``, ``branch1``, ...
    """

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for number, branch in enumerate(branches):
            self.add_module(f"branch{number}", branch)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, sum of the branches' channels, H', W')."""
        return torch.cat([branch(x) for name, branch in self.named_children() if name.startswith("branch")], 1)


class Residual(Inception):
    """Branches whose joint output, scaled down, is added to what came in.

    Args:
        planes: Channels that come in and go out.
        inside: Channels of all branches together.
        scale: Factor of what is added.
        branches: The branches.
        relu: Cuts the sum off below zero.
    """

    def __init__(self, planes: int, inside: int, scale: float, branches: list[nn.Module], relu: bool = True) -> None:
        super().__init__(*branches)
        self.scale, self.relu = scale, relu
        self.conv2d = nn.Conv2d(inside, planes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, planes, H, W) to the same shape."""
        y: Tensor = self.conv2d(super().forward(x)) * self.scale + x
        return F.relu(y) if self.relu else y


def _block35() -> Residual:
    return Residual(
        256,
        96,
        0.17,
        [
            Convolution(256, 32),
            nn.Sequential(Convolution(256, 32), Convolution(32, 32, 3, padding=1)),
            nn.Sequential(Convolution(256, 32), Convolution(32, 32, 3, padding=1), Convolution(32, 32, 3, padding=1)),
        ],
    )


def _block17() -> Residual:
    row, column = Convolution(128, 128, (1, 7), padding=(0, 3)), Convolution(128, 128, (7, 1), padding=(3, 0))
    return Residual(896, 256, 0.1, [Convolution(896, 128), nn.Sequential(Convolution(896, 128), row, column)])


def _block8(scale: float, relu: bool) -> Residual:
    row, column = Convolution(192, 192, (1, 3), padding=(0, 1)), Convolution(192, 192, (3, 1), padding=(1, 0))
    branches = [Convolution(1792, 192), nn.Sequential(Convolution(1792, 192), row, column)]
    return Residual(1792, 384, scale, branches, relu)


class InceptionResNetV1(nn.Module):
    """Inception-ResNet-v1, 23,482,624 parameters, embedding of 512; made for pictures of 160 x 160 pixels.

    Its tensors have the names and shapes of facenet-pytorch's ``InceptionResnetV1`` without ``logits``.

    Args:
        dropout: Share of the pooled features that training leaves out.

    Raises:
        ValueError: A share outside [0, 1).

    Source: Szegedy et al., Inception-v4, AAAI 2017, as in timesler/facenet-pytorch ``models/inception_resnet_v1.py``.
    """

    least = 75
    """Shortest side in pixels: below it nothing is left of the last map."""
    unit_length = True
    """Embeddings have length 1, but a head scores what they were before: ``forward`` takes ``normalise``."""

    def __init__(self, dropout: float = 0.6) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout}: expected 0 <= dropout < 1.")
        self.embedding_size = 512
        self.conv2d_1a = Convolution(3, 32, 3, stride=2)
        self.conv2d_2a = Convolution(32, 32, 3)
        self.conv2d_2b = Convolution(32, 64, 3, padding=1)
        self.conv2d_3b = Convolution(64, 80)
        self.conv2d_4a = Convolution(80, 192, 3)
        self.conv2d_4b = Convolution(192, 256, 3, stride=2)
        self.repeat_1 = nn.Sequential(*(_block35() for _ in range(5)))
        self.mixed_6a = Inception(
            Convolution(256, 384, 3, stride=2),
            nn.Sequential(
                Convolution(256, 192), Convolution(192, 192, 3, padding=1), Convolution(192, 256, 3, stride=2)
            ),
            nn.MaxPool2d(3, stride=2),
        )
        self.repeat_2 = nn.Sequential(*(_block17() for _ in range(10)))
        self.mixed_7a = Inception(
            nn.Sequential(Convolution(896, 256), Convolution(256, 384, 3, stride=2)),
            nn.Sequential(Convolution(896, 256), Convolution(256, 256, 3, stride=2)),
            nn.Sequential(
                Convolution(896, 256), Convolution(256, 256, 3, padding=1), Convolution(256, 256, 3, stride=2)
            ),
            nn.MaxPool2d(3, stride=2),
        )
        self.repeat_3 = nn.Sequential(*(_block8(0.2, relu=True) for _ in range(5)))
        self.block8 = _block8(1.0, relu=False)
        self.dropout = nn.Dropout(dropout)
        self.last_linear = nn.Linear(1792, self.embedding_size, bias=False)
        self.last_bn = nn.BatchNorm1d(self.embedding_size, eps=EPSILON)

    def forward(self, image: Tensor, normalise: bool = True) -> Tensor:
        """Embeds pictures.

        Args:
            image: (N, 3, H, W) float, normalised; H and W are 75 or more.
            normalise: Brings the embeddings to length 1.

        Returns:
            (N, 512) float.

        Raises:
            ValueError: Another shape.
        """
        check_image(image, self.least)
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(image)))
        x = self.conv2d_4b(self.conv2d_4a(self.conv2d_3b(F.max_pool2d(x, 3, stride=2))))
        x = self.repeat_2(self.mixed_6a(self.repeat_1(x)))
        x = self.block8(self.repeat_3(self.mixed_7a(x)))
        x = self.dropout(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
        embedding: Tensor = self.last_bn(self.last_linear(x))
        return F.normalize(embedding) if normalise else embedding
