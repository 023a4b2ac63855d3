"""The published pairs of loose and tight crops, without the boxes that they were made from."""

import cv2
import numpy as np
import pytest

from bareface.data import crop
from bareface.data.crop import tight_crop
from bareface.data.identity_folder import IdentityFolder
from bareface.io.pictures import read_picture


@pytest.fixture(scope="module")
def pairs(shared):
    """Size of each loose picture, and where the tight one lies in it."""
    found = []
    for path in sorted((shared / "data/vggface2_samples/loose").rglob("*.jpg")):
        loose = read_picture(path)
        tight = read_picture(path.parents[2] / "tight" / path.parent.name / path.name)
        _, _, (left, top), _ = cv2.minMaxLoc(cv2.matchTemplate(loose, tight, cv2.TM_SQDIFF))
        found.append((loose.shape[:2], (top, left, top + tight.shape[0], left + tight.shape[1])))
    assert len(found) == 32
    return found


def explained(pairs):
    """How many tight pictures are the tight crop, to a pixel, of a box that gives the loose picture.

    The loose picture is the box made twice as large, at least 112/128 as wide as high, clipped to the photo. Where it
    was clipped on one axis at most, the other axis tells the height of the box; and on the clipped axis the centre of
    the box is somewhere between where either end would be unclipped. The width of the box is that of a usual detection.
    """
    count = 0
    for (height, width), (top, left, bottom, right) in pairs:
        box_height = max(height / 2, width / 2 / (112 / 128))
        box_width = 0.75 * box_height
        half_wide = box_height * 112 / 128
        best = np.inf
        for y in np.append(np.arange(height - box_height, box_height, 0.5), height / 2):
            for x in np.append(np.arange(width - half_wide, half_wide, 0.5), width / 2):
                box = (x - box_width / 2, y - box_height / 2, box_width, box_height)
                found = tight_crop(box, height, width)
                best = min(best, max(abs(a - b) for a, b in zip(found, (top, left, bottom, right), strict=True)))
        count += best <= 1
    return count


def test_the_tight_crop_is_the_published_one(pairs):
    assert explained(pairs) >= 27  # the others are clipped on both axes, so nothing tells how large their box was


@pytest.mark.parametrize("extension", [0.25, 0.35])
def test_another_extension_would_be_noticed(pairs, monkeypatch, extension):
    monkeypatch.setattr(crop, "EXTENSION", extension)
    assert explained(pairs) < 10


@pytest.mark.parametrize("aspect", [0.0, 0.8, 1.0])
def test_another_aspect_would_be_noticed(pairs, monkeypatch, aspect):
    monkeypatch.setattr(crop, "LEAST_ASPECT", aspect)
    assert explained(pairs) < 10


def test_they_are_an_identity_folder(shared):
    dataset = IdentityFolder(str(shared / "data/vggface2_samples/loose"), split="first", first=5)
    assert dataset.identities == ("n000106", "n007241", "n008937")
    assert {stage: len(part) for stage, part in dataset.splits.items()} == {"train": 15, "val": 0, "test": 17}
