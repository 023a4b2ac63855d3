"""Closed-set identification: everybody who is looked up is enrolled. CMC and rank-k."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bareface.recognition.protocols.intervals import LEAST, Estimate, Spread, of_outcomes, of_share
from bareface.recognition.protocols.search import Searches


@dataclass(frozen=True)
class Identification:
    """What was measured.

    Attributes:
        cmc: (N,) share of probes whose identity is among the first 1, 2, ..., N.
        estimates: Rank-k with intervals.
    """

    cmc: NDArray[np.float64]
    estimates: tuple[Estimate, ...]


def identify(searches: Searches, ranks: Sequence[int] = (1, 5, 10)) -> Identification:
    """Measures how often the right identity is among the first.

    A rank that is not below the number of enrolled identities is always reached; its value is NaN.

    Args:
        searches: Mated ones.
        ranks: At which the share is wanted with an interval.

    Raises:
        ValueError: A probe is of nobody who is enrolled.
    """
    strangers = np.count_nonzero(~searches.mated)
    if strangers:
        raise ValueError(f"identification: {strangers} of {len(searches)} probes are not enrolled; use open_set.")
    cmc = np.cumsum(np.bincount(searches.rank, minlength=searches.gallery)) / len(searches)
    estimates = []
    for rank in ranks:
        name, size = f"rank_{rank}", searches.gallery
        if not 1 <= rank < size:
            note = f"rank={rank}: expected 1 to {size - 1}, {size} identities are enrolled"
            estimates.append(Estimate(name, float("nan"), None, len(searches), 0, size, note=note))
            continue
        share, spread = of_outcomes(searches.rank < rank, searches.identity)
        estimates.append(share_of(name, share, spread, mated=len(searches), gallery=size))
    return Identification(cmc[: searches.gallery], tuple(estimates))


def share_of(
    name: str,
    share: float,
    spread: Spread,
    mated: int = 0,
    non_mated: int = 0,
    gallery: int = 0,
    threshold: float | None = None,
) -> Estimate:
    """A share of searches with its interval, where there are enough identities for one."""
    enough = spread.identities >= LEAST
    note = "" if enough else f"{spread.identities} identities: an interval needs {LEAST}"
    interval = of_share(share, spread) if enough else None
    return Estimate(name, share, interval, mated, non_mated, gallery, threshold, note)
