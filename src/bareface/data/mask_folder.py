"""A folder of pictures and a folder of masks, as people make them themselves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bareface.data.codes import Codes
from bareface.data.dataset import MaskDataSet, Record, Stage
from bareface.data.folders import by_stem, existing_folder, pictures_in
from bareface.data.manifest import Manifest
from bareface.data.mask import IGNORE
from bareface.data.splits import by_order, check_counts, check_fractions, check_seed, counts_of, shuffled
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some
from bareface.io.pictures import MAX_PIXELS, check_max_pixels, exif_orientation, read_mask_codes, read_picture, rotated

SOURCES = "Expected images/NAME.jpg and masks/NAME.png: for each picture a mask of the same stem."


class MaskFolder(SurveyedDataSet, MaskDataSet):
    """Own pictures and masks: ``images/NAME.jpg`` and ``masks/NAME.png``, paired by equal stem.

    A mask may have another resolution than its picture (it is resized, nearest neighbour) but not another shape. Where
    EXIF turns the picture and the mask was drawn on the unturned one, as its shape shows, the mask is turned too. A
    shape that shows nothing (EXIF mirrors or turns by 180 degrees, or both are square) is taken for that of a mask
    drawn on the picture as one sees it; for masks drawn on stored pictures take EXIF out of those.

    Args:
        root: Folder with the two folders below.
        images: Folder of the pictures.
        masks: Folder of the masks.
        foreground: Name of what white pixels (128 and more) show, in masks of black and white; null with ``values``.
        values: Name of each code in masks of codes, e.g. {0: background, 128: face, 255: hair}; ``ignore`` is neither
            trained on nor scored. null: masks of black and white.
        split: ``random``: a seeded shuffle; ``order``: the sorted names. Both are cut by ``counts`` or ``fractions``.
        counts: Train, val and test samples; null: by ``fractions``.
        fractions: Train, val and test share, where ``counts`` is null.
        seed: Of the shuffle.
        max_pixels: Larger pictures are refused before they are decoded.
    """

    def __init__(
        self,
        root: str,
        images: str = "images",
        masks: str = "masks",
        foreground: str | None = "person",
        values: Mapping[int, str] | None = None,
        split: Literal["random", "order"] = "random",
        counts: Sequence[int] | None = None,
        fractions: Sequence[float] = (0.7, 0.1, 0.2),
        seed: int = 0,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.root, self.images, self.masks, self.max_pixels = Path(root), images, masks, check_max_pixels(max_pixels)
        if (foreground is None) == (values is None):
            raise ValueError(f"data.foreground={foreground}: expected a name without data.values, and null with it.")
        if split not in ("random", "order"):
            raise ValueError(f"data.split={split}: expected one of random, order.")
        self.codes: Codes | None = None
        if values is not None:
            self.classes, self.codes = _classes(values)
        else:
            self.classes = ("background", str(foreground))
        self.split_by, self.counts = split, None if counts is None else check_counts(counts)
        self.fractions, self.seed = check_fractions(fractions), check_seed(seed)

    def mask_values(self) -> frozenset[int] | None:
        """The codes that mask files may hold; any where a threshold divides them."""
        return None if self.codes is None else self.codes.known

    def survey(self) -> Survey:
        """Pairs pictures with masks by stem."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        warnings: list[str] = []
        stems: list[dict[str, str]] = []
        for name in (self.images, self.masks):
            folder = existing_folder(self.root / name, SOURCES)
            names, others = pictures_in(folder)
            stems.append(by_stem(names, folder, errors))
            if others:
                warnings.append(f"{folder}: {others} entries that are no pictures are left out.")
        pictures, masks = stems
        sides = (("images without a mask", pictures, masks), ("masks without an image", masks, pictures))
        for what, here, there in sides:
            lonely = [here[stem] for stem in sorted(here.keys() - there.keys())]
            if lonely:
                errors.append(f"{self.root}: {len(lonely)} {what}: {some(lonely)}. Add the others, or remove these.")
        paired = sorted((pictures[stem], masks[stem]) for stem in pictures.keys() & masks.keys())
        columns = {
            "key": [f"{self.images}/{picture}" for picture, _ in paired],
            "mask": [f"{self.masks}/{mask}" for _, mask in paired],
        }
        schema = pa.schema([(name, pa.string()) for name in columns])
        return Survey(Manifest(pa.table(columns, schema=schema)), errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the samples by ``counts`` or ``fractions``."""
        counts = counts_of(len(manifest), self.fractions) if self.counts is None else self.counts
        return by_order(manifest, counts) if self.split_by == "order" else shuffled(manifest, counts, self.seed)

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture and its mask, and brings the mask to the size of the picture."""
        sample = manifest.row(row)
        image = read_picture(self.root / sample["key"], self.max_pixels)
        path = self.root / sample["mask"]
        stored = read_mask_codes(path, self.max_pixels)
        if self.codes is not None:
            mask = self.codes.to_classes(stored, str(path))
        else:
            if 0 < stored.max() < 128:
                odd = f"mask values of 0 to {stored.max()}, expected black and white"
                raise DataError(f"{path}: {odd}. Set data.values, e.g. {{0: background, {stored.max()}: person}}.")
            mask = (stored >= 128).astype(np.uint8)
        return Record(image, self._fitted(mask, image.shape, self.root / sample["key"], path))

    def _fitted(self, mask: NDArray[np.uint8], shape: tuple[int, ...], picture: Path, path: Path) -> NDArray[np.uint8]:
        height, width = shape[:2]
        if not same_shape(mask.shape, (height, width)) and same_shape(mask.shape[::-1], (height, width)):
            orientation = exif_orientation(picture)
            if orientation >= 5:  # the picture was turned by 90 degrees, the mask was not
                mask = rotated(mask, orientation)
        if not same_shape(mask.shape, (height, width)):
            sizes = f"the mask is {mask.shape[0]} x {mask.shape[1]}, its picture {height} x {width}"
            raise DataError(f"{path}: {sizes}. Expected the same shape; make the mask anew from this picture.")
        if mask.shape == (height, width):
            return mask
        return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def same_shape(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether one size is the other one scaled: a side is what the other side makes it, to within a pixel of rounding.

    >>> same_shape((375, 667), (449, 800)), same_shape((400, 600), (449, 800))
    (True, False)
    """
    (height, width), (tall, wide) = sorted((tuple(one), tuple(other)))
    return min(abs(tall * width / wide - height), abs(wide * height / tall - width)) <= 1


def _classes(values: Mapping[int, str]) -> tuple[tuple[str, ...], Codes]:
    names = list(dict.fromkeys(name for name in values.values() if name not in ("background", "ignore")))
    if not names or "background" not in values.values():
        raise ValueError(f"data.values={dict(values)}: expected a code named background and one of something else.")
    index = {"background": 0, "ignore": IGNORE} | {name: position for position, name in enumerate(names, start=1)}
    wrong = [code for code in values if not 0 <= int(code) <= 255]
    if wrong:
        raise ValueError(f"data.values={dict(values)}: expected codes of 0 to 255.")
    return ("background", *names), Codes({int(code): index[name] for code, name in values.items()})
