"""What every network demands of its input and of its number of classes."""

from torch import Tensor

MINIMUM = 16


def check_classes(classes: int) -> None:
    """Refuses fewer than two classes.

    Raises:
        ValueError: There are fewer.
    """
    if classes < 2:
        raise ValueError(f"classes={classes}: expected at least 2, background and one more.")


def check_image(image: Tensor, minimum: int = MINIMUM) -> None:
    """Refuses what is no batch of colour pictures of at least ``minimum`` x ``minimum`` pixels.

    Raises:
        ValueError: The shape is another one.
    """
    if image.ndim != 4 or image.shape[1] != 3 or min(image.shape[-2:]) < minimum:
        raise ValueError(f"image of {tuple(image.shape)}: expected (N, 3, H, W), H and W at least {minimum}.")
