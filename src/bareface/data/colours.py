"""From the colours in mask files to class indices."""

import logging
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bareface.data.codes import Unknown
from bareface.data.mask import IGNORE
from bareface.errors import DataError, some

log = logging.getLogger(__name__)


class Colours:
    """Turns the colours of mask files into class indices, as ``Codes`` does with codes.

    Args:
        indices: Class index of each colour, written like ``#ff0000``; 255 = ignore.
        unknown: What becomes of other colours: an error; or background or ignore, and the first such file is logged.

    >>> Colours({"#0000ff": 0, "#ff0000": 1}).to_classes(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), "a.ppm")
    array([[1, 0]], dtype=uint8)
    """

    def __init__(self, indices: Mapping[str, int], unknown: Unknown = "error") -> None:
        self.indices = {int(colour.removeprefix("#"), 16): index for colour, index in indices.items()}
        self.unknown = unknown
        self._told = False

    def others(self, picture: NDArray[np.uint8]) -> list[str]:
        """The colours in a mask that have no class."""
        return [f"#{colour:06x}" for colour in np.unique(_numbers(picture)).tolist() if colour not in self.indices]

    def to_classes(self, picture: NDArray[np.uint8], where: str) -> NDArray[np.uint8]:
        """Class indices of the colours.

        Args:
            picture: (H, W, 3) uint8 RGB as in the file.
            where: The file, for the message.

        Returns:
            (H, W) uint8.

        Raises:
            DataError: There are colours without a class, and they are errors.
        """
        numbers = _numbers(picture)
        mask = np.full(numbers.shape, IGNORE if self.unknown == "ignore" else 0, np.uint8)
        known = np.zeros(numbers.shape, bool)
        for colour, index in self.indices.items():
            here = numbers == colour
            mask[here] = index
            known |= here
        if (self.unknown == "error" or not self._told) and not known.all():
            wanted = ", ".join(f"#{colour:06x}" for colour in sorted(self.indices))
            odd = f"{where}: mask colours {some(self.others(picture))}, expected only {wanted}."
            if self.unknown == "error":
                raise DataError(f"{odd} Correct the mask, or set data.unknown_values.")
            log.warning("%s They become %s; bareface check counts such files.", odd, self.unknown)
            self._told = True
        return mask


def _numbers(picture: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Each colour as one number, 0xRRGGBB."""
    red, green, blue = (picture[..., channel].astype(np.int32) for channel in range(3))
    return np.asarray(red << 16 | green << 8 | blue, np.int32)
