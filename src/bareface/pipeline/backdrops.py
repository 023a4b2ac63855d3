"""Backdrops: what takes the place of the removed pixels. Batched, on the device, without a loop over pictures."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from bareface.data.dataset import Record
from bareface.data.folders import pictures_in
from bareface.data.transforms import Letterbox
from bareface.data.window import resample
from bareface.errors import DataError
from bareface.io.pictures import read_picture
from bareface.pipeline.noise import noise
from bareface.pipeline.photos import Photos

SCENE_SIZE = 512
"""Longest side in pixels that the pictures of a folder are kept at: all of them must fit the device's memory."""


class Backdrop(nn.Module):
    """What takes the place of the removed pixels."""

    @abstractmethod
    def forward(self, photos: Photos, matte: Tensor) -> Tensor:
        """The backdrop of each photo.

        Args:
            photos: N photos.
            matte: (N, 1, H, W) float32 in [0, 1], 1 = foreground.

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

    def forward(self, photos: Photos, matte: Tensor) -> Tensor:
        """(1, 3, 1, 1)."""
        return self.colour


class Mean(Backdrop):
    """The mean colour of the whole picture, foreground included, padding not."""

    def forward(self, photos: Photos, matte: Tensor) -> Tensor:
        """(N, 3, 1, 1)."""
        return (photos.image * photos.shown).sum((2, 3), keepdim=True) / photos.shown.sum((2, 3), keepdim=True)


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

    def forward(self, photos: Photos, matte: Tensor) -> Tensor:
        """(N, 3, H, W). Where no background is near, the mean of the background; black where there is none at all."""
        image, weight = photos.image, (1 - matte) * photos.shown
        mean = (image * weight).sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp(min=1)
        sigma = self.strength * max(image.shape[2:])
        with torch.autocast(image.device.type, enabled=False):  # bf16 would show steps
            near = self._gauss(weight, sigma)
            blurred = self._gauss(image * weight, sigma) / near.clamp(min=1e-6)
        return torch.where(near > 1e-3, blurred, mean).clamp(0, 255)  # rounding may pass the ends by a hair

    @staticmethod
    def _gauss(image: Tensor, sigma: float) -> Tensor:
        """As two matrix products: a convolution of so wide a kernel takes ten times as long."""
        radius = math.ceil(3 * sigma)
        step = torch.arange(-radius, radius + 1, device=image.device, dtype=torch.float32)
        total = torch.exp(-(step**2) / (2 * sigma**2)).sum()
        products = []
        for side in image.shape[2:]:
            place = torch.arange(side, device=image.device, dtype=torch.float32)
            distance = place[:, None] - place
            weight = torch.exp(-(distance**2) / (2 * sigma**2)) / total
            products.append(weight * (distance.abs() <= radius))
        return products[0] @ (image @ products[1])


class Noise(Backdrop):
    """Every pixel and channel uniform in [0, 255], another noise for each photo."""

    def forward(self, photos: Photos, matte: Tensor) -> Tensor:
        """(N, 3, H, W)."""
        return noise(photos, "backdrop") * 255


class Scenes(Backdrop):
    """A picture from a file, or for each photo one from a folder, scaled so that it covers the content, centred.

    Args:
        path: The picture, or a folder of pictures. Which one a photo gets is drawn from its key.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: The folder has no pictures.
        PictureError: One cannot be read.
    """

    scenes: Tensor
    content: Tensor

    def __init__(self, path: str) -> None:
        super().__init__()
        place = Path(path)
        if not place.exists():
            known = ", ".join([*BACKDROPS, "transparent"])
            raise FileNotFoundError(
                f"backdrop={path}: no such file. Give a picture, a folder of pictures, or one of {known}."
            )
        if place.is_dir():
            found = [place / name for name in pictures_in(place)[0]]
            if not found:
                raise DataError(f"backdrop={path}: no pictures found. Expected files such as a.jpg or b.png.")
            framed = [Letterbox(SCENE_SIZE)(Record(read_picture(picture)), 0) for picture in found]
            images, content = [scene.image for scene in framed], [scene.content for scene in framed]
        else:
            images = [read_picture(place)]
            content = [(0, 0, *images[0].shape[:2])]
        scenes = torch.stack([torch.from_numpy(image.transpose(2, 0, 1).copy()) for image in images])
        self.register_buffer("scenes", scenes, persistent=False)
        self.register_buffer("content", torch.tensor(content), persistent=False)

    def forward(self, photos: Photos, matte: Tensor) -> Tensor:
        """(N, 3, H, W)."""
        chosen = photos.draw("scene") % len(self.scenes)
        return cover(self.scenes[chosen].float(), self.content[chosen], photos)


def cover(image: Tensor, content: Tensor, photos: Photos) -> Tensor:
    """Pictures behind photos: scaled so that they cover the photo's content, centred on it, (N, 3, H, W) float32.

    Args:
        image: (N, 3, h, w) canvases of other pictures.
        content: (N, 4) top, left, height, width of each in its canvas.
        photos: What they come behind.
    """
    upper, before, rows, columns = content.to(photos.image.device, torch.float32).unbind(1)
    top, left, tall, wide = photos.content.to(photos.image.device, torch.float32).unbind(1)
    height, width = photos.image.shape[2:]
    scale = torch.minimum(rows / tall, columns / wide)  # their pixels for one of the photo's
    window = torch.stack(
        [
            upper + rows / 2 - (top + tall / 2) * scale,
            before + columns / 2 - (left + wide / 2) * scale,
            height * scale,
            width * scale,
        ],
        1,
    )
    return resample(image, window, content, height, width)


BACKDROPS: dict[str, Callable[[], Backdrop]] = {
    "black": lambda: Plain((0, 0, 0)),
    "white": lambda: Plain((255, 255, 255)),
    "grey": lambda: Plain((128, 128, 128)),
    "mean": Mean,
    "blur": Blur,
    "noise": Noise,
}


def backdrop(name: str) -> Backdrop:
    """The backdrop of a name that ``BACKDROPS`` has, or of the path of a picture or of a folder of them."""
    return BACKDROPS[name]() if name in BACKDROPS else Scenes(name)
