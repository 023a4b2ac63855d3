"""From the codes in mask files to class indices."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bareface.data.mask import IGNORE
from bareface.errors import DataError
from bareface.io.pictures import MAX_PIXELS, read_mask_codes

log = logging.getLogger(__name__)

Unknown = Literal["error", "background", "ignore"]

FACE_HAIR: Mapping[int, int] = {0: 0, 128: 1, 255: 2}
"""Background, face and hair as CelebHair codes them; a docstring of its viewer says 0, 1, 2, which is wrong."""


class Codes:
    """Turns the codes of mask files into class indices.

    Args:
        indices: Class index of each code; 255 = ignore.
        unknown: What becomes of other codes: an error; or background or ignore, and the first such file is logged.
    """

    def __init__(self, indices: Mapping[int, int], unknown: Unknown = "error") -> None:
        self.known = frozenset(indices)
        self.unknown = unknown
        self._told = False
        self._table = np.full(256, IGNORE if unknown == "ignore" else 0, np.uint8)
        self._known = np.zeros(256, bool)
        for code, index in indices.items():
            self._table[code], self._known[code] = index, True

    def others(self, codes: NDArray[np.uint8]) -> list[int]:
        """The codes in a mask that have no class."""
        present = np.bincount(codes.ravel(), minlength=256) > 0
        return [int(code) for code in np.flatnonzero(present & ~self._known)]

    def to_classes(self, codes: NDArray[np.uint8], where: str) -> NDArray[np.uint8]:
        """Class indices of the codes.

        Args:
            codes: (H, W) uint8 as in the file.
            where: The file, for the message.

        Raises:
            DataError: There are codes without a class, and they are errors.
        """
        if (self.unknown == "error" or not self._told) and not self._known[codes].all():
            found, known = (", ".join(map(str, values)) for values in (self.others(codes), sorted(self.known)))
            odd = f"{where}: mask values {found}, expected only {known}."
            if self.unknown == "error":
                raise DataError(f"{odd} Correct the mask, or map the values.")
            log.warning("%s They become %s; bareface check counts such files.", odd, self.unknown)
            self._told = True
        return self._table[codes]


def read_mask(path: Path, codes: Codes, shape: tuple[int, ...], max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Reads a mask that must be as large as its picture.

    Args:
        path: The mask.
        codes: What its values mean.
        shape: Of the picture, height and width first.
        max_pixels: Larger ones are refused.

    Raises:
        PictureError: The file is unreadable.
        DataError: The mask has another size, or values without a class.
    """
    stored = read_mask_codes(path, max_pixels)
    if stored.shape != shape[:2]:
        sizes = f"the mask is {stored.shape[0]} x {stored.shape[1]}, its picture {shape[0]} x {shape[1]}"
        raise DataError(f"{path}: {sizes}. Expected the same size.")
    return codes.to_classes(stored, str(path))
