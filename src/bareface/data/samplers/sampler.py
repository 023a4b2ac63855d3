"""What every sampler of training pictures is."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import distributed
from torch.utils.data import DistributedSampler

from bareface.errors import DataError

Rows = NDArray[np.int64]


class IdentitySampler(DistributedSampler[Any]):
    """An order of pictures that depends on their identities, another one in each epoch, the same for the same seed.

    Lightning tells the epoch, and leaves a ``DistributedSampler`` as it is: each process takes a share of its own of
    one order.

    Args:
        labels: (N,) identity of each picture.
        batch_size: Pictures a batch of one process.
        seed: Of the order.

    Raises:
        DataError: There are no pictures.
    """

    def __init__(self, labels: NDArray[np.integer[Any]], batch_size: int, seed: int) -> None:
        if len(labels) == 0:
            raise DataError("sampler: no pictures to draw from. Choose another data.split.")
        connected = distributed.is_available() and distributed.is_initialized()
        number, processes = (distributed.get_rank(), distributed.get_world_size()) if connected else (0, 1)
        super().__init__(labels, processes, number, seed=seed)  # type: ignore[arg-type]
        self.batch_size = batch_size
        # Equal labels side by side: those of identity i are by_identity[first[i] : first[i] + size[i]].
        self.by_identity = np.argsort(labels, kind="stable")
        _, self.first, self.size = np.unique(labels[self.by_identity], return_index=True, return_counts=True)

    @abstractmethod
    def __len__(self) -> int:
        """Pictures that one process sees in an epoch."""

    @abstractmethod
    def order(self, random: np.random.Generator) -> Rows:
        """Rows of the pictures that this process sees in an epoch."""

    def __iter__(self) -> Iterator[int]:
        rows = self.order(np.random.default_rng([self.seed, self.epoch]))
        for start in range(0, len(rows), 65536):  # never as many Python numbers as pictures
            yield from rows[start : start + 65536].tolist()

    def draws(self, identity: Rows, number: Rows, random: np.random.Generator) -> Rows:
        """The pictures of these draws.

        Args:
            identity: (M,) positions of identities.
            number: (M,) how many draws of the same identity came before; it begins anew where its pictures are used up.
            random: Shuffles the pictures of each identity.
        """
        # Whole parts keep identities together, fractions shuffle within them.
        shuffled = np.argsort(np.repeat(np.arange(len(self.size)), self.size) + random.random(len(self.by_identity)))
        rows: Rows = self.by_identity[shuffled[self.first[identity] + number % self.size[identity]]]
        return rows
