import numpy as np


def noise(seed, height, width):
    """A picture of seeded noise: (height, width, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def box(height, width, top, left, bottom, right):
    """White in a rectangle, black around it: (height, width) uint8."""
    mask = np.zeros((height, width), np.uint8)
    mask[top:bottom, left:right] = 255
    return mask
