"""Similarities of pairs, listed and all of them."""

import numpy as np
import pytest

from bareface.recognition.protocols import scores as module
from bareface.recognition.protocols.scores import AllPairs, ListedPairs, normalised, pair_scores


def test_cosines_by_hand():
    vectors = [[3, 0], [0, 2], [1, 1], [0, 0]]
    found = pair_scores(vectors, np.array([0, 0, 2, 3]), np.array([1, 2, 2, 0]))
    np.testing.assert_allclose(found, [0, np.sqrt(0.5), 1, 0], atol=1e-6)


@pytest.mark.parametrize("block", [1, 7, 40, 10_000])
def test_all_pairs_are_those_of_two_loops(block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    rng = np.random.default_rng(0)
    identities = np.array(["b", "a", "c", "a", "b", "b", "d"])
    vectors = rng.standard_normal((7, 3))
    unit = normalised(vectors)
    _, number = np.unique(identities, return_inverse=True)
    mated, other = [], []
    for one in range(7):
        for two in range(one):
            pair = (*sorted((int(number[one]), int(number[two]))), round(float(unit[one] @ unit[two]), 4))
            (mated if number[one] == number[two] else other).append(pair)
    pairs = AllPairs(vectors, identities)
    assert pairs.count == 4
    values, identity = pairs.mated
    found = [(int(i), int(i), round(float(v), 4)) for v, i in zip(values, identity, strict=True)]
    assert sorted(found) == sorted(mated) and len(mated) == 4
    blocks = list(pairs.blocks())
    found = [(int(a), int(b), round(float(v), 4)) for each in blocks for v, a, b in zip(*each, strict=True)]
    assert sorted(found) == sorted(other) and len(other) == 17
    np.testing.assert_array_equal(pairs.non_mated(), np.concatenate([each.scores for each in blocks]))
    together = [{(int(a), int(b)) for a, b in zip(each.first, each.second, strict=True)} for each in blocks]
    assert sum(map(len, together)) == len(set.union(*together)), "a pair of identities is in two blocks"


@pytest.mark.parametrize("block", [1, 10_000])
def test_the_first_picture_of_a_pair_may_look_otherwise(block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    references, shown = [[1, 0], [0, 1], [1, 1]], [[0, 1], [1, 1], [1, 0]]
    pairs = AllPairs(shown, ["b", "b", "a"], references)
    # a comes first: its reference (1, 1) against the shown (0, 1) and (1, 1) of b
    np.testing.assert_allclose(sorted(pairs.non_mated()), [np.sqrt(0.5), 1], atol=1e-6)
    np.testing.assert_allclose(pairs.mated[0], [np.sqrt(0.5)], atol=1e-6)  # (1, 0) against (1, 1)
    with pytest.raises(ValueError, match=r"references of shape \(1, 2\): expected \(3, 2\)"):
        AllPairs(shown, ["b", "b", "a"], [[1, 0]])


def test_listed_pairs_are_divided_by_identity():
    pairs = ListedPairs(np.array([0.1, 0.9, 0.3], np.float32), np.array([0, 1, 2]), np.array([1, 1, 0]))
    assert pairs.count == 3
    assert pairs.mated[0].tolist() == [np.float32(0.9)] and pairs.mated[1].tolist() == [1]
    (block,) = pairs.blocks()
    assert block.first.tolist() == [0, 2] and block.second.tolist() == [1, 0]
    assert pairs.non_mated().tolist() == block.scores.tolist()


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: AllPairs([[1.0, np.nan], [0, 1]], [0, 1]), "embeddings: 1 of 2, the first in row 0, hold values"),
        (lambda: AllPairs([[1.0], [2.0]], [0]), "2 embeddings and 1 identities"),
        (lambda: normalised([1.0, 2.0]), r"embeddings of shape \(2,\)"),
        (
            lambda: ListedPairs(np.array([np.nan], np.float32), np.zeros(1, int), np.zeros(1, int)),
            "1 of 1 scores are not",
        ),
        (
            lambda: ListedPairs(np.ones((1, 1), np.float32), np.zeros(1, int), np.zeros(1, int)),
            "expected one score a pair",
        ),
    ],
)
def test_refusals(work, message):
    with pytest.raises(ValueError, match=message):
        work()
