"""The part of a released VGGFace2 picture that its networks were trained on."""

from collections.abc import Sequence
from math import floor

EXTENSION = 0.3
"""The box is made this share of its size larger, half of it on each side."""

LEAST_ASPECT = 112 / 128
"""Width over height that narrower boxes are widened to."""


def tight_crop(box: Sequence[float], height: int, width: int) -> tuple[int, int, int, int]:
    """The tight crop around a face box, clipped to the picture.

    Its height is 1.3 times that of the box; its width is that times 112/128, or times the aspect of the box where that
    is larger; its centre is that of the box. Clipped crops are not padded.

    Args:
        box: x, y, width, height as in loose_bb_*.csv, pixels of the released picture; may reach out of it.
        height: Of the picture.
        width: Of the picture.

    Returns:
        top, left, bottom, right; bottom and right are exclusive. At least one pixel.

    Raises:
        ValueError: The box has no area, or does not meet the picture.

    Source: Cao et al., VGGFace2: standard_evaluation/demo_proj.m of the published code, to within the pixel by which
    MATLAB's inclusive ranges are longer.

    >>> tight_crop((60, 60, 79, 109), 300, 300)
    (44, 38, 185, 161)
    """
    window = _window(box)
    top, bottom = _clipped(window[0], window[2], height)
    left, right = _clipped(window[1], window[3], width)
    if bottom <= top or right <= left:
        raise ValueError(f"box {list(box)}: lies outside of its picture of {height} x {width}.")
    return top, left, bottom, right


def reaches_out(box: Sequence[float], height: int, width: int) -> bool:
    """Whether a part of the tight crop lies outside of the picture. Arguments as ``tight_crop``.

    >>> reaches_out((60, 60, 79, 109), 300, 300), reaches_out((10, 60, 79, 109), 300, 300)
    (False, True)
    """
    top, left, bottom, right = (floor(edge + 0.5) for edge in _window(box))
    return top < 0 or left < 0 or bottom > height or right > width


def _window(box: Sequence[float]) -> tuple[float, float, float, float]:
    """The tight crop before it is clipped: top, left, bottom, right."""
    x, y, box_width, box_height = box
    if box_width <= 0 or box_height <= 0:
        raise ValueError(f"box {list(box)}: expected a width and a height above 0.")
    crop_height = box_height * (1 + EXTENSION)
    crop_width = crop_height * max(LEAST_ASPECT, box_width / box_height)
    centre_y, centre_x = y + box_height / 2, x + box_width / 2
    return centre_y - crop_height / 2, centre_x - crop_width / 2, centre_y + crop_height / 2, centre_x + crop_width / 2


def _clipped(start: float, end: float, size: int) -> tuple[int, int]:
    return max(0, floor(start + 0.5)), min(size, floor(end + 0.5))
