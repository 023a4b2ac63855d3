"""Photos of drawn people, with exact masks."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bareface.data.synthetic.background import draw_background
from bareface.data.synthetic.face import FACE, HAIR, Portrait, draw_pose
from bareface.data.synthetic.identity import Identity, make_identity

OVER = 3
"""Canvas pixels per picture pixel along a side; odd, so that a picture pixel's centre is the centre of one of them."""
PERSON, POSE, CLOTHES, CHOICE, OWN_SCENE, OTHER_SCENE, CAMERA = range(7)


@dataclass(frozen=True)
class Photo:
    """One photo of one person.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8, what is on top at each pixel's centre: 0 background (neck and clothes too), 1 face (ears,
            beard and glasses too), 2 hair.
        own_background: Whether it shows the person's own background.
        box: x, y, width, height of the face in pixels.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    own_background: bool
    box: tuple[int, int, int, int]


class Renderer:
    """Draws people; a photo is a function of the arguments, the identity and the photo's number alone.

    The person is drawn from other random numbers than what is behind it, so the same photo with another
    ``background_bias`` shows the same face, hair, pose and light.

    Args:
        seed: Another seed, other people.
        height: Of a photo, in pixels.
        width: Of a photo, in pixels.
        background_bias: Probability that a photo shows its person's own background rather than a random one.

    Raises:
        ValueError: A size below 16 pixels, or a bias outside [0, 1].
    """

    def __init__(self, seed: int = 0, height: int = 218, width: int = 178, background_bias: float = 0.0) -> None:
        if not 0 <= background_bias <= 1:
            raise ValueError(f"background_bias={background_bias}: expected a probability, 0 <= bias <= 1.")
        if min(height, width) < 16:
            raise ValueError(f"size {height} x {width}: expected at least 16 pixels a side.")
        self.seed, self.height, self.width, self.background_bias = seed, height, width, background_bias

    def parameters(self) -> dict[str, object]:
        """All that a photo depends on besides its identity and number."""
        return {
            "seed": self.seed,
            "height": self.height,
            "width": self.width,
            "background_bias": self.background_bias,
        }

    def _random(self, stream: int, *numbers: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream, *numbers])

    def person(self, identity: int) -> Identity:
        """What all photos of an identity share."""
        return make_identity(self._random(PERSON, identity))

    def render(self, identity: int, photo: int) -> Photo:
        """Draws one photo."""
        numbers = identity, photo
        own = bool(self._random(CHOICE, *numbers).random() < self.background_bias)
        scene = self._random(OWN_SCENE, identity) if own else self._random(OTHER_SCENE, *numbers)
        camera = self._random(CAMERA, *numbers)
        behind = draw_background(scene, self._random(CAMERA, *numbers, 1), self.height, self.width)
        canvas = np.asarray(cv2.resize(behind, None, fx=OVER, fy=OVER, interpolation=cv2.INTER_LINEAR), np.uint8)
        pose = draw_pose(self._random(POSE, *numbers), self._random(CLOTHES, *numbers), *canvas.shape[:2])
        portrait = Portrait(canvas, self.person(identity), pose)
        portrait.draw()
        image = np.asarray(cv2.resize(canvas, (self.width, self.height), interpolation=cv2.INTER_AREA), np.uint8)
        mask = np.ascontiguousarray(portrait.label[OVER // 2 :: OVER, OVER // 2 :: OVER])
        image = _photograph(image, mask, identity, camera)
        x, y, width, height = cv2.boundingRect((mask == FACE).astype(np.uint8))
        return Photo(image, mask, own, (int(x), int(y), int(width), int(height)))


def _photograph(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], identity: int, camera: np.random.Generator
) -> NDArray[np.uint8]:
    """Light from one side, strands in the hair, colour temperature, focus and noise."""
    height, width = mask.shape
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    angle, strength = camera.uniform(0, 2 * np.pi), camera.uniform(0.05, 0.28)
    light = (1 + strength * (np.cos(angle) * columns + np.sin(angle) * rows)) * camera.uniform(0.82, 1.15)
    strands = np.sin(columns * 80 + 5 * np.sin(rows * 4 + identity)) * 0.06
    light = light + strands.astype(np.float32) * (mask == HAIR)
    tint = (1 + camera.uniform(-0.05, 0.05, 3)).astype(np.float32)
    lit = image * (light[..., None] * tint).astype(np.float32)
    lit = cv2.GaussianBlur(lit, (0, 0), camera.uniform(0.3, 0.7) * max(width / 178, 0.5))
    cv2.setRNGSeed(int(camera.integers(2**31)))
    noise = cv2.randn(np.empty(lit.shape, np.float32), np.zeros(3), np.full(3, camera.uniform(1, 5)))
    return np.asarray(np.clip(lit + noise, 0, 255), np.uint8)
