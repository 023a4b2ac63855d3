import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from bareface.errors import PictureError
from bareface.io.pictures import (
    PICTURE_SUFFIXES,
    decode_picture,
    exif_orientation,
    header_size,
    read_mask_codes,
    read_picture,
    rotated,
    write_picture,
)

LOSSLESS = {"WEBP": {"lossless": True}}


def colours(height=6, width=9):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def smooth(height=60, width=80):
    return cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8), (0, 0), 5)


def encoded(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "BMP", "PPM", "TIFF", "WEBP"])
def test_lossless_formats_come_back_exactly(form, tmp_path):
    path = tmp_path / "a.xyz"  # the content decides, not the suffix
    path.write_bytes(encoded(Image.fromarray(colours()), form, **LOSSLESS.get(form, {})))
    np.testing.assert_array_equal(read_picture(path), colours())
    assert header_size(path) == (6, 9)


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_is_rgb_not_bgr(progressive):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 250
    got = decode_picture(encoded(Image.fromarray(red), "JPEG", quality=95, progressive=progressive), "a")
    assert np.abs(got.astype(int) - red).max() <= 3


def test_jpeg_agrees_with_pillow():
    data = encoded(Image.fromarray(smooth()), "JPEG", quality=90)
    pillow = np.asarray(Image.open(io.BytesIO(data)))
    assert np.abs(decode_picture(data, "a").astype(int) - pillow).max() <= 2


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(form, orientation, tmp_path):
    quadrants = np.zeros((32, 48, 3), np.uint8)
    quadrants[:16, :24], quadrants[:16, 24:], quadrants[16:, :24] = 80, 160, 240
    # where the top left corner of the stored picture is shown: (bottom?, right?), and whether sides are swapped
    bottom, right, swapped = {
        1: (0, 0, 0), 2: (0, 1, 0), 3: (1, 1, 0), 4: (1, 0, 0), 5: (0, 0, 1), 6: (0, 1, 1), 7: (1, 1, 1), 8: (1, 0, 1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a"
    path.write_bytes(encoded(Image.fromarray(quadrants), form, exif=exif, **LOSSLESS.get(form, {})))
    got = read_picture(path)
    assert got.shape == ((48, 32, 3) if swapped else (32, 48, 3))
    assert header_size(path) == got.shape[:2]
    row, column = (-8 if bottom else 8), (-8 if right else 8)
    beside = got[-row, column, 0] if swapped else got[row, -column, 0]
    for value, expected in ((got[row, column, 0], 80), (got[-row, -column, 0], 0), (beside, 160)):
        assert abs(int(value) - expected) <= 3
    assert exif_orientation(path) == (1 if form == "TIFF" else orientation)
    np.testing.assert_array_equal(rotated(quadrants, orientation).shape, got.shape)


def test_grey_becomes_three_channels():
    grey = np.arange(54, dtype=np.uint8).reshape(6, 9)
    for form in ("PNG", "PPM", "BMP"):
        np.testing.assert_array_equal(decode_picture(encoded(Image.fromarray(grey), form), "a"), np.dstack([grey] * 3))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
def test_16_bit_grey_is_scaled_not_clipped(suffix):
    deep = np.array([[0, 128, 257 * 10, 257 * 200, 65535]], np.uint16)
    got = decode_picture(cv2.imencode(suffix, deep)[1].tobytes(), "a")
    np.testing.assert_array_equal(got[..., 0], [[0, 0, 10, 200, 255]])
    assert got.shape == (1, 5, 3)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".ppm"])
def test_16_bit_colours_are_scaled(suffix):
    deep = np.array([[[257 * 30, 257 * 20, 257 * 10], [65535, 0, 0]]], np.uint16)  # OpenCV: BGR
    got = decode_picture(cv2.imencode(suffix, deep)[1].tobytes(), "a")
    np.testing.assert_array_equal(got, [[[10, 20, 30], [0, 0, 255]]])


def test_12_bit_tiff_is_scaled_by_its_own_white():
    # one row of two pixels, 4095 and 0, packed in three bytes
    pixels, entries = bytes([0xFF, 0xF0, 0x00]), []
    tags = {256: 2, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 3}  # 12 bits; pixels at byte 8
    for tag, value in tags.items():
        entries.append(struct.pack("<HHII", tag, 4, 1, value))
    data = b"II*\0" + struct.pack("<I", 12) + pixels + b"\0" + struct.pack("<H", 9) + b"".join(entries) + bytes(4)
    np.testing.assert_array_equal(decode_picture(data, "a")[0, :, 0], [255, 0])


def test_cmyk_jpeg():
    data = encoded(Image.fromarray(smooth()).convert("CMYK"), "JPEG", quality=95)
    assert np.abs(decode_picture(data, "a").astype(int) - smooth()).mean() < 2


def test_palette_and_first_frame_of_an_animation():
    red, blue = (Image.new("RGB", (5, 4), colour) for colour in ("red", "blue"))
    assert decode_picture(encoded(red.convert("P"), "PNG"), "a")[0, 0].tolist() == [255, 0, 0]
    for form in ("GIF", "PNG", "WEBP"):
        data = encoded(red, form, save_all=True, append_images=[blue], **LOSSLESS.get(form, {}))
        assert decode_picture(data, "a")[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_what_is_transparent_shows_white(form):
    rgba = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [0, 0, 0, 51]]], np.uint8)
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    got = decode_picture(encoded(Image.fromarray(rgba), form, **options), "a")
    np.testing.assert_array_equal(got, [[[255, 255, 255], [10, 20, 30], [204, 204, 204]]])


def test_transparent_palette_entry_shows_white():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([9, 9, 9, 200, 100, 50])
    assert decode_picture(encoded(image, "PNG", transparency=0), "a").tolist() == [[[255] * 3, [200, 100, 50]]]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "PPM", "GIF", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_truncated_files_are_errors(form, share, tmp_path):
    data = encoded(Image.fromarray(colours(60, 80)), form)
    path = tmp_path / "half"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(
        PictureError, match=r"^\S+/half: truncated or damaged \(.+\)\. Restore the file, or leave it out"
    ):
        read_picture(path)


def test_a_jpeg_with_rubbish_behind_its_end_is_read():
    data = encoded(Image.fromarray(smooth()), "JPEG")
    np.testing.assert_array_equal(decode_picture(data + b"\0" * 10, "a"), decode_picture(data, "a"))


def test_a_truncated_jpeg_with_a_whole_thumbnail_is_an_error():
    thumbnail = encoded(Image.fromarray(smooth(16, 16)), "JPEG")
    data = encoded(Image.fromarray(colours(60, 80)), "JPEG")
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + data[2:]
    with pytest.raises(PictureError, match="truncated or damaged"):
        decode_picture(data[: len(data) * 3 // 4], "a")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_of_too_many_pixels_is_refused_before_decoding(tmp_path):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    message = "10000 x 10000 = 100000000 pixels, more than the limit of 40000000. Shrink it, or raise max_pixels."
    for read in (read_picture, read_mask_codes):
        with pytest.raises(PictureError, match=f"bomb.png: {message}"):
            read(path)
    assert header_size(path) == (10_000, 10_000)


def test_the_limit_can_be_set():
    data = encoded(Image.fromarray(colours()), "PNG")
    assert decode_picture(data, "a", max_pixels=54).shape == (6, 9, 3)
    with pytest.raises(PictureError, match="9 x 6 = 54 pixels, more than the limit of 53"):
        decode_picture(data, "a", max_pixels=53)


def test_what_is_no_picture(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"<html>not found</html>")
    (tmp_path / "b.jpg").touch()
    for read in (read_picture, read_mask_codes):
        with pytest.raises(
            PictureError, match=r"a\.jpg: not a picture of a known format\. Convert it to JPEG or PNG\."
        ):
            read(tmp_path / "a.jpg")
        with pytest.raises(PictureError, match=r"b\.jpg: an empty file\."):
            read(tmp_path / "b.jpg")
        with pytest.raises(PictureError, match=r"c\.jpg: no such file\."):
            read(tmp_path / "c.jpg")
        with pytest.raises(PictureError, match=r"cannot be read \(Is a directory\)"):
            read(tmp_path)
    with pytest.raises(PictureError, match=r"c\.jpg: no such file"):
        header_size(tmp_path / "c.jpg")


def test_postscript_is_never_opened():
    with pytest.raises(PictureError, match="not a picture of a known format"):
        decode_picture(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "a")


def test_32_bit_pixels_are_refused():
    with pytest.raises(PictureError, match=r"a: pixels of 32 bits a channel\. Save it with 8 or 16\."):
        decode_picture(encoded(Image.fromarray(np.zeros((3, 3), np.float32)), "TIFF"), "a")


CODES = np.array([[0, 128, 255], [128, 7, 0]], np.uint8)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_mask_codes_are_what_was_stored(form, tmp_path):
    (tmp_path / "m").write_bytes(encoded(Image.fromarray(CODES), form))
    np.testing.assert_array_equal(read_mask_codes(tmp_path / "m"), CODES)


@pytest.mark.parametrize("form", ["PNG", "BMP"])
def test_a_palette_of_greys_gives_the_greys(form, tmp_path):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([0, 0, 0, 128, 128, 128, 255, 255, 255])
    (tmp_path / "m").write_bytes(encoded(image, form))
    assert read_mask_codes(tmp_path / "m").tolist() == [[0, 128, 255]]


@pytest.mark.parametrize("form", ["PNG", "BMP"])
def test_a_palette_of_colours_gives_the_indices(form, tmp_path):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    (tmp_path / "m").write_bytes(encoded(image, form))
    assert read_mask_codes(tmp_path / "m").tolist() == [[0, 1, 2]]


def test_masks_in_other_clothes(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(encoded(Image.fromarray(np.dstack([CODES] * 3)), "BMP"))
    np.testing.assert_array_equal(read_mask_codes(path), CODES)
    path.write_bytes(encoded(Image.fromarray(np.dstack([CODES] * 3 + [np.full_like(CODES, 255)])), "PNG"))
    np.testing.assert_array_equal(read_mask_codes(path), CODES)
    path.write_bytes(encoded(Image.fromarray(CODES > 0), "PNG"))
    np.testing.assert_array_equal(read_mask_codes(path), (CODES > 0) * np.uint8(255))
    path.write_bytes(cv2.imencode(".png", CODES.astype(np.uint16))[1].tobytes())
    np.testing.assert_array_equal(read_mask_codes(path), CODES)


def test_masks_that_are_none(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(encoded(Image.fromarray(colours()), "PNG"))
    with pytest.raises(PictureError, match=r"/m: a mask with colours\. Save it as 8-bit grey codes\."):
        read_mask_codes(path)
    path.write_bytes(encoded(Image.fromarray(np.dstack([CODES, CODES])), "PNG"))
    with pytest.raises(PictureError, match=r"/m: a mask with transparency\. Save it as 8-bit grey\."):
        read_mask_codes(path)
    path.write_bytes(cv2.imencode(".png", CODES.astype(np.uint16) * 257)[1].tobytes())
    with pytest.raises(PictureError, match=r"/m: mask codes of 0 to 65535\. Save it as 8-bit grey\."):
        read_mask_codes(path)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".ppm", ".PNG"])
def test_write_and_read_again(suffix, tmp_path):
    write_picture(tmp_path / f"a{suffix}", colours())
    np.testing.assert_array_equal(read_picture(tmp_path / f"a{suffix}"), colours())
    assert len(list(tmp_path.iterdir())) == 1


def test_write_jpeg_grey_and_alpha(tmp_path):
    write_picture(tmp_path / "a.jpg", smooth())
    assert np.abs(read_picture(tmp_path / "a.jpg").astype(int) - smooth()).mean() < 2
    write_picture(tmp_path / "a.pgm", CODES)
    np.testing.assert_array_equal(read_mask_codes(tmp_path / "a.pgm"), CODES)
    rgba = np.dstack([colours(), np.arange(54, dtype=np.uint8).reshape(6, 9)])
    for suffix in (".png", ".tif"):
        write_picture(tmp_path / f"b{suffix}", rgba)
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / f"b{suffix}")), rgba)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("a.xyz", colours(), r"a\.xyz: expected a name that ends in one of \.bmp, \.jpeg"),
        (
            "a.jpg",
            np.zeros((2, 2, 4), np.uint8),
            r"got uint8 \(2, 2, 4\), expected uint8 and 1 or 3 channels for \.jpg",
        ),
        ("a.pgm", colours(), r"expected uint8 and 1 channels for \.pgm"),
        ("a.png", np.zeros((2, 2, 3)), r"got float64 \(2, 2, 3\), expected uint8 and 1 or 3 or 4 channels for \.png"),
    ],
)
def test_what_cannot_be_written(name, array, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_picture(tmp_path / name, array)
    assert not list(tmp_path.iterdir())


def test_suffixes_are_lower_case():
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in PICTURE_SUFFIXES)
    assert {".jpg", ".png", ".pgm", ".tiff", ".webp"} <= PICTURE_SUFFIXES
