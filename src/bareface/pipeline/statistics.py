"""How sure a difference is. numpy in, plain numbers out."""

import numpy as np
from numpy.typing import NDArray


def paired_interval(
    first: NDArray[np.int64], second: NDArray[np.int64], pictures: NDArray[np.int64], draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of ``second`` minus ``first``, both on the same photos, by resampling identities.

    Photos of one identity are not independent, so identities are drawn with replacement, all their photos in both
    conditions together; the interval holds the middle 95 % of the differences.

    Args:
        first: (I,) right answers per identity in one condition.
        second: (I,) in the other.
        pictures: (I,) photos per identity.
        draws: Number of resamples.
        seed: Of the resampling.

    Returns:
        Lower and upper end, as shares in [-1, 1]; NaN where fewer than two identities have photos.
    """
    present = pictures > 0
    first, second, pictures = first[present], second[present], pictures[present]
    if len(pictures) < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    weight = rng.multinomial(len(pictures), np.full(len(pictures), 1 / len(pictures)), draws)
    difference = weight @ (second - first) / (weight @ pictures)
    low, high = np.quantile(difference, [0.025, 0.975])
    return float(low), float(high)
