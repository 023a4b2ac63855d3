"""Which training pictures come when."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import torch
from callbacks.tiny import identity_data, mask_data
from torch.utils.data import Sampler

from bareface.data.samplers.balanced import BalancedSampler
from bareface.data.samplers.pk import PKSampler
from bareface.data.samplers.sampler import IdentitySampler
from bareface.errors import DataError

LABELS = np.array([7] * 10 + [3] * 1 + [5] * 5 + [2] * 8, np.int32)[np.random.default_rng(0).permutation(24)]


def balanced(batch_size: int = 4, seed: int = 0) -> BalancedSampler:
    return BalancedSampler(LABELS, batch_size, seed)


def pk(batch_size: int = 8, seed: int = 0, pictures: int = 4) -> PKSampler:
    return PKSampler(LABELS, batch_size, seed, pictures)


def test_every_identity_equally_often() -> None:
    rows = np.array(list(balanced()))
    assert len(rows) == len(balanced()) == 24
    assert np.unique(LABELS[rows], return_counts=True)[1].tolist() == [6, 6, 6, 6]
    of_seven = rows[LABELS[rows] == 7]
    assert len(set(of_seven.tolist())) == 6, "six of its ten pictures, none twice"
    of_five = rows[LABELS[rows] == 5]
    assert len(set(of_five.tolist())) == 5, "all five before one comes again"


def test_batches_of_several_pictures_of_several_identities() -> None:
    sampler = pk()
    rows = np.array(list(sampler)).reshape(-1, 8)
    assert len(rows) == 3 and len(sampler) == 24
    for batch in rows:
        first, second = LABELS[batch[:4]], LABELS[batch[4:]]
        assert len(set(first)) == len(set(second)) == 1 and first[0] != second[0]
    for four in rows.reshape(-1, 4):
        assert len(set(four.tolist())) == (1 if LABELS[four[0]] == 3 else 4)
    sixteen = np.unique(LABELS[rows.reshape(-1, 4)[:4, 0]], return_counts=True)[1]
    assert sixteen.tolist() == [1, 1, 1, 1], "all identities come before one comes again"


@pytest.mark.parametrize("together", [2, 3, 4, 5])
def test_identities_come_equally_often_where_batches_do_not_divide_them(together: int) -> None:
    labels = np.repeat(np.arange(5), 24)
    rows = np.array(list(PKSampler(labels, 2 * together, 0, pictures=2)))
    batches = labels[rows].reshape(-1, together, 2)[:, :, 0]
    assert all(len(set(batch)) == together for batch in batches.tolist())
    times = np.bincount(batches.reshape(-1), minlength=5)
    assert times.sum() == 60 // together * together and times.max() - times.min() <= 1


@pytest.mark.parametrize("make", [balanced, pk])
def test_another_order_in_each_epoch_and_the_same_for_the_same_seed(make: partial) -> None:
    first, again, other = make(), make(), make(seed=1)
    assert list(first) == list(first) == list(again) != list(other)
    first.set_epoch(1)
    assert list(first) != list(again)
    again.set_epoch(1)
    assert list(first) == list(again)


@pytest.mark.parametrize("make", [balanced, partial(pk, batch_size=8, pictures=2)])
def test_processes_share_one_order(make: partial, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = list(make())
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)
    parts = []
    for rank in range(3):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        sampler = make()
        parts.append(list(sampler))
        assert len(parts[-1]) == len(sampler) == 8
    if isinstance(sampler, BalancedSampler):
        assert [row for rows in zip(*parts, strict=True) for row in rows] == alone
    else:
        assert [row for part in parts for row in part] == alone


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"loader\.batch_size=10: expected a multiple of sampler\.pictures=4, at lea"):
        pk(batch_size=10)
    with pytest.raises(ValueError, match=r"loader\.batch_size=4: expected a multiple of .*=4, at least 8\.$"):
        pk(batch_size=4)
    with pytest.raises(ValueError, match=r"sampler\.pictures=1: expected at least 2\.$"):
        pk(pictures=1)
    message = r"sampler: batches of 5 identities asked for, the training data has 4\. Lower loader\.batch_size to 16, "
    with pytest.raises(DataError, match=message):
        pk(batch_size=20)
    with pytest.raises(DataError, match=r"sampler: no pictures to draw from\. Choose another data\.split\.$"):
        BalancedSampler(np.zeros(0, np.int32), 4, 0)


def loaded(sampler: partial) -> Iterator[list[int]]:
    data = identity_data()
    data.sampler = sampler
    for batch in data.train_dataloader():
        yield batch["label"].tolist()


def test_the_loader_makes_its_batches() -> None:
    batches = list(loaded(partial(PKSampler, pictures=3)))
    assert len(batches) == 3
    assert all(len(set(batch[:3])) == len(set(batch[3:])) == 1 and batch[0] != batch[3] for batch in batches)


def test_the_loader_needs_identities() -> None:
    data = mask_data()
    data.sampler = partial(BalancedSampler)
    with pytest.raises(ValueError, match=r"loader\.sampler: data=Faces has no identities\. Set it to null\.$"):
        data.train_dataloader()


def test_lightning_leaves_it_as_it_is() -> None:
    assert issubclass(IdentitySampler, torch.utils.data.DistributedSampler) and issubclass(IdentitySampler, Sampler)
