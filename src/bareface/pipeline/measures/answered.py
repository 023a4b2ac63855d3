"""What one arm answered: its quantities, how far they scatter, and what they gain over another arm."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, Self

import numpy as np

from bareface.pipeline.results import Change
from bareface.recognition.protocols.intervals import Interval, Spread


class Level(NamedTuple):
    """A quantity of one arm.

    Attributes:
        value: What it is.
        spread: How far it scatters.
        photos: How many it rests on.
        make: Makes an interval of the value and how far it scatters.
    """

    value: float
    spread: Spread
    photos: int
    make: Callable[[float, Spread], Interval | None]


class Answered(Protocol):
    """Some quantities of one arm."""

    def levels(self) -> dict[str, Level]:
        """What each is."""

    def changes(self, first: Self, paired: bool) -> dict[str, Change]:
        """What each gains from another arm on the same photos to this one.

        Args:
            first: The other arm.
            paired: Both arms are of the same recogniser, seed by seed.
        """


def with_seeds(spread: Spread, *values: Sequence[float]) -> Spread:
    """How far a mean over seeds scatters: identities and seeds are both drawn by chance.

    Args:
        spread: How far it scatters with the identities.
        values: The quantity seed by seed; several lists where it is a difference of recognisers with seeds of their
            own. One seed says nothing of how others would differ.
    """
    variance, parts = spread.variance, [(spread.variance, spread.freedom)]
    for each in values:
        if len(each) > 1:
            parts.append((float(np.var(each, ddof=1)) / len(each), len(each) - 1.0))
            variance += parts[-1][0]
    if len(parts) == 1 or not variance > 0:
        return spread
    return spread._replace(variance=variance, freedom=variance**2 / sum(part**2 / free for part, free in parts))
