"""Eigenfaces: what a recogniser has to be better than. Principal components of grey pictures; needs numpy alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Eigenfaces:
    """Projects pictures on the directions in which training pictures differ most.

    Args:
        components: How many directions.

    Raises:
        ValueError: There are none.

    Source: Turk, Pentland, Eigenfaces for recognition, Journal of Cognitive Neuroscience 1991.
    """

    def __init__(self, components: int = 60) -> None:
        if components < 1:
            raise ValueError(f"baseline.components={components}: expected at least 1.")
        self.components = components
        self.mean: NDArray[np.float32] = np.zeros(0, np.float32)
        self.directions: NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def check(self, pictures: int, pixels: int) -> None:
        """Refuses to look for more directions than there are.

        Args:
            pictures: How many there are to fit to.
            pixels: How many a picture has.

        Raises:
            ValueError: There are not more pictures than components, or fewer pixels.
        """
        if pictures <= self.components:
            rule = f"{pictures} training pictures have fewer directions"
            raise ValueError(f"baseline.components={self.components}: {rule}. Ask for {max(1, pictures - 1)}.")
        if pixels < self.components:
            rule = f"pictures of {pixels} pixels have fewer directions"
            raise ValueError(f"baseline.components={self.components}: {rule}. Ask for {pixels}, or larger pictures.")

    def fit(self, pictures: NDArray[Any]) -> "Eigenfaces":
        """Finds the directions.

        Args:
            pictures: (N, H, W) grey, all of one size.

        Returns:
            Itself.

        Raises:
            ValueError: As ``check``.
        """
        flat = _flat(pictures)
        self.check(*flat.shape)
        self.mean = flat.mean(0)
        flat = flat - self.mean
        # the N x N matrix has the same values other than 0 as the (H W) x (H W) one, and N is the smaller
        _, vectors = np.linalg.eigh((flat @ flat.T).astype(np.float64))
        directions = flat.T @ vectors[:, : -self.components - 1 : -1].astype(np.float32)
        self.directions = directions / np.maximum(np.linalg.norm(directions, axis=0), np.finfo(np.float32).tiny)
        return self

    def embed(self, pictures: NDArray[Any]) -> NDArray[np.float32]:
        """Embeds pictures.

        Args:
            pictures: (N, H, W) grey, of the size that it was fitted to.

        Returns:
            (N, components) float32, the direction of the largest variance first.

        Raises:
            ValueError: The pictures have another size.
        """
        flat = _flat(pictures)
        if flat.shape[1] != len(self.mean):
            raise ValueError(f"eigenfaces: pictures of {flat.shape[1]} pixels, fitted to {len(self.mean)}.")
        return np.asarray((flat - self.mean) @ self.directions)


def _flat(pictures: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(pictures, np.float32).reshape(len(pictures), -1)
