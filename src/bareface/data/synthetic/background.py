"""What stands behind a person: endlessly many scenes, each drawn from the numbers of one generator."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Random = np.random.Generator
Colour = tuple[int, int, int]


def colour(rng: Random, low: int = 40, high: int = 225) -> Colour:
    """A random colour, 0 to 255 RGB."""
    red, green, blue = rng.integers(low, high, 3)
    return int(red), int(green), int(blue)


def gradient(rng: Random, height: int, width: int) -> Picture:
    """From one colour to another at any angle."""
    first, second = np.array(colour(rng), float), np.array(colour(rng), float)
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0:height, 0:width]
    share = (np.cos(angle) * columns / width + np.sin(angle) * rows / height + 1) / 2
    mixed = first + (second - first) * np.clip(share, 0, 1)[..., None]
    return np.asarray(mixed, np.uint8)


def wall(rng: Random, height: int, width: int) -> Picture:
    """A wall with pictures on it."""
    image = gradient(rng, height, width)
    for _ in range(rng.integers(1, 4)):
        x, y = int(rng.integers(-width // 8, width)), int(rng.integers(-height // 8, int(height * 0.6)))
        w, h = int(rng.integers(width // 6, width // 2)), int(rng.integers(height // 8, height // 3))
        cv2.rectangle(image, (x, y), (x + w, y + h), colour(rng, 10, 110), -1)
        border = max(2, width // 40)
        inner = (x + border, y + border), (x + w - border, y + h - border)
        cv2.rectangle(image, *inner, colour(rng), -1)
        cv2.circle(image, (x + w // 2, y + h // 2), max(2, min(w, h) // 4), colour(rng), -1, cv2.LINE_AA)
    return image


def shelves(rng: Random, height: int, width: int) -> Picture:
    """Shelves full of books."""
    image = np.full((height, width, 3), colour(rng, 30, 90), np.uint8)
    shelf, step = colour(rng, 80, 190), int(height / rng.integers(3, 6))
    palette = [colour(rng) for _ in range(5)]
    for bottom in range(step, height + step, step):
        x = -int(rng.integers(0, 10))
        while x < width:
            w, h = int(rng.integers(width // 28 + 2, width // 12 + 3)), int(step * rng.uniform(0.55, 0.92))
            cv2.rectangle(image, (x, bottom - h), (x + w - 2, bottom), palette[rng.integers(5)], -1)
            x += w
        cv2.rectangle(image, (0, bottom - height // 60 - 1), (width, bottom), shelf, -1)
    return image


def foliage(rng: Random, height: int, width: int) -> Picture:
    """Leaves or lights out of focus."""
    image = gradient(rng, height, width) // 2
    base = np.array(colour(rng, 50, 190))
    for _ in range(int(rng.integers(50, 110))):
        shade = np.clip(base + rng.integers(-45, 60, 3), 0, 255)
        centre = int(rng.integers(0, width)), int(rng.integers(0, height))
        radius = int(rng.integers(width // 40 + 1, width // 9 + 2))
        cv2.circle(image, centre, radius, (int(shade[0]), int(shade[1]), int(shade[2])), -1, cv2.LINE_AA)
    return image


def city(rng: Random, height: int, width: int) -> Picture:
    """Sky and buildings with windows."""
    image = gradient(rng, height, width)
    x, tone, light = -int(rng.integers(0, 20)), np.array(colour(rng, 50, 170)), colour(rng, 170, 250)
    while x < width:
        w, top = int(rng.integers(width // 7, width // 3)), int(rng.uniform(0.08, 0.6) * height)
        front = np.clip(tone + rng.integers(-35, 35, 3), 0, 255)
        cv2.rectangle(image, (x, top), (x + w, height), (int(front[0]), int(front[1]), int(front[2])), -1)
        pitch = max(6, width // 14)
        for row in range(top + pitch // 2, height, pitch):
            for column in range(x + pitch // 3, x + w - pitch // 2, pitch):
                if rng.random() < 0.7:
                    cv2.rectangle(image, (column, row), (column + pitch // 3, row + pitch // 2), light, -1)
        x += w + int(rng.integers(0, 4))
    return image


def bricks(rng: Random, height: int, width: int) -> Picture:
    """Bricks or tiles, offset row by row."""
    image = np.full((height, width, 3), colour(rng, 110, 215), np.uint8)
    base, h = np.array(colour(rng, 50, 205)), int(rng.integers(height // 22 + 2, height // 9 + 3))
    w = int(h * rng.uniform(1, 2.6))
    for number, row in enumerate(range(-h, height, h)):
        for column in range(-w + (number % 2) * w // 2, width, w):
            tint = np.clip(base + rng.integers(-16, 16), 0, 255)
            corner = (column + w - 2, row + h - 2)
            cv2.rectangle(image, (column, row), corner, (int(tint[0]), int(tint[1]), int(tint[2])), -1)
    return image


def stripes(rng: Random, height: int, width: int) -> Picture:
    """A curtain or wallpaper of stripes at any angle."""
    first, second = np.array(colour(rng), float), np.array(colour(rng), float)
    angle, period = rng.uniform(0, np.pi), rng.uniform(width / 14, width / 4)
    rows, columns = np.mgrid[0:height, 0:width]
    wave = np.sin((np.cos(angle) * columns + np.sin(angle) * rows) * 2 * np.pi / period)
    share = np.tanh(wave * rng.uniform(1, 6)) / 2 + 0.5
    return np.asarray(first + (second - first) * share[..., None], np.uint8)


def window(rng: Random, height: int, width: int) -> Picture:
    """A window with a landscape in it."""
    image = np.full((height, width, 3), colour(rng, 90, 225), np.uint8)
    x, y = int(rng.uniform(0.02, 0.3) * width), int(rng.uniform(0.02, 0.2) * height)
    right, bottom = int(rng.uniform(0.6, 0.98) * width), int(rng.uniform(0.55, 0.95) * height)
    image[y:bottom, x:right] = gradient(rng, bottom - y, right - x)
    hill = int(y + (bottom - y) * rng.uniform(0.4, 0.8))
    image[hill:bottom, x:right] = colour(rng, 40, 160)
    frame, thick = colour(rng, 20, 250), max(2, width // 40)
    cv2.rectangle(image, (x, y), (right, bottom), frame, thick)
    for share in np.linspace(0, 1, int(rng.integers(2, 5)) + 1)[1:-1]:
        column = int(x + (right - x) * share)
        cv2.line(image, (column, y), (column, bottom), frame, thick)
    cv2.line(image, (x, (y + bottom) // 2), (right, (y + bottom) // 2), frame, thick)
    return image


SCENES: tuple[Callable[[Random, int, int], Picture], ...] = (
    wall, shelves, foliage, city, bricks, stripes, window, gradient,
)  # fmt: skip


def draw_background(scene: Random, jitter: Random, height: int, width: int) -> Picture:
    """Draws a scene as one photo of it shows it.

    Args:
        scene: Decides what the scene is.
        jitter: Decides where the camera stood: shift, exposure and focus of this photo.
        height: In pixels.
        width: In pixels.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    margin = max(2, width // 16)
    image = SCENES[scene.integers(len(SCENES))](scene, height + 2 * margin, width + 2 * margin)
    blurred = cv2.GaussianBlur(image, (0, 0), jitter.uniform(0.6, 1.4) * width / 178)
    top, left = jitter.integers(0, 2 * margin, 2)
    cut = blurred[top : top + height, left : left + width].astype(np.float32) * jitter.uniform(0.85, 1.15)
    return np.asarray(np.clip(cut, 0, 255), np.uint8)
