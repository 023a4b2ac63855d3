"""What every backbone demands of its input."""

from torch import Tensor

MINIMUM = 16


def check_image(image: Tensor, least: int = MINIMUM) -> None:
    """Refuses what is no batch of colour pictures that are large enough.

    Args:
        image: What came.
        least: Shortest side in pixels.

    Raises:
        ValueError: The shape is another one.
    """
    if image.ndim != 4 or image.shape[1] != 3 or min(image.shape[-2:]) < least:
        raise ValueError(f"image of {tuple(image.shape)}: expected (N, 3, H, W), H and W at least {least}.")


def check_side(image: Tensor, side: int) -> None:
    """Refuses what is no batch of colour pictures of the one size that a backbone was made for.

    Args:
        image: What came.
        side: Height and width in pixels.

    Raises:
        ValueError: The shape is another one.
    """
    if image.ndim != 4 or image.shape[1:] != (3, side, side):
        raise ValueError(f"image of {tuple(image.shape)}: expected (N, 3, {side}, {side}). Use crop={side}.")
