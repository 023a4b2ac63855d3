"""Which photos are compared with one another."""

import numpy as np
import pytest

from bareface.pipeline.lot import verification_lot


def test_all_of_a_small_study():
    assert verification_lot(np.array([0, 0, 1]), 4, 0).tolist() == [0, 1, 2]


def test_people_share_evenly():
    labels = np.repeat([0, 1, 2, 3], [1, 2, 10, 7])
    rows = verification_lot(labels, 12, 0)
    assert np.bincount(labels[rows]).tolist() == [1, 2, 4, 4] and rows.tolist() == sorted(rows)  # 13 with five of each
    assert verification_lot(labels, 12, 0).tolist() == rows.tolist() != verification_lot(labels, 12, 1).tolist()


def test_people_are_drawn_where_there_are_very_many():
    labels = np.repeat(np.arange(50), 3)
    rows = verification_lot(labels, 21, 0)
    assert sorted(np.bincount(labels[rows], minlength=50))[-11:] == [0, *[2] * 10]


def test_two_people_with_two_photos_are_the_least():
    with pytest.raises(ValueError, match="verification_photos=3: expected at least 4"):
        verification_lot(np.array([0, 1]), 3, 0)
