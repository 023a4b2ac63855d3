"""Quantities that each photo has by itself: right or wrong, loss, how far its embedding moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bareface.pipeline import statistics
from bareface.pipeline.measures.answered import Level
from bareface.pipeline.results import Change

SHARES, POSITIVE = ("kept", "matte_iou"), ("loss",)


@dataclass(frozen=True)
class PhotoAnswers:
    """One arm.

    Args:
        values: (S, P) of each quantity, seed by seed.
        identity: (P,) numbers.
    """

    values: Mapping[str, NDArray[Any]]
    identity: NDArray[np.int64]

    def levels(self) -> dict[str, Level]:
        """Means over photos and seeds."""
        found = {}
        for name, values in self.values.items():
            value, spread = statistics.level(values, self.identity)
            share = values.dtype == np.bool_ or name in SHARES
            make = partial(statistics.interval_of, share=share, positive=name in POSITIVE)
            found[name] = Level(value, spread, values.shape[1], make)
        return found

    def changes(self, first: Self, paired: bool) -> dict[str, Change]:
        """Mean differences, photo by photo."""
        return {
            name: statistics.change(first.values[name], values, self.identity, paired)
            for name, values in self.values.items()
            if name in first.values
        }
