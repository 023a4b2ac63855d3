"""Who lends a background to whom."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bareface.pipeline.partners import UNIT, batches, in_order, partners

CASES = {
    "two of one": [5, 5],
    "few": [0, 0, 0, 1, 1, 2],
    "one with most": [0] * 30 + [1, 1, 2],
    "one photo each": list(range(9)),
    "uneven": np.random.default_rng(0).integers(0, 13, 200).tolist(),
}


@pytest.fixture(params=CASES)
def labels(request: pytest.FixtureRequest) -> NDArray[np.int64]:
    return np.array(CASES[request.param])


def test_every_photo_comes_once_and_partners_come_with_it(labels: NDArray[np.int64]) -> None:
    chosen = partners(labels, seed=3)
    assert sorted(chosen.order) == list(range(len(labels)))
    block = np.empty(len(labels), np.int64)
    block[chosen.order] = np.repeat(np.arange(len(chosen.starts) - 1), np.diff(chosen.starts))
    for partner in (chosen.same, chosen.other):
        given = partner >= 0
        assert (block[partner[given]] == block[given]).all()


def test_partners_are_who_they_should_be(labels: NDArray[np.int64]) -> None:
    chosen, rows = partners(labels, seed=3), np.arange(len(labels))
    alone = np.bincount(labels)[labels] == 1
    assert np.array_equal(chosen.same < 0, alone)
    same, other = rows[chosen.same >= 0], rows[chosen.other >= 0]
    assert (labels[chosen.same[same]] == labels[same]).all() and (chosen.same[same] != same).all()
    assert (labels[chosen.other[other]] != labels[other]).all()
    if np.bincount(labels).max() <= len(labels) / 2:
        assert len(other) == len(labels)


def test_blocks_are_small_however_many_photos_an_identity_has() -> None:
    chosen = partners(np.repeat([0, 1, 2], [500, 300, 7]), seed=0)
    assert np.diff(chosen.starts).max() <= 3 * (2 * UNIT - 1)


def test_no_background_is_lent_to_two_of_one_person() -> None:
    chosen = partners(np.repeat(np.arange(20), 8), seed=0)
    assert sorted(chosen.same) == list(range(160)) and sorted(chosen.other) == list(range(160))


def test_another_seed_gives_other_partners_and_the_same_seed_the_same() -> None:
    labels = np.repeat(np.arange(20), 8)
    first, second, again = partners(labels, 0), partners(labels, 1), partners(labels, 0)
    assert np.array_equal(first.other, again.other) and np.array_equal(first.order, again.order)
    assert (first.other != second.other).mean() > 0.8


def test_the_partner_identity_is_any_other_one() -> None:
    labels, seen = np.repeat(np.arange(6), 4), set()
    for seed in range(60):
        chosen = partners(labels, seed)
        seen |= set(zip(labels.tolist(), labels[chosen.other].tolist(), strict=True))
    assert seen == {(one, two) for one in range(6) for two in range(6) if one != two}


@pytest.mark.parametrize("size", [1, 7, 16, 1000])
def test_batches_are_whole_blocks(size: int) -> None:
    chosen = partners(np.repeat(np.arange(9), 5), seed=0)
    made = batches(chosen, size)
    assert np.array_equal(np.concatenate(made), chosen.order)
    blocks = np.split(chosen.order, chosen.starts[1:-1])
    largest = max(map(len, blocks))
    assert all(len(batch) <= max(size, largest) for batch in made)
    assert set(np.cumsum([len(batch) for batch in made])) <= set(chosen.starts.tolist())


def test_batches_where_no_photo_needs_another_one() -> None:
    assert [rows.tolist() for rows in in_order(5, 2)] == [[0, 1], [2, 3], [4]]
    assert in_order(0, 2) == []
