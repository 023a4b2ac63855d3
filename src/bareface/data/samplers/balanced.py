"""Every identity equally often."""

import numpy as np

from bareface.data.samplers.sampler import IdentitySampler, Rows


class BalancedSampler(IdentitySampler):
    """Draws every identity equally often, however many pictures it has.

    An epoch has as many draws as there are pictures, and an identity one draw more than another at most. Its pictures
    come in a random order, none for the second time before all have come once.

    Args:
        labels: (N,) identity of each picture.
        batch_size: Pictures a batch of one process.
        seed: Of the order.
    """

    def __len__(self) -> int:
        """As many as every process can have."""
        return max(1, len(self.by_identity) // self.num_replicas)

    def order(self, random: np.random.Generator) -> Rows:
        """Each process takes every ``num_replicas``-th draw of one shuffled order."""
        total, identities = len(self) * self.num_replicas, len(self.size)
        count = np.full(identities, total // identities)
        count[random.permutation(identities)[: total % identities]] += 1
        identity = np.repeat(np.arange(identities), count)
        number = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
        rows = self.draws(identity, number, random)[random.permutation(total)]
        return rows[self.rank :: self.num_replicas]
