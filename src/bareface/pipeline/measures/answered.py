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


def of_seeds(values: Sequence[float], alone: Sequence[Spread], together: Spread) -> tuple[float, float]:
    """What seeds add to how far a mean over them scatters with the identities: a variance, and its degrees of freedom.

    How differently seeds take the same identity is in both, and counts once: by it each seed scatters more with the
    identities than their mean does. By chance the variance may be below 0.

    Args:
        values: The quantity, or what it gains, of two seeds or more.
        alone: How far that of each seed scatters with the identities.
        together: How far the mean does.
    """
    seeds = len(values)
    both = (float(np.mean([each.variance for each in alone])) - together.variance) / (seeds - 1)
    return float(np.var(values, ddof=1)) / seeds - both, seeds - 1.0
