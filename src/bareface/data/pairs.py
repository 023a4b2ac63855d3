"""Pairs of pictures that a verification protocol asks about."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bareface.data.dataset import DataSet


@dataclass(frozen=True)
class Pairs:
    """P pairs, in the order of their list.

    Attributes:
        first: (P,) keys.
        second: (P,) keys.
        mated: (P,) bool, both pictures show the same identity.
        fold: (P,) int64, number of the fold, 0, 1, ...; folds are as listed, never shuffled.
    """

    first: NDArray[np.str_]
    second: NDArray[np.str_]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.mated)


class PairDataSet(DataSet):
    """A data set that comes with a list of pairs."""

    @property
    @abstractmethod
    def pairs(self) -> Pairs:
        """The pairs; every key is in the manifest.

        Raises:
            DataError: The list contradicts its format, or names pictures that are missing.
        """
