"""Foregrounds and composites."""

from collections.abc import Sequence

from torch import Tensor


def foreground_classes(foreground: str, classes: Sequence[str]) -> list[int]:
    """The mask classes that a foreground consists of.

    Args:
        foreground: ``face``, ``hair``, ``face+hair``, ``person``, ...: names of classes, joined by ``+``.
        classes: Names of the classes 0, 1, ...

    Returns:
        Their indices.

    Raises:
        ValueError: The classes do not have what is asked for.

    >>> foreground_classes("face+hair", ["background", "face", "hair"])
    [1, 2]
    >>> foreground_classes("face+hair", ["background", "face+hair"])
    [1]
    """
    if foreground in classes[1:]:
        return [list(classes).index(foreground)]
    parts = foreground.split("+")
    if not set(parts) <= set(classes[1:]):
        known = ", ".join(classes[1:])
        raise ValueError(f"foreground={foreground}: expected classes that there are, joined by +: {known}.")
    return [list(classes).index(part) for part in parts]


def compose(image: Tensor, matte: Tensor, behind: Tensor) -> Tensor:
    """The foreground in front of a backdrop: ``matte * image + (1 - matte) * behind``, (N, 3, H, W) float32."""
    return behind + matte * (image - behind)
