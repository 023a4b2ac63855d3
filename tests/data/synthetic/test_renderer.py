"""Drawn people: the same each time, the same person in every photo, backgrounds as told."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from bareface.data.synthetic.face import FACE, HAIR
from bareface.data.synthetic.renderer import Photo, Renderer


def test_a_photo_depends_on_nothing_but_its_numbers() -> None:
    first = Renderer(seed=3).render(5, 2)
    other = Renderer(seed=3)
    other.render(0, 0)
    cv2.setRNGSeed(99)
    again = other.render(5, 2)
    assert (first.image == again.image).all() and (first.mask == again.mask).all()
    script = (
        "import hashlib; from bareface.data.synthetic.renderer import Renderer; p = Renderer(seed=3).render(5, 2); "
    )
    done = subprocess.run([sys.executable, "-c", script + "print(int(p.image.sum()))"], capture_output=True, text=True)
    assert int(done.stdout) == int(first.image.sum())


def test_other_numbers_other_photos() -> None:
    base = Renderer().render(0, 0).image
    for other in (Renderer(seed=1).render(0, 0), Renderer().render(1, 0), Renderer().render(0, 1)):
        assert (base != other.image).mean() > 0.5


@pytest.mark.parametrize("size", [(218, 178), (128, 112), (64, 96), (97, 65)])
def test_sizes(size: tuple[int, int]) -> None:
    photo = Renderer(height=size[0], width=size[1]).render(0, 0)
    assert photo.image.shape == (*size, 3) and photo.mask.shape == size
    assert photo.image.dtype == photo.mask.dtype == np.uint8


def test_every_photo_has_a_face_of_sensible_size_and_hair_where_there_is_any() -> None:
    for identity in range(30):
        photo = Renderer().render(identity, 0)
        share = [(photo.mask == value).mean() for value in (0, FACE, HAIR)]
        assert sum(share) == pytest.approx(1)
        assert 0.06 < share[FACE] < 0.45
        bald = Renderer().person(identity).length == "bald"
        assert (share[HAIR] == 0) if bald else (0.02 < share[HAIR] < 0.45)
        x, y, width, height = photo.box
        assert (photo.mask[y : y + height, x : x + width] == FACE).sum() == (photo.mask == FACE).sum()


def test_the_mask_fits_the_picture() -> None:
    """Inside the mask two photos that differ in the background alone are the same, outside they are not."""
    for identity in range(8):
        own = Renderer(background_bias=1).render(identity, 0)
        other = Renderer(background_bias=0).render(identity, 0)
        assert (own.mask == other.mask).all()
        foreground = (own.mask != 0).astype(np.uint8)
        inner = cv2.erode(foreground, np.ones((7, 7))) > 0
        difference = np.abs(own.image.astype(int) - other.image).max(2)
        assert difference[inner].max() <= 1
        # neck and clothes stay too, but above the chin all that is outside the mask is background
        outer = cv2.dilate(foreground, np.ones((5, 5))) == 0
        outer[own.box[1] + own.box[3] * 3 // 4 :] = False
        assert (difference[outer] > 4).mean() > 0.8


def background_alone(photo: Photo) -> np.ndarray:
    """The strip above and beside the head, small: no person in it."""
    image = photo.image.astype(np.float32)
    strip = np.concatenate([image[:24].reshape(-1, 3), image[:90, :18].reshape(-1, 3), image[:90, -18:].reshape(-1, 3)])
    return cv2.resize(strip.reshape(-1, 1, 3), (1, 60), interpolation=cv2.INTER_AREA).ravel()


def recognised_by_background(bias: float, people: int = 30, photos: int = 4) -> float:
    """Share of photos whose nearest other background is of the same person."""
    renderer = Renderer(seed=2, background_bias=bias)
    shown = [renderer.render(identity, photo) for identity in range(people) for photo in range(photos)]
    strips = np.stack([background_alone(photo) for photo in shown])
    strips /= np.linalg.norm(strips, axis=1, keepdims=True)  # exposure differs from photo to photo
    distance = ((strips[:, None] - strips[None]) ** 2).sum(2)
    np.fill_diagonal(distance, np.inf)
    owner = np.arange(len(shown)) // photos
    return float((owner[distance.argmin(1)] == owner).mean())


def test_bias_0_says_nothing_about_the_person_and_bias_1_nearly_everything() -> None:
    assert recognised_by_background(0.0) < 0.08  # chance is 3 of 119
    assert recognised_by_background(1.0) > 0.75


@pytest.mark.parametrize(("bias", "people", "tolerance"), [(0.0, 4, 0), (0.3, 20, 0.07), (1.0, 4, 0)])
def test_bias_is_the_probability_of_the_own_background(bias: float, people: int, tolerance: float) -> None:
    renderer = Renderer(height=32, width=32, background_bias=bias)
    photos = [renderer.render(identity, photo).own_background for identity in range(people) for photo in range(20)]
    assert np.mean(photos) == pytest.approx(bias, abs=tolerance)


@pytest.mark.parametrize("bias", [-0.1, 1.1])
def test_bias_out_of_range(bias: float) -> None:
    with pytest.raises(ValueError, match=f"background_bias={bias}: expected a probability"):
        Renderer(background_bias=bias)


def test_size_out_of_range() -> None:
    with pytest.raises(ValueError, match="size 8 x 100: expected at least 16 pixels a side"):
        Renderer(height=8, width=100)
