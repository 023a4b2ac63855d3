"""Looking probes up, closed-set and open-set, and who is enrolled."""

import numpy as np
import pytest

from bareface.recognition.protocols import open_set as open_sets
from bareface.recognition.protocols import partition
from bareface.recognition.protocols import search as module
from bareface.recognition.protocols.identification import identify
from bareface.recognition.protocols.open_set import open_set, open_set_curve
from bareface.recognition.protocols.search import each_left_out, search

ANGLES = np.deg2rad([0, 40, 90])
GALLERY = np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1)


def at(*degrees):
    return np.stack([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))], 1)


def named(estimates):
    return {each.quantity: each for each in estimates}


def crowd(count, photos=4, noise=0.7, seed=0):
    rng = np.random.default_rng(seed)
    identity = np.repeat(np.arange(count), photos)
    return rng.standard_normal((count, 10))[identity] + noise * rng.standard_normal((len(identity), 10)), identity


def split(count, enrolled, **options):
    vectors, identity = crowd(count, **options)
    known = (np.arange(len(identity)) % 4 == 0) & (identity < enrolled)
    return search(vectors[~known], identity[~known], vectors[known], identity[known])


def test_searches_by_hand():
    found = search(at(5, 30, 80, 60), ["a", "a", "b", "stranger"], GALLERY, ["a", "b", "c"], depth=5)
    assert found.gallery == 3 and found.mated.tolist() == [True, True, True, False]
    np.testing.assert_allclose(found.own[:3], np.cos(np.deg2rad([5, 30, 40])), atol=1e-6)
    assert found.own[3] == -np.inf
    assert found.rank.tolist() == [0, 1, 1, 3]  # 30 is nearer to b at 40, 80 nearer to c at 90
    assert found.rival[:, 0].tolist() == [1, 1, 2, 1]  # the stranger at 60 looks most like b, 20 away
    np.testing.assert_allclose(found.rival_score[:, 0], np.cos(np.deg2rad([35, 10, 10, 20])), atol=1e-6)
    assert found.rival.shape == (4, 2)


@pytest.mark.parametrize("block", [1, 50, 10_000])
def test_blocks_do_not_matter_and_the_best_picture_of_an_identity_counts(block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    vectors, identity = crowd(8)
    gallery = np.arange(len(identity)) % 4 < 2
    found = search(vectors[~gallery], identity[~gallery], vectors[gallery][::-1], identity[gallery][::-1], depth=3)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = (unit[~gallery] @ unit[gallery].T).reshape(16, 8, 2).max(2)
    own = scores[np.arange(16), identity[~gallery]]
    np.testing.assert_allclose(found.own, own, atol=1e-6)
    assert found.rank.tolist() == ((scores > own[:, None]).sum(1)).tolist()
    scores[np.arange(16), identity[~gallery]] = -2
    np.testing.assert_array_equal(found.rival, np.argsort(-scores, 1)[:, :3])


def test_cmc_by_hand():
    found = identify(search(at(5, 30, 80, 89), ["a", "a", "b", "a"], GALLERY, ["a", "b", "c"]), ranks=[1, 2, 3])
    assert found.cmc.tolist() == [0.25, 0.75, 1]  # 89 degrees from a: b and c are nearer
    by_name = named(found.estimates)
    assert by_name["rank_1"].value == 0.25 and by_name["rank_2"].value == 0.75
    assert np.isnan(by_name["rank_3"].value)
    assert by_name["rank_3"].note == "rank=3: expected 1 to 2, 3 identities are enrolled"
    assert (by_name["rank_1"].mated, by_name["rank_1"].gallery) == (4, 3)
    assert by_name["rank_1"].note == "2 identities: an interval needs 10"


def test_a_collapsed_embedding_finds_nobody():
    found = search(np.ones((40, 3)), np.repeat(np.arange(20), 2), np.ones((20, 3)), np.arange(20))
    rank_1, rank_5 = identify(found, [1, 5]).estimates
    assert rank_1.value == rank_5.value == 0
    assert identify(found, []).cmc.tolist() == [0] * 19 + [1]


def test_rank_1_has_an_interval_around_it():
    (rank_1,) = identify(split(40, 40), [1]).estimates
    assert rank_1.interval.low < rank_1.value < rank_1.interval.high and rank_1.interval.identities == 40


def test_open_set_by_hand():
    probes = at(0, 10, 45, 30, 60, 200)
    found = search(probes, ["a", "a", "b", "a", "x", "y"], GALLERY, ["a", "b", "c"])
    # mated and right: 1, cos 10, cos 5; wrong: the fourth. Strangers score cos 20 and cos 110 (c, 200 - 90)
    by_name = named(open_set(found, [0.5, 0.2], thresholds={"val": 0.99}).estimates)
    assert by_name["tpir_at_fpir_0.5"].value == 0.75 and by_name["fnir_at_fpir_0.5"].value == 0.25
    assert by_name["tpir_at_fpir_0.5"].threshold == pytest.approx(np.cos(np.deg2rad(20)))
    assert np.isnan(by_name["tpir_at_fpir_0.2"].value)
    assert by_name["tpir_at_fpir_0.2"].note.startswith("FPIR=0.2: 0.2 of 2 non-mated probes is less than one of them")
    assert by_name["tpir_at_val"].value == 0.5 and by_name["fnir_at_val"].value == 0.5
    assert by_name["fpir_at_val"].value == 0
    counts = by_name["tpir_at_fpir_0.5"]
    assert (counts.mated, counts.non_mated, counts.gallery) == (4, 2, 3)


def test_a_second_candidate_is_looked_at_when_asked():
    found = search(at(30, 60), ["a", "x"], GALLERY, ["a", "b", "c"])
    assert named(open_set(found, [1]).estimates)["tpir_at_fpir_1"].value == 1  # everything is accepted there
    thresholds = {"low": 0.5}
    first, second = (named(open_set(found, [], rank, thresholds).estimates)["tpir_at_low"].value for rank in (1, 2))
    assert (first, second) == (0, 1)


def test_a_collapsed_embedding_cannot_tell_strangers():
    found = search(np.ones((60, 3)), np.repeat(np.arange(30), 2), np.ones((15, 3)), np.arange(15))
    assert named(open_set(found, [0.1]).estimates)["tpir_at_fpir_0.1"].value == 0


def test_open_set_intervals_rest_on_both_groups():
    found = split(60, 30)
    each = named(open_set(found, [0.1], thresholds={"val": 0.8}).estimates)
    tpir, fnir = each["tpir_at_fpir_0.1"], each["fnir_at_fpir_0.1"]
    assert tpir.interval.identities == 60 and each["fpir_at_val"].interval.identities == 30
    assert tpir.interval.low < tpir.value < tpir.interval.high
    assert (1 - tpir.interval.high, 1 - tpir.interval.low) == pytest.approx((fnir.interval.low, fnir.interval.high))
    fixed = named(open_set(found, [], thresholds={"val": tpir.threshold}).estimates)["tpir_at_val"]
    assert fixed.value == tpir.value
    assert tpir.interval.high - tpir.interval.low > fixed.interval.high - fixed.interval.low
    few = named(open_set(split(25, 20), [0.1]).estimates)["tpir_at_fpir_0.1"]
    assert few.interval is None and few.note == "5 identities: an interval needs 10"
    assert open_sets.open_set_curve(found).at(tpir.threshold).tar == tpir.value


def test_each_identity_in_turn_is_a_stranger():
    found = each_left_out(search(at(0, 10, 45, 30), ["a", "a", "b", "a"], GALLERY, ["a", "b", "c"]))
    assert found.mated.tolist() == [True] * 4 + [False] * 4 and found.gallery == 3
    closed = search(at(0, 10, 45, 30), ["a", "a", "b", "a"], GALLERY, ["a", "b", "c"])
    np.testing.assert_array_equal(found.rival_score[4:], closed.rival_score)
    by_name = named(open_set(found, [0.5], thresholds={"val": 0.9}).estimates)
    assert by_name["fpir_at_val"].value == np.mean(closed.rival_score[:, 0] >= 0.9)
    assert by_name["tpir_at_val"].value == np.mean((closed.own >= 0.9) & (closed.rank < 1))
    assert (by_name["tpir_at_fpir_0.5"].mated, by_name["tpir_at_fpir_0.5"].non_mated) == (4, 4)


def test_an_interval_of_few_identities_that_are_all_strangers_in_turn():
    tpir = named(open_set(each_left_out(split(12, 12)), [0.2]).estimates)["tpir_at_fpir_0.2"]
    assert tpir.interval.identities == 12 and tpir.interval.low < tpir.value < tpir.interval.high
    assert np.isnan(named(open_set(each_left_out(split(12, 12)), [0.01]).estimates)["tpir_at_fpir_0.01"].value)


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: each_left_out(split(6, 3)), "each_left_out: expected searches of enrolled identities alone"),
        (lambda: search(at(5), ["a"], GALLERY[:1], ["a"]), "gallery: 1 identities enrolled, expected at least 2"),
        (lambda: search(np.zeros((0, 2)), [], GALLERY, [1, 2, 3]), "probes: there are none. Whoever is looked up"),
        (lambda: search(at(5, 6), [1], GALLERY, [1, 2, 3]), "expected one identity for every embedding"),
        (lambda: search([[np.nan, 1]], [1], GALLERY, [1, 2, 3]), "embeddings: 1 of 1"),
        (lambda: identify(split(6, 3)), "identification: 12 of 21 probes are not enrolled; use open_set"),
        (lambda: open_set(split(6, 6), [0.1]), "open set: 18 of 18 probes are enrolled: expected some and not all"),
        (lambda: open_set_curve(search(at(5), ["x"], GALLERY, [1, 2, 3])), "open set: 0 of 1 probes are enrolled"),
        (lambda: open_set(split(6, 3), [0.5], rank=0), "rank=0: expected at least 1"),
    ],
)
def test_refusals(work, message):
    with pytest.raises(ValueError, match=message):
        work()


def test_the_first_pictures_of_each_are_enrolled():
    names = ["a", "b", "a", "a", "b", "c"]
    parts = partition.closed_set(names, 1)
    assert parts.gallery.tolist() == [0, 1, 5] and parts.probes.tolist() == [2, 3, 4]
    parts = partition.closed_set(names, 2)
    assert parts.gallery.tolist() == [0, 1, 2, 4, 5] and parts.probes.tolist() == [3]


def test_strangers_are_drawn_by_the_seed_and_not_enrolled():
    names = np.repeat([f"p{number}" for number in range(10)], 3)
    parts = [partition.open_set(names, 1, 0.5, seed) for seed in (0, 0, 1)]
    assert parts[0].gallery.tolist() == parts[1].gallery.tolist() != parts[2].gallery.tolist()
    assert len(parts[0].gallery) == 5 and len(parts[0].probes) == 25
    assert len(set(names[parts[0].probes]) - set(names[parts[0].gallery])) == 5
    assert len(partition.open_set(names, 1, 0.01, 0).gallery) == 9, "one stranger at least"


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (
            lambda: partition.closed_set(["a", "b", "c"], 1),
            "no enrolled identity has more than 1 pictures, 1 of each go",
        ),
        (lambda: partition.closed_set(["a", "a"], 1), "1 identities, 0 of them not enrolled: expected at least 2"),
        (lambda: partition.closed_set(["a", "a", "b"], 0), "gallery_pictures=0: expected at least 1"),
        (lambda: partition.open_set(["a", "a", "b", "b"], 1, 0.5, 0), "2 identities, 1 of them not enrolled"),
        (lambda: partition.open_set(["a", "b"], 1, 1.0, 0), "strangers=1: expected 0 < strangers < 1"),
    ],
)
def test_partitions_that_cannot_be(work, message):
    with pytest.raises(ValueError, match=message):
        work()
