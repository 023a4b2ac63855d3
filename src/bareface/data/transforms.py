"""What happens to a picture and its mask between decoding and the batch. The only file that knows albumentations."""

import os
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bareface.data.dataset import Record
from bareface.data.mask import IGNORE
from bareface.data.samples import Framed
from bareface.data.sides import mirrored
from bareface.data.window import letterbox_box
from bareface.errors import some

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else it asks pypi.org for its newest version
import albumentations as A


def _letterbox(image: NDArray[np.uint8], mask: NDArray[np.uint8] | None, size: int) -> Framed:
    top, left, height, width = letterbox_box(image.shape[0], image.shape[1], size)
    shrinks = max(image.shape[:2]) > size
    canvas = np.zeros((size, size, 3), np.uint8)
    canvas[top : top + height, left : left + width] = cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    if mask is None:
        return Framed(canvas, None, (top, left, height, width))
    mask_canvas = np.full((size, size), IGNORE, np.uint8)
    mask_canvas[top : top + height, left : left + width] = cv2.resize(
        mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT
    )
    return Framed(canvas, mask_canvas, (top, left, height, width))


def _reseed(compose: A.Compose, seed: int) -> None:
    """Gives each step a stream of its own. ``Compose.set_random_seed`` hands all of them the same one, and then
    whatever is made grey is also flipped.
    """
    for step, transform in enumerate(compose.transforms):
        transform.set_random_seed((seed + 1) * 16 + step)


def _noisy(image: NDArray[np.uint8], std: float, seed: int) -> NDArray[np.uint8]:
    """Adds Gaussian noise. albumentations' own truncates it to whole grey values: of 3 asked, 2.6 arrive."""
    if std == 0:
        return image
    cv2.setRNGSeed(seed)
    noise = cv2.randn(np.empty(image.shape, np.int16), np.zeros(3), np.full(3, std))
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)


class Letterbox:
    """Longest side to ``size``, the rest padded with black (mask: ignore). What validation and test see.

    Args:
        size: Side of the square canvas in pixels.

    Raises:
        ValueError: It has none.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"side of the canvas, {size}: expected at least 1 pixel.")
        self.size = size

    def __call__(self, record: Record, seed: int) -> Framed:
        """Ignores ``seed``: nothing is random here."""
        return _letterbox(record.image, record.mask, self.size)


class SegmentationAugmentation:
    """The 2019 report's augmentation, picture and mask together, then ``Letterbox``; and some that it had not.

    Args:
        size: Side of the square canvas in pixels.
        noise_std: Standard deviation of the Gaussian noise added to every picture, in grey values of 0 to 255.
        flip_hor: Probability of a left-right flip.
        rotate: Probability of a rotation.
        angle: Largest rotation in degrees.
        crop_range: Least and largest share of each side that a random crop keeps.
        jitter: Largest change of brightness, contrast and saturation as a share; the hue changes by a fifth of it.
        gray: Probability that colour is taken away.
        blur: Probability of a Gaussian blur.

    Source: the data set class of AntiAegis/Human-Segmentation-PyTorch, which the report used.
    """

    def __init__(
        self,
        size: int,
        noise_std: float,
        flip_hor: float,
        rotate: float,
        angle: float,
        crop_range: Sequence[float],
        jitter: float = 0.0,
        gray: float = 0.0,
        blur: float = 0.0,
    ) -> None:
        low, high = crop_range
        if not 0 < low <= high <= 1:
            raise ValueError(f"transforms.train.crop_range={list(crop_range)}: expected 0 < least <= largest <= 1.")
        self.size, self.crop_range, self.noise_std, self.flip_hor = size, (low, high), noise_std, flip_hor
        self.compose = A.Compose(
            [
                A.HorizontalFlip(p=flip_hor),
                A.Rotate(limit=angle, border_mode=cv2.BORDER_CONSTANT, fill=0, fill_mask=IGNORE, p=rotate),
                A.ColorJitter(jitter, jitter, jitter, jitter / 5, p=1.0 if jitter else 0.0),
                A.ToGray(p=gray),
                A.GaussianBlur(blur_limit=(3, 5), p=blur),
            ]
        )

    def check_sides(self, classes: Sequence[str]) -> None:
        """Makes sure that no mirrored mask names a left part right.

        Raises:
            ValueError: Pictures are mirrored, and two of the classes are the left and the right one of a pair.
        """
        moved = [classes[twin] for place, twin in enumerate(mirrored(classes)) if twin != place]
        if moved and self.flip_hor > 0:
            what = f"a mirror would take left for right in {some(moved)}"
            remedy = "Set it to 0, or give both sides one class, e.g. in data.parts"
            raise ValueError(f"transforms.train.flip_hor={self.flip_hor}: {what}. {remedy}.")

    def __call__(self, record: Record, seed: int) -> Framed:
        """Crops, flips, rotates, adds noise, letterboxes.

        The noise is added to the small picture: at the size of the photo it would cost more and be averaged away.
        """
        rng = np.random.default_rng(seed)
        image, mask = record.image, record.mask
        height, width = image.shape[:2]
        share = rng.uniform(*self.crop_range)
        crop_height, crop_width = max(1, round(height * share)), max(1, round(width * share))
        top, left = rng.integers(height - crop_height + 1), rng.integers(width - crop_width + 1)
        window = np.s_[top : top + crop_height, left : left + crop_width]
        framed = _letterbox(image[window], None if mask is None else mask[window], self.size)
        _reseed(self.compose, seed)
        targets = {"image": framed.image} if framed.mask is None else {"image": framed.image, "mask": framed.mask}
        result = self.compose(**targets)
        return Framed(_noisy(result["image"], self.noise_std, seed), result.get("mask"), framed.content)


class RecognitionAugmentation:
    """Shorter side to ``shorter``, random square crop, flip, now and then grey. The mask, if any, is dropped.

    Args:
        shorter: Length in pixels that the shorter side is resized to.
        crop: Side in pixels of the random square.
        flip_hor: Probability of a left-right flip.
        gray: Probability that colour is taken away.
        noise_std: Standard deviation of the Gaussian noise added to every picture, in grey values of 0 to 255.
        rotate: Probability of a rotation.
        angle: Largest rotation in degrees.
        scale_range: Least and largest share of ``crop`` that the random square covers before it is resized to it.

    Source: Cao et al., VGGFace2, 2018, section 4 (crop, flip, monochrome with p = 0.2).
    """

    def __init__(
        self,
        shorter: int,
        crop: int,
        flip_hor: float,
        gray: float,
        noise_std: float,
        rotate: float,
        angle: float,
        scale_range: Sequence[float],
    ) -> None:
        if shorter < crop:
            raise ValueError(f"transforms.train.crop={crop}: expected at most transforms.train.shorter={shorter}.")
        low, high = scale_range
        self.shorter, self.crop, self.scale_range, self.noise_std = shorter, crop, (low, high), noise_std
        self.compose = A.Compose(
            [
                A.HorizontalFlip(p=flip_hor),
                A.Rotate(limit=angle, border_mode=cv2.BORDER_REFLECT_101, p=rotate),
                A.ToGray(p=gray),
            ]
        )

    def __call__(self, record: Record, seed: int) -> Framed:
        """Cuts the square out of the photo and resizes it once, which is the same as resizing first, and cheaper."""
        rng = np.random.default_rng(seed)
        height, width = record.image.shape[:2]
        largest = min(height, width)
        side = min(largest, max(1, round(largest * self.crop / self.shorter * rng.uniform(*self.scale_range))))
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        square = record.image[top : top + side, left : left + side]
        how = cv2.INTER_AREA if side > self.crop else cv2.INTER_LINEAR
        image = cv2.resize(square, (self.crop, self.crop), interpolation=how)
        _reseed(self.compose, seed)
        image = _noisy(self.compose(image=image)["image"], self.noise_std, seed)
        return Framed(image, None, (0, 0, self.crop, self.crop))
