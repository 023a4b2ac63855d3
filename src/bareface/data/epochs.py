"""Batches that know which epoch they belong to."""

from typing import Any

from torch.utils.data import DataLoader

from bareface.data.samples import Samples


class EpochLoader(DataLoader[Any]):
    """Counts epochs for its samples, from the one that they begin with: the first is one more than that."""

    def __iter__(self) -> Any:
        if isinstance(self.dataset, Samples):
            self.dataset.begin(self.dataset.epoch + 1)
        return super().__iter__()
