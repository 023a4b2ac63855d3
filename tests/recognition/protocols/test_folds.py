"""Accuracy over folds."""

import numpy as np
import pytest

from bareface.recognition.protocols.folds import best_threshold, fold_accuracy
from bareface.recognition.protocols.scores import ListedPairs


def listed(scores, mated):
    mated = np.asarray(mated, bool)
    first = 2 * np.arange(len(mated))
    return ListedPairs(np.asarray(scores, np.float32), first, np.where(mated, first, first + 1))


def test_best_thresholds_by_hand():
    mated = np.array([True, True, False, False])
    assert best_threshold(np.array([0.9, 0.5, 0.3, 0.1]), mated) == pytest.approx(0.4)
    # one error at 0.45, at 0.7, at 0.2: the highest of the equally good
    assert best_threshold(np.array([0.8, 0.4, 0.6, 0.1]), mated) == pytest.approx(0.7)
    assert best_threshold(np.array([0.5, 0.6]), np.array([False, False])) == np.inf
    assert best_threshold(np.array([0.5, 0.6]), np.array([True, True])) == -np.inf


def test_equal_scores_are_never_parted():
    assert best_threshold(np.array([0.5, 0.5, 0.5]), np.array([True, True, False])) == -np.inf
    assert best_threshold(np.array([0.5, 0.5]), np.array([True, False])) == np.inf


def test_no_grid_of_thresholds_is_better():
    rng = np.random.default_rng(0)
    mated = rng.random(300) < 0.5
    scores = np.round(rng.normal(mated, 1), 1)
    found = best_threshold(scores, mated)
    best = max(((scores >= step) == mated).mean() for step in np.arange(-5, 6, 0.01))
    assert ((scores >= found) == mated).mean() == best


def test_the_threshold_of_a_fold_is_that_of_the_others():
    # two folds, each separable at another place: each is judged by the other's threshold
    scores = [0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    mated = [1, 1, 0, 0, 1, 1, 0, 0]
    found = fold_accuracy(listed(scores, mated), np.repeat([0, 1], 4))
    np.testing.assert_allclose(found.thresholds, [0.25, 0.7])
    assert found.accuracies.tolist() == [0.5, 0.5]
    assert found.accuracy.value == 0.5 and found.standard_error == 0


def test_mean_and_standard_error_by_hand():
    scores = [0.9, 0.1, 0.9, 0.1, 0.9, 0.8]
    found = fold_accuracy(listed(scores, [1, 0, 1, 0, 1, 0]), np.repeat([0, 1, 2], 2))
    assert found.accuracies.tolist() == [1, 1, 0.5]
    assert found.accuracy.value == pytest.approx(2.5 / 3)
    assert found.standard_error == pytest.approx(np.std([1, 1, 0.5], ddof=1) / np.sqrt(3))
    assert (found.accuracy.mated, found.accuracy.non_mated) == (3, 3)


def test_a_collapsed_embedding_is_at_chance():
    found = fold_accuracy(listed(np.full(40, 0.7), np.arange(40) % 2), np.arange(40) // 4)
    assert found.accuracy.value == 0.5


def test_unknown_identities_have_no_interval():
    found = fold_accuracy(listed(np.linspace(0, 1, 40), np.arange(40) > 19), np.arange(40) % 4, intervals=False)
    assert found.accuracy.interval is None and found.accuracy.note == "identities are not known: no interval"


@pytest.mark.parametrize(
    ("fold", "mated", "message"),
    [
        ([0, 0, 0, 0], [1, 0, 1, 0], "folds: 1 found, expected at least 2"),
        ([0, 0, 3, 3], [1, 0, 1, 0], "folds: no pairs in 1, 2."),
        ([0, 0, 1], [1, 0, 1, 0], "folds: 3 numbers for 4 pairs"),
        ([0, 0, 1, 1], [1, 1, 1, 1], "folds: 4 of 4 pairs are mated: expected both kinds"),
        ([0, 0, 1, 1], [0, 0, 0, 0], "folds: 0 of 4 pairs are mated: expected both kinds"),
    ],
)
def test_refusals(fold, mated, message):
    with pytest.raises(ValueError, match=message):
        fold_accuracy(listed([0.1, 0.2, 0.3, 0.4], mated), np.array(fold))
