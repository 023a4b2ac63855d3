"""Batches of several pictures of several identities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bareface.data.samplers.sampler import IdentitySampler, Rows
from bareface.errors import DataError


class PKSampler(IdentitySampler):
    """Batches of ``batch_size / pictures`` different identities with ``pictures`` pictures each.

    An epoch has as many batches as the pictures fill, at least one a process. Identities come equally often on average:
    a round of all of them leaves out, at random, those that do not fill a batch. The pictures of each come in a random
    order, and those of one that has too few for a batch come again in it.

    Args:
        labels: (N,) identity of each picture.
        batch_size: Pictures a batch of one process.
        seed: Of the order.
        pictures: Of each identity in a batch; the K of PK, 2 or more.

    Raises:
        ValueError: The batch size is not a multiple of ``pictures``, or too small for two identities.
        DataError: There are fewer identities than a batch has.
    """

    def __init__(self, labels: NDArray[np.integer[Any]], batch_size: int, seed: int, pictures: int) -> None:
        super().__init__(labels, batch_size, seed)
        if pictures < 2:
            raise ValueError(f"sampler.pictures={pictures}: expected at least 2.")
        if batch_size % pictures or batch_size < 2 * pictures:
            rule = f"expected a multiple of sampler.pictures={pictures}, at least {2 * pictures}"
            raise ValueError(f"loader.batch_size={batch_size}: {rule}.")
        self.pictures, self.identities = pictures, batch_size // pictures
        if len(self.size) < self.identities:
            asked = f"batches of {self.identities} identities"
            remedy = f"Lower loader.batch_size to {len(self.size) * pictures}, or raise sampler.pictures"
            raise DataError(f"sampler: {asked} asked for, the training data has {len(self.size)}. {remedy}.")

    @property
    def batches(self) -> int:
        """Of one process in an epoch."""
        return max(1, len(self.by_identity) // (self.batch_size * self.num_replicas))

    def __len__(self) -> int:
        """Whole batches."""
        return self.batches * self.batch_size

    def order(self, random: np.random.Generator) -> Rows:
        """Each process takes every ``num_replicas``-th batch."""
        total = self.batches * self.num_replicas
        of_a_round = len(self.size) // self.identities  # batches without a repeated identity
        rounds = np.tile(np.arange(len(self.size)), (-(-total // of_a_round), 1))
        drawn = random.permuted(rounds, axis=1)[:, : of_a_round * self.identities].reshape(-1)
        identity = drawn[: total * self.identities]
        order = np.argsort(identity, kind="stable")
        starts = np.searchsorted(identity[order], identity[order])
        turn = np.empty_like(order)  # how often the identity came before
        turn[order] = np.arange(len(order)) - starts
        number = turn[:, None] * self.pictures + np.arange(self.pictures)
        rows = self.draws(np.repeat(identity, self.pictures), number.reshape(-1), random)
        return rows.reshape(total, self.batch_size)[self.rank :: self.num_replicas].reshape(-1)
