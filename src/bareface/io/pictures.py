"""Decoding picture files that somebody else made, and writing our own."""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
import PIL.TiffImagePlugin  # these two register formats that Pillow does not by itself
import PIL.WebPImagePlugin  # noqa: F401
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from bareface.errors import PictureError
from bareface.io.atomic import atomic_path

MAX_PIXELS = 40_000_000
"""Pictures with more are refused before they are decoded."""

PICTURE_SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp")
)
"""What folders are searched for, in lower case. What a file is, its content decides."""

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # max_pixels takes its place

# An allow-list: Pillow also opens formats that start other programs (EPS).
_FORMATS = ("JPEG", "PNG", "BMP", "PPM", "GIF", "TIFF", "WEBP")
_ENDS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}
_CHANNELS = {
    ".bmp": (1, 3), ".jpeg": (1, 3), ".jpg": (1, 3), ".pgm": (1,), ".png": (1, 3, 4), ".ppm": (3,),
    ".tif": (1, 3, 4), ".tiff": (1, 3, 4), ".webp": (3, 4),
}  # fmt: skip
_MEND = "Restore the file, or leave it out of the data set."


def check_max_pixels(max_pixels: int) -> int:
    """The limit, if it is one.

    Raises:
        ValueError: No picture would be below it.
    """
    if max_pixels < 1:
        raise ValueError(f"data.max_pixels={max_pixels}: expected at least 1.")
    return max_pixels


def read_picture(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Reads a picture as one sees it.

    EXIF rotation is applied, grey and CMYK become RGB, 16 bits become 8, the first frame stands for an animation.
    What is transparent shows white, as on paper: below it often lies what somebody meant to remove.

    Args:
        path: A JPEG, PNG, BMP, PBM/PGM/PPM, GIF, TIFF or WebP file, whatever its suffix.
        max_pixels: Larger pictures are refused before they are decoded.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        PictureError: The file is missing, no picture, truncated or too large. A JPEG that is damaged in the middle but
            ends as it should cannot be told from a good one.
    """
    return decode_picture(_content(path), os.fspath(path), max_pixels)


def decode_picture(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """As ``read_picture``, from the bytes of the file; ``name`` is for messages."""
    with _opened(io.BytesIO(data), name, max_pixels) as image:
        if _is_plain(image) and data.endswith(_ENDS[str(image.format)]):
            decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
            if decoded is not None:
                return np.asarray(decoded, np.uint8)
        orientation = _orientation(image)
        return rotated(_rgb(image, name), orientation)


def header_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Height and width that ``read_picture`` would give, from the head of the file alone.

    Raises:
        PictureError: The file is missing or no picture.
    """
    if not os.path.isfile(path):
        raise PictureError(f"{os.fspath(path)}: no such file. {_MEND}")
    with open(path, "rb") as file, _opened(file, os.fspath(path), None) as image:
        width, height = image.size
        return (width, height) if _orientation(image) >= 5 else (height, width)


def read_mask_codes(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Reads the codes of a mask file as they were stored.

    A palette of greys is a way of storing greys, so the greys are returned; of any other palette the indices are (the
    VOC way). Two-valued files give 0 and 255. Colour files are accepted where all channels are equal.

    Returns:
        (H, W) uint8.

    Raises:
        PictureError: As ``read_picture``; or the mask has colours, transparency, or codes above 255.
    """
    data = _content(path)
    with _opened(io.BytesIO(data), os.fspath(path), max_pixels) as image:
        orientation = _orientation(image)
        if image.mode == "L" and _is_plain(image) and data.endswith(_ENDS[str(image.format)]):
            fast = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            if fast is not None and fast.ndim == 2 and fast.dtype == np.uint8:
                return rotated(np.asarray(fast, np.uint8), orientation)
        codes = np.asarray(image.convert("L") if image.mode == "1" else image)
        if image.mode == "P":
            palette = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
            if (palette == palette[:, :1]).all():
                codes = np.pad(palette[:, 0], (0, 256 - len(palette)))[codes]
        elif codes.ndim == 3:
            colours = codes[..., :-1] if image.mode in ("LA", "RGBA") else codes
            if colours.shape != codes.shape and (codes[..., -1] != 255).any():
                raise PictureError(f"{os.fspath(path)}: a mask with transparency. Save it as 8-bit grey.")
            if (colours != colours[..., :1]).any():
                raise PictureError(f"{os.fspath(path)}: a mask with colours. Save it as 8-bit grey codes.")
            codes = colours[..., 0]
        if codes.dtype.kind not in "ui" or codes.max() > 255 or codes.min() < 0:
            found = f"mask codes of {codes.min()} to {codes.max()}"
            raise PictureError(f"{os.fspath(path)}: {found}. Save it as 8-bit grey.")
        return rotated(codes.astype(np.uint8), orientation)


def exif_orientation(path: str | os.PathLike[str]) -> int:
    """The EXIF orientation that ``read_picture`` applies, 1 (none) to 8; that of TIFF files counts as 1.

    Raises:
        PictureError: The file is missing or no picture.
    """
    with _opened(io.BytesIO(_content(path)), os.fspath(path), None) as image:
        return _orientation(image)


def rotated(array: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture or mask as an EXIF orientation of 1 to 8 wants it shown."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def write_picture(path: Path, array: NDArray[np.uint8]) -> None:
    """Writes a picture, whole or not at all; the suffix says the format (JPEG: quality 95).

    Args:
        path: Ends in .png, .jpg, .webp, .tif, .bmp, .ppm or .pgm.
        array: (H, W), (H, W, 3) RGB or (H, W, 4) RGBA, uint8.

    Raises:
        ValueError: No such format, or the format cannot hold the channels.
    """
    suffix = path.suffix.lower()
    if suffix not in _CHANNELS:
        raise ValueError(f"{path}: expected a name that ends in one of {', '.join(_CHANNELS)}.")
    channels = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    if array.dtype != np.uint8 or channels not in _CHANNELS[suffix]:
        expected = " or ".join(map(str, _CHANNELS[suffix]))
        raise ValueError(
            f"{path}: got {array.dtype} {array.shape}, expected uint8 and {expected} channels for {suffix}."
        )
    swap = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[channels]
    encoded = cv2.imencode(suffix, array if swap is None else cv2.cvtColor(array, swap))[1]
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.tobytes())


def _content(path: str | os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError as error:
        raise PictureError(f"{os.fspath(path)}: no such file. {_MEND}") from error
    except OSError as error:
        raise PictureError(f"{os.fspath(path)}: cannot be read ({error.strerror}). {_MEND}") from error
    if not data:
        raise PictureError(f"{os.fspath(path)}: an empty file. {_MEND}")
    return data


@contextmanager
def _opened(file: IO[bytes], name: str, max_pixels: int | None) -> Iterator[Image.Image]:
    """Reads the head; whatever goes wrong inside becomes a PictureError, for Pillow raises a dozen kinds of errors."""
    try:
        with Image.open(file, formats=_FORMATS) as image:
            width, height = image.size
            if max_pixels is not None and width * height > max_pixels:
                size = f"{width} x {height} = {width * height} pixels, more than the limit of {max_pixels}"
                raise PictureError(f"{name}: {size}. Shrink it, or raise max_pixels.")
            yield image
    except (PictureError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"{name}: not a picture of a known format. Convert it to JPEG or PNG.") from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"{name}: more pixels than can be decoded safely. Shrink it.") from error
    except Exception as error:
        reason = " ".join(str(error).split())
        raise PictureError(f"{name}: truncated or damaged ({reason}). {_MEND}") from error


def _is_plain(image: Image.Image) -> bool:
    """Whether OpenCV, which is faster, gives what is promised: 8 bits, no alpha, no CMYK, no animation."""
    if image.format not in _ENDS or image.mode not in ("L", "RGB"):
        return False
    return image.format != "PNG" or not ("transparency" in image.info or getattr(image, "is_animated", False))


def _rgb(image: Image.Image, name: str) -> NDArray[np.uint8]:
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        raise PictureError(f"{name}: pixels of 32 bits a channel. Save it with 8 or 16.")
    if image.mode.startswith("I"):  # Pillow would clip these at 255
        tags: Any = getattr(image, "tag_v2", {})
        white = 2 ** tags.get(258, (16,))[0] - 1
        grey = np.clip(np.round(np.asarray(image) * (255 / white)), 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return np.array(image.convert("RGB"))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation that is still to be applied, 1 to 8; Pillow applies that of TIFF files by itself."""
    if image.format == "TIFF" or "exif" not in image.info:
        return 1
    value = image.getexif().get(0x0112, 1)
    return int(value) if value in range(1, 9) else 1
