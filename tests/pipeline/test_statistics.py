"""Intervals against what is known of them."""

import numpy as np
import pytest

from bareface.pipeline.statistics import paired_interval


def test_no_difference_anywhere_is_an_interval_of_no_width() -> None:
    right, photos = np.array([3, 0, 5, 2]), np.array([5, 4, 5, 6])
    assert paired_interval(right, right, photos) == (0, 0)


def test_the_same_loss_for_every_identity_is_certain() -> None:
    photos = np.full(10, 4)
    assert paired_interval(photos, photos - 1, photos) == (-0.25, -0.25)


def test_width_is_that_of_independent_identities() -> None:
    # 400 identities, each loses everything or nothing with probability 1/2: sd of the mean 0.5 / 20 = 0.025
    rng = np.random.default_rng(0)
    photos = np.full(400, 3)
    second = photos * rng.integers(0, 2, 400)
    low, high = paired_interval(photos, second, photos)
    assert high - low == pytest.approx(2 * 1.96 * 0.025, rel=0.12)
    assert low < (second - photos).sum() / photos.sum() < high


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for study in range(300):
        loss = rng.beta(2, 5, 60)  # an identity's own probability to be lost, mean 2/7
        photos = np.full(60, 5)
        low, high = paired_interval(photos, photos - rng.binomial(photos, loss), photos, draws=1000, seed=study)
        covered += low <= -2 / 7 <= high
    assert 0.90 <= covered / 300 <= 0.98


def test_one_identity_has_no_interval() -> None:
    assert all(np.isnan(paired_interval(np.array([1, 0]), np.array([0, 0]), np.array([2, 0]))))
