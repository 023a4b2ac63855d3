"""McNemar's test where photos come in identities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr  # type: ignore[import-untyped]

LARGE = 20_000_000
"""Photos that differ, times different sums of an identity, above which the distribution is taken for normal."""


def mcnemar(
    first: NDArray[np.bool_], second: NDArray[np.bool_], identity: NDArray[np.integer[Any]]
) -> tuple[int, int, float]:
    """Photos that the second arm gained and lost, and how likely so uneven a count is if the arms do not differ.

    If they do not, what an identity gained and what it lost could as well be the other way round, all its photos
    together; the p value is the share of all ways to do so that are at least as uneven, counted exactly. Where every
    identity has one photo this is the exact McNemar test. Taking photos for independent rejects far too often: those
    of one person flip together.

    Source: the sum that Obuchowski, On the comparison of correlated proportions for clustered data, Statistics in
    Medicine 1998, and Yang, Sun, Hardin, A note on the tests for clustered matched-pair binary data, Biometrical
    Journal 2010, divide by its deviation under exchange; here its exact distribution (Fisher's randomisation).

    Args:
        first: (P,) whether each photo was right.
        second: (P,) the same photos in the other arm.
        identity: (P,) whose they are, numbers from 0.

    Returns:
        Gained, lost, p; p is 1 where no photo, or no identity on balance, differs.
    """
    gain = second.astype(np.int64) - first.astype(np.int64)
    net = np.bincount(identity, gain).round().astype(np.int64)
    return int((gain > 0).sum()), int((gain < 0).sum()), exchanged(net)


def exchanged(net: NDArray[np.int64]) -> float:
    """Share of all choices of signs whose sum of ``net`` is as far from 0 as this one, to about 1e-12.

    The sum's distribution is had from its characteristic function, a product of cosines; a ``LARGE`` one is normal.

    >>> exchanged(np.array([1, 1, 1, 1, 1, 0]))
    0.0625
    """
    sizes, counts = np.unique(np.abs(net[net != 0]), return_counts=True)
    if len(sizes) == 0:
        return 1.0
    total = int(sizes @ counts)
    far = abs(int(net.sum()))
    if total * len(sizes) > LARGE:
        return float(2 * ndtr(-far / np.sqrt(float((sizes**2) @ counts))))
    points = 1 << (2 * total).bit_length()  # above 2 x total: sums from -total to total do not meet
    angle = 2 * np.pi * np.arange(points // 2 + 1) / points
    product = np.ones(len(angle))
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        product *= np.cos(angle * size) ** count
    chance = np.fft.irfft(product, points)  # of the sums 0, 1, ...; the negative ones mirror them
    least = 2.0 ** (1 - int(counts.sum()))  # all signs alike; rounding must not go below it
    tail = 1.0 if far == 0 else 2 * float(chance[far : total + 1].sum())
    return min(1.0, max(least, tail))
