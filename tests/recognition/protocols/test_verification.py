"""What verification measures, and differences of two arms."""

import numpy as np
import pytest

from bareface.recognition.protocols.intervals import LEAST
from bareface.recognition.protocols.scores import AllPairs, ListedPairs
from bareface.recognition.protocols.verification import differences, verify


def crowd(count=30, photos=4, noise=0.8, seed=0):
    rng = np.random.default_rng(seed)
    identity = np.repeat(np.arange(count), photos)
    return rng.standard_normal((count, 12))[identity] + noise * rng.standard_normal((len(identity), 12)), identity


def named(estimates):
    return {each.quantity: each for each in estimates}


def test_values_are_those_of_the_curve():
    pairs = AllPairs(*crowd())
    found = verify(pairs, [0.1, 0.01], {"val": 0.4})
    by_name, curve = named(found.estimates), found.curve
    assert list(by_name) == ["auc", "eer", "tar_at_far_0.1", "tar_at_far_0.01", "far_at_val", "tar_at_val"]
    assert by_name["auc"].value == curve.auc and by_name["eer"].value == curve.eer
    assert by_name["tar_at_far_0.01"].value == curve.tar_at_far(0.01).tar
    assert by_name["tar_at_far_0.01"].threshold == curve.tar_at_far(0.01).threshold
    assert (by_name["far_at_val"].value, by_name["tar_at_val"].value) == curve.at(0.4)[1:]
    for each in found.estimates:
        assert each.interval.low < each.value < each.interval.high and each.interval.identities == 30
        assert (each.mated, each.non_mated) == (30 * 6, 435 * 16)


def test_a_collapsed_embedding_is_at_chance():
    found = named(verify(AllPairs(np.ones((60, 4)), np.repeat(np.arange(20), 3)), [0.5, 0.01]).estimates)
    assert (found["auc"].value, found["eer"].value) == (0.5, 0.5)
    assert found["tar_at_far_0.5"].value == found["tar_at_far_0.01"].value == 0
    assert found["tar_at_far_0.01"].threshold == np.inf


def test_a_far_that_cannot_be_measured_says_why():
    found = named(verify(AllPairs(*crowd(10, 2)), [0.1, 1e-4]).estimates)
    assert np.isnan(found["tar_at_far_0.0001"].value) and found["tar_at_far_0.0001"].interval is None
    assert found["tar_at_far_0.0001"].note.startswith(
        "FAR=0.0001: 0.0001 of 180 non-mated pairs is less than one of them"
    )
    assert found["tar_at_far_0.1"].note == ""


def test_few_identities_have_no_interval_and_say_how_many_are_needed():
    for each in verify(AllPairs(*crowd(LEAST - 1)), [0.1]).estimates:
        assert each.interval is None and each.note == f"{LEAST - 1} identities: an interval needs {LEAST}"
    assert all(each.interval is None for each in verify(AllPairs(*crowd(2)), [0.1]).estimates)


def test_four_times_as_many_people_have_intervals_half_as_wide():
    def widths(count):
        found = [named(verify(AllPairs(*crowd(count, seed=seed)), [0.01]).estimates) for seed in range(8)]
        return {name: sum(each[name].interval.high - each[name].interval.low for each in found) for name in found[0]}

    few, many = widths(40), widths(160)
    assert {name: few[name] / many[name] for name in few} == pytest.approx(dict.fromkeys(few, 2), rel=0.25)


def test_one_identity_or_no_second_picture():
    vectors, _ = crowd()
    with pytest.raises(ValueError, match="non-mated scores: there are none. Pictures of two identities"):
        verify(AllPairs(vectors, np.zeros(len(vectors))))
    with pytest.raises(ValueError, match="mated scores: there are none. Two pictures of one identity"):
        verify(AllPairs(vectors, np.arange(len(vectors))))


def test_two_arms_that_agree_differ_by_nothing():
    pairs = AllPairs(*crowd())
    for each in differences(pairs, pairs, [0.01]):
        assert (each.value, each.interval.low, each.interval.high) == (0, 0, 0)


def test_a_difference_on_the_same_pairs_is_known_better_than_its_ends():
    vectors, identity = crowd()
    worse = vectors + 0.2 * np.random.default_rng(1).standard_normal(vectors.shape)
    arms = AllPairs(vectors, identity), AllPairs(worse, identity)
    found = named(differences(*arms, [0.01]))
    before, after = (named(verify(arm, [0.01]).estimates) for arm in arms)
    for name, each in found.items():
        assert each.value == after[name].value - before[name].value
        assert each.interval.high - each.interval.low < before[name].interval.high - before[name].interval.low


def test_arms_of_other_pairs_are_refused():
    with pytest.raises(ValueError, match="the two arms have other pairs"):
        differences(AllPairs(*crowd(20)), AllPairs(*crowd(21)), [0.1])
    with pytest.raises(ValueError, match="FAR=1e-06: 1e-06 of 6,960"):
        differences(AllPairs(*crowd()), AllPairs(*crowd()), [1e-6])


def test_listed_pairs_give_what_all_pairs_give():
    vectors, identity = crowd(12, 3)
    every = AllPairs(vectors, identity)
    first, second = np.triu_indices(len(identity), 1)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    listed = ListedPairs((unit[first] * unit[second]).sum(1).astype(np.float32), identity[first], identity[second])
    for one, other in zip(verify(every, [0.1]).estimates, verify(listed, [0.1]).estimates, strict=True):
        assert one.value == pytest.approx(other.value)
        assert (one.interval.low, one.interval.high) == pytest.approx(
            (other.interval.low, other.interval.high), abs=1e-5
        )
