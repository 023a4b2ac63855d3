"""What makes one drawn person differ from another."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SKINS = np.array(
    [[255, 224, 198], [246, 205, 170], [229, 184, 143], [208, 157, 115], [176, 124, 84], [139, 93, 62], [101, 67, 46]],
    float,
)
HAIRS = np.array(
    [
        [26, 22, 22],
        [58, 38, 28],
        [96, 60, 36],
        [142, 92, 50],
        [196, 150, 84],
        [228, 200, 138],
        [168, 72, 34],
        [172, 172, 176],
    ],
    float,
)
IRISES = np.array([[70, 44, 26], [104, 70, 36], [84, 108, 62], [70, 114, 158], [104, 120, 132]], float)

Length = Literal["bald", "short", "medium", "long"]
Fringe = Literal["none", "straight", "left", "right"]
LENGTHS: tuple[Length, ...] = ("bald", "short", "medium", "long")
FRINGES: tuple[Fringe, ...] = ("none", "straight", "left", "right")


@dataclass(frozen=True)
class Identity:
    """All that is the same in every photo of a person.

    Lengths are in units of half the width of the face at the cheeks; y points down, 0 is at the eyes. Colours are RGB.
    """

    skin: NDArray[np.float64]
    forehead: float
    jaw: float
    chin: float
    chin_width: float
    crown: float
    ears: float
    iris: NDArray[np.float64]
    eye_distance: float
    eye_size: float
    eye_tilt: float
    brow_thickness: float
    brow_height: float
    brow_tilt: float
    nose_length: float
    nose_width: float
    mouth_width: float
    mouth_height: float
    lip: float
    lip_colour: NDArray[np.float64]
    hair: NDArray[np.float64]
    length: Length
    fringe: Fringe
    hairline: float
    volume: float
    curl: float
    curl_count: int
    beard: float
    moustache: bool
    glasses: NDArray[np.float64] | None
    glasses_round: bool
    freckles: int


def make_identity(rng: np.random.Generator) -> Identity:
    """Draws a person's lot."""

    def between(table: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
        position = rng.uniform(0, len(table) - 1)
        low = int(position)
        mixed = table[low] + (table[min(low + 1, len(table) - 1)] - table[low]) * (position - low)
        return np.asarray(np.clip(mixed + rng.uniform(-spread, spread, 3), 8, 255))

    skin = between(SKINS, 5)
    length = LENGTHS[rng.choice(4, p=[0.08, 0.36, 0.24, 0.32])]
    bearded = length in ("bald", "short") and rng.random() < 0.45
    return Identity(
        skin=skin,
        forehead=rng.uniform(0.8, 0.98),
        jaw=rng.uniform(0.68, 0.96),
        chin=rng.uniform(1.22, 1.62),
        chin_width=rng.uniform(0.22, 0.5),
        crown=rng.uniform(1.0, 1.25),
        ears=rng.uniform(0.1, 0.2),
        iris=IRISES[rng.integers(len(IRISES))] + rng.uniform(-10, 10, 3),
        eye_distance=rng.uniform(0.37, 0.5),
        eye_size=rng.uniform(0.15, 0.225),
        eye_tilt=rng.uniform(-0.16, 0.16),
        brow_thickness=rng.uniform(0.035, 0.11),
        brow_height=rng.uniform(0.24, 0.38),
        brow_tilt=rng.uniform(-0.18, 0.18),
        nose_length=rng.uniform(0.42, 0.66),
        nose_width=rng.uniform(0.13, 0.27),
        mouth_width=rng.uniform(0.26, 0.46),
        mouth_height=rng.uniform(0.22, 0.34),
        lip=rng.uniform(0.05, 0.12),
        lip_colour=np.clip(skin * [0.86, 0.58, 0.58] + rng.uniform(-14, 26, 3) * [1, 0.5, 0.6], 20, 255),
        hair=HAIRS[rng.integers(len(HAIRS))] + rng.uniform(-8, 8, 3),
        length=length,
        fringe=FRINGES[rng.integers(len(FRINGES))],
        hairline=rng.uniform(0.62, 0.86),
        volume=rng.uniform(0.1, 0.34),
        curl=float(rng.choice([0.0, 0.0, 0.03, 0.07])),
        curl_count=int(rng.integers(9, 17)),
        beard=rng.uniform(0.35, 0.9) if bearded else 0.0,
        moustache=bool(bearded or (length == "short" and rng.random() < 0.1)),
        glasses=rng.uniform(15, 120, 3) if rng.random() < 0.22 else None,
        glasses_round=bool(rng.random() < 0.5),
        freckles=int(rng.integers(12, 30)) if rng.random() < 0.18 else 0,
    )
