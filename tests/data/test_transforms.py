"""Transforms: geometry by hand, randomness from the seed alone."""

import subprocess
import sys

import numpy as np
import pytest

from bareface.data.dataset import Record
from bareface.data.transforms import Letterbox, RecognitionAugmentation, SegmentationAugmentation


def record(height: int = 60, width: int = 40) -> Record:
    rng = np.random.default_rng(0)
    mask = np.zeros((height, width), np.uint8)
    mask[:, width // 2 :] = 1
    image = rng.integers(60, 200, (height, width, 3), dtype=np.uint8)
    image[:, width // 2 :, 0] = 255
    image[:, : width // 2, 0] = 0
    return Record(image, mask)


def augmentation(**changes: object) -> SegmentationAugmentation:
    values = {"size": 64, "noise_std": 3, "flip_hor": 0.5, "rotate": 0.0, "angle": 10, "crop_range": [0.9, 1.0]}
    return SegmentationAugmentation(**{**values, **changes})  # type: ignore[arg-type]


def recognition(**changes: object) -> RecognitionAugmentation:
    values = {"shorter": 36, "crop": 32, "flip_hor": 0.5, "gray": 0.2, "noise_std": 0, "rotate": 0.0, "angle": 0}
    return RecognitionAugmentation(**{**values, "scale_range": [1.0, 1.0], **changes})  # type: ignore[arg-type]


def test_letterbox_pads_the_mask_with_ignore_and_the_picture_with_black() -> None:
    framed = Letterbox(30)(record(60, 40), 0)
    assert framed.content == (0, 5, 30, 20)
    assert framed.mask is not None
    assert (framed.mask[:, :5] == 255).all() and (framed.mask[:, 25:] == 255).all()
    assert set(np.unique(framed.mask[:, 5:25])) == {0, 1}
    assert not framed.image[:, :5].any() and framed.image[:, 5:25].any()


def test_masks_keep_their_values_when_they_are_enlarged() -> None:
    framed = Letterbox(97)(record(60, 40), 0)
    assert framed.mask is not None
    assert set(np.unique(framed.mask)) == {0, 1, 255}


def test_picture_and_mask_move_together() -> None:
    for seed in range(20):
        framed = augmentation(noise_std=0, rotate=1.0)(record(), seed)
        assert framed.mask is not None
        red = framed.image[..., 0] > 127
        inside = framed.mask != 255
        assert (red[inside] == (framed.mask[inside] == 1)).mean() > 0.97


def test_the_seed_decides_everything() -> None:
    first, again, other = (augmentation()(record(), seed) for seed in (1, 1, 2))
    assert (first.image == again.image).all()
    assert (first.image != other.image).any()


def test_classes_that_know_left_from_right_are_not_mirrored() -> None:
    message = r"transforms\.train\.flip_hor=0\.5: a mirror would take left for right in r_ear, l_ear\. Set it to"
    with pytest.raises(ValueError, match=message):
        augmentation().check_sides(["background", "l_lip", "l_ear", "r_ear"])
    augmentation(flip_hor=0.0).check_sides(["background", "l_ear", "r_ear"])
    augmentation().check_sides(["background", "u_lip", "l_lip", "ear_r", "neck_l"])


def test_noise_has_the_asked_standard_deviation() -> None:
    grey = Record(np.full((64, 64, 3), 128, np.uint8), np.zeros((64, 64), np.uint8))
    image = augmentation(noise_std=3, crop_range=[1.0, 1.0])(grey, 0).image
    assert np.std(image.astype(float) - 128) == pytest.approx(3, rel=0.05)


def test_flipping_and_greying_are_independent() -> None:
    # red on the right half before; grey pictures have equal channels
    outcomes = []
    for seed in range(300):
        image = recognition(shorter=40, crop=40, gray=0.5)(record(40, 40), seed).image.astype(int)
        grey = (image[..., 0] == image[..., 1]).all()
        source = image[..., 0] if not grey else image[..., 1]
        outcomes.append((source[:, :20].mean() > source[:, 20:].mean(), grey))
    flipped, grey = np.array(outcomes).T
    assert abs(np.corrcoef(flipped, grey)[0, 1]) < 0.2
    assert 0.4 < flipped.mean() < 0.6 and 0.4 < grey.mean() < 0.6


def test_recognition_square_covers_the_asked_share_of_the_shorter_side() -> None:
    ramp = np.repeat(np.arange(0, 180, 1, np.uint8)[None, :, None], 90, 0).repeat(3, 2)
    for seed in range(10):
        image = recognition(shorter=45, crop=30, flip_hor=0.0, gray=0.0)(Record(ramp), seed).image
        # 30 of 45 means two thirds of the 90 pixels: grey values rise by 60 over the square
        assert float(image[:, -1].mean()) - float(image[:, 0].mean()) == pytest.approx(58, abs=2)


@pytest.mark.parametrize("crop_range", [[0.0, 1.0], [0.9, 1.1], [1.0, 0.9]])
def test_bad_crop_range(crop_range: list[float]) -> None:
    with pytest.raises(ValueError, match=r"crop_range=.*expected 0 < least <= largest <= 1"):
        augmentation(crop_range=crop_range)


def test_crop_larger_than_picture() -> None:
    with pytest.raises(ValueError, match=r"crop=40: expected at most transforms.train.shorter=36"):
        recognition(crop=40)


def test_colour_changes_in_the_picture_alone() -> None:
    plain = augmentation(noise_std=0, flip_hor=0.0)(record(), 3)
    for changes in ({"jitter": 0.4}, {"gray": 1.0}, {"blur": 1.0}):
        framed = augmentation(noise_std=0, flip_hor=0.0, **changes)(record(), 3)
        assert framed.mask is not None and plain.mask is not None
        assert (framed.mask == plain.mask).all()
        assert (framed.image != plain.image).any(), changes
    gray = augmentation(noise_std=0, gray=1.0)(record(), 3).image
    assert (gray[..., 0] == gray[..., 1]).all() and (gray[..., 1] == gray[..., 2]).all()


def test_importing_asks_nobody() -> None:
    code = "import os, socket; socket.getaddrinfo = lambda *a, **k: os._exit(3); import bareface.data.transforms"
    assert subprocess.run([sys.executable, "-c", code], timeout=100).returncode == 0


def test_a_canvas_without_a_side() -> None:
    with pytest.raises(ValueError, match=r"^side of the canvas, -3: expected at least 1 pixel\.$"):
        Letterbox(-3)
