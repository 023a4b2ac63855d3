"""What is added to both sides of a fraction."""

LEAST = 1e-12
"""Makes 0 / 0 one, and is nothing beside a pixel."""


def check_smooth(smooth: float) -> float:
    """The smoothing, at least ``LEAST``.

    Raises:
        ValueError: It is negative.
    """
    if smooth < 0:
        raise ValueError(f"loss.smooth={smooth}: expected at least 0.")
    return max(smooth, LEAST)
