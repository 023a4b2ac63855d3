"""Foregrounds, backdrops and composites: batched, on the device, without a loop over pictures."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.data.window import resample
from bareface.io.pictures import read_picture


def foreground_classes(foreground: str, classes: Sequence[str]) -> list[int]:
    """The mask classes that a foreground consists of.

    Args:
        foreground: ``face``, ``hair``, ``face+hair``, ``person``, ...: names of classes, joined by ``+``.
        classes: Names of the classes 0, 1, ...

    Returns:
        Their indices.

    Raises:
        ValueError: The classes do not have what is asked for.

    >>> foreground_classes("face+hair", ["background", "face", "hair"])
    [1, 2]
    >>> foreground_classes("face+hair", ["background", "face+hair"])
    [1]
    """
    if foreground in classes[1:]:
        return [list(classes).index(foreground)]
    parts = foreground.split("+")
    if not set(parts) <= set(classes[1:]):
        known = ", ".join(classes[1:])
        raise ValueError(f"foreground={foreground}: expected classes that there are, joined by +: {known}.")
    return [list(classes).index(part) for part in parts]


def inside(content: Tensor, height: int, width: int) -> Tensor:
    """(N, 1, height, width) float32, 1 on the picture and 0 on the padding of its canvas."""
    top, left, tall, wide = content.to(torch.int64)[:, :, None].unbind(1)
    row, column = torch.arange(height, device=content.device), torch.arange(width, device=content.device)
    rows, columns = (row >= top) & (row < top + tall), (column >= left) & (column < left + wide)
    return (rows[:, :, None] & columns[:, None, :])[:, None].float()


class Backdrop(nn.Module):
    """What takes the place of the removed pixels."""

    @abstractmethod
    def forward(self, image: Tensor, matte: Tensor, content: Tensor) -> Tensor:
        """The backdrop of each picture.

        Args:
            image: (N, 3, H, W) float32 RGB in [0, 255], canvases.
            matte: (N, 1, H, W) float32 in [0, 1], 1 = foreground.
            content: (N, 4) top, left, height, width of each picture in its canvas.

        Returns:
            Something that broadcasts to (N, 3, H, W) float32.
        """


class Plain(Backdrop):
    """One colour.

    Args:
        colour: RGB, 0 to 255.
    """

    colour: Tensor

    def __init__(self, colour: Sequence[float]) -> None:
        super().__init__()
        if len(colour) != 3 or not all(0 <= value <= 255 for value in colour):
            raise ValueError(f"backdrop.colour={list(colour)}: expected three numbers from 0 to 255.")
        self.register_buffer("colour", torch.tensor(colour, dtype=torch.float32).view(1, 3, 1, 1))

    def forward(self, image: Tensor, matte: Tensor, content: Tensor) -> Tensor:
        """(1, 3, 1, 1)."""
        return self.colour


class Mean(Backdrop):
    """The mean colour of the whole picture, foreground included, padding not."""

    def forward(self, image: Tensor, matte: Tensor, content: Tensor) -> Tensor:
        """(N, 3, 1, 1)."""
        shown = inside(content, image.shape[2], image.shape[3])
        return (image * shown).sum((2, 3), keepdim=True) / shown.sum((2, 3), keepdim=True)


class Blur(Backdrop):
    """The picture's own background out of focus. No foreground pixel contributes, so none shines through.

    Args:
        strength: Standard deviation of the Gaussian as a share of the picture's longest side.
    """

    def __init__(self, strength: float = 0.06) -> None:
        super().__init__()
        if not 0 < strength < 1:
            raise ValueError(f"backdrop.strength={strength}: expected 0 < strength < 1.")
        self.strength = strength

    def forward(self, image: Tensor, matte: Tensor, content: Tensor) -> Tensor:
        """(N, 3, H, W). Where no background is near, the mean of the background; black where there is none at all."""
        weight = (1 - matte) * inside(content, image.shape[2], image.shape[3])
        mean = (image * weight).sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp(min=1)
        sigma = self.strength * max(image.shape[2:])
        with torch.autocast(image.device.type, enabled=False):  # bf16 would show steps
            near = self._gauss(weight, sigma)
            blurred = self._gauss(image * weight, sigma) / near.clamp(min=1e-6)
        return torch.where(near > 1e-3, blurred, mean).clamp(0, 255)  # rounding may pass the ends by a hair

    @staticmethod
    def _gauss(image: Tensor, sigma: float) -> Tensor:
        radius = math.ceil(3 * sigma)
        step = torch.arange(-radius, radius + 1, device=image.device, dtype=torch.float32)
        kernel = torch.exp(-(step**2) / (2 * sigma**2))
        kernel = (kernel / kernel.sum()).expand(image.shape[1], 1, -1)
        rows = F.conv2d(image, kernel[..., None], padding=(radius, 0), groups=image.shape[1])
        return F.conv2d(rows, kernel[:, :, None], padding=(0, radius), groups=image.shape[1])


class Scene(Backdrop):
    """A picture from a file, scaled so that it covers the content, centred.

    Args:
        path: The picture.

    Raises:
        FileNotFoundError: There is no such file.
        PictureError: It cannot be read.
    """

    scene: Tensor

    def __init__(self, path: str) -> None:
        super().__init__()
        if not Path(path).is_file():
            known = ", ".join([*BACKDROPS, "transparent"])
            raise FileNotFoundError(f"backdrop={path}: no such file. Give a picture, or one of {known}.")
        self.register_buffer("scene", torch.from_numpy(read_picture(Path(path)).transpose(2, 0, 1).copy())[None])

    def forward(self, image: Tensor, matte: Tensor, content: Tensor) -> Tensor:
        """(N, 3, H, W)."""
        pictures = image.shape[0]
        top, left, tall, wide = content.to(image.device, torch.float32).unbind(1)
        rows, columns = self.scene.shape[2:]
        scale = torch.minimum(rows / tall, columns / wide)  # scene pixels per canvas pixel
        window = torch.stack(
            [
                rows / 2 - (top + tall / 2) * scale,
                columns / 2 - (left + wide / 2) * scale,
                image.shape[2] * scale,
                image.shape[3] * scale,
            ],
            1,
        )
        whole = torch.tensor([[0, 0, rows, columns]], device=image.device).expand(pictures, -1)
        scenes = self.scene.expand(pictures, -1, -1, -1).to(image.dtype)
        return resample(scenes, window, whole, image.shape[2], image.shape[3])


BACKDROPS: dict[str, Callable[[], Backdrop]] = {
    "black": lambda: Plain((0, 0, 0)),
    "white": lambda: Plain((255, 255, 255)),
    "grey": lambda: Plain((128, 128, 128)),
    "mean": Mean,
    "blur": Blur,
}


def backdrop(name: str) -> Backdrop:
    """The backdrop of a name that ``BACKDROPS`` has, or of a picture's path."""
    return BACKDROPS[name]() if name in BACKDROPS else Scene(name)


def compose(image: Tensor, matte: Tensor, behind: Tensor) -> Tensor:
    """The foreground in front of a backdrop: ``matte * image + (1 - matte) * behind``, (N, 3, H, W) float32."""
    return behind + matte * (image - behind)
