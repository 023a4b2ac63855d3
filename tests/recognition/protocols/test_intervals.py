"""Variances worked out by hand, intervals that are known, and how often intervals hold the truth."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, t

from bareface.recognition.protocols.intervals import (
    LEAST,
    Pulls,
    Spread,
    of_difference,
    of_outcomes,
    of_share,
    of_skewed_share,
    student,
)
from bareface.recognition.protocols.scores import AllPairs, ListedPairs
from bareface.recognition.protocols.verification import differences, verify

STUDIES, IDENTITIES = 100, 60


@pytest.fixture(scope="module")
def simulation():
    spec = importlib.util.spec_from_file_location("coverage", Path(__file__).parents[3] / "benchmarks/coverage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def truth(simulation):
    return simulation.truths(IDENTITIES, pairs=300_000, studies=200)


@pytest.fixture(scope="module")
def held(simulation, truth):
    rows = simulation.coverage(IDENTITIES, STUDIES, *truth)
    return {row["quantity"]: float(row["held, %"]) / 100 for row in rows}


def test_pulls_of_one_identity_each_are_the_variance_of_a_mean_and_a_little_more():
    values = np.array([1.0, 0, 0, 1, 1, 0, 1, 1])
    pulls = Pulls(8)
    pulls.add((values - values.mean()) / 8, np.arange(8))
    assert pulls.spread().variance == pytest.approx(values.var(ddof=1) / 8 * 8 / 7)  # HC3: n / (n - 1) more
    assert pulls.spread().identities == 8


def test_pulls_of_two_identities_by_hand():
    pulls = Pulls(3)
    pulls.add_shared(np.array([0.3, -0.1, -0.2, 0.0]), np.array([0, 0, 1, 2]), np.array([1, 2, 2, 1]))
    # identities hold 2, 3 and 3 of 4 pairs; sums 0.2, 0.1, -0.3
    each = np.array([0.2 / 0.5, 0.1 / 0.25, -0.3 / 0.25])
    twice = 0.3**2 + 0.1**2 + (-0.2 + 0.0) ** 2
    assert pulls.spread().variance == pytest.approx((each**2).sum() - twice)


def test_pairs_that_share_nobody_are_independent():
    rng = np.random.default_rng(0)
    values = rng.standard_normal(4000)
    pulls = Pulls(8000)
    pulls.add_shared((values - values.mean()) / 4000, np.arange(4000), np.arange(4000, 8000))
    assert pulls.spread().variance == pytest.approx(values.var() / 4000, rel=2e-3)


def test_a_quantity_rests_on_the_kind_of_pairs_that_fewer_identities_have():
    rng = np.random.default_rng(0)
    embeddings, identity = (
        rng.standard_normal((140, 8)),
        np.concatenate([np.repeat(np.arange(12), 5), 12 + np.arange(80)]),
    )
    by_name = {each.quantity: each for each in verify(AllPairs(embeddings, identity), [0.1], {"fixed": 0.0}).estimates}
    rests_on = {name: each.interval.identities for name, each in by_name.items()}
    assert rests_on == {"auc": 12, "eer": 12, "tar_at_far_0.1": 12, "tar_at_fixed": 12, "far_at_fixed": 92}


def test_what_one_identity_holds_alone_has_no_interval():
    rng = np.random.default_rng(0)
    first, second = np.zeros(60, np.int64), np.arange(60, dtype=np.int64)
    first[:30] = second[:30]  # mated pairs of 30 people, and non-mated ones of 0 with 30 others
    pairs = ListedPairs(rng.standard_normal(60).astype(np.float32), first, second)
    estimates = [*verify(pairs, [0.1], {"fixed": 0.0}).estimates, *differences(pairs, pairs, [0.1])]
    by_name = {each.quantity: each for each in estimates}
    assert by_name["tar_at_fixed"].interval is not None
    for name in ("auc", "eer", "far_at_fixed", "tar_at_far_0.1"):
        assert by_name[name].interval is None and "an interval needs 10" in by_name[name].note, name


def test_blocks_give_what_all_at_once_gives():
    rng = np.random.default_rng(0)
    first, second = np.triu_indices(12, 1)
    values = rng.standard_normal(len(first))
    once, parts = Pulls(12), Pulls(12)
    once.add_shared(values, first, second)
    for start in range(11):
        mine = first == start
        parts.add_shared(values[mine], second[mine], first[mine])
    assert parts.spread() == pytest.approx(once.spread())


@pytest.mark.parametrize("freedom", [3, 5, 9, 24, 59, 1000])
def test_quantiles_of_student(freedom):
    assert student(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=2e-3)


def test_independent_trials_have_wilsons_interval():
    hits = np.repeat([True, False], [930, 70])
    share, spread = of_outcomes(hits, np.arange(1000))
    wilson = binomtest(930, 1000).proportion_ci(method="wilson")
    found = of_share(share, spread)
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=3e-4)


def test_pictures_of_one_identity_that_agree_count_once():
    hits = np.repeat(np.arange(40) % 4 > 0, 25)
    share, spread = of_outcomes(hits, np.repeat(np.arange(40), 25))
    single, few = of_outcomes(hits[::25], np.arange(40))
    assert share == single and spread == pytest.approx(few)


def test_nothing_but_right_answers_leave_room_for_wrong_ones():
    share, spread = of_outcomes(np.ones(200), np.repeat(np.arange(20), 10))
    found = of_share(share, spread)
    assert found.high == 1 and found.low == pytest.approx(20 / (20 + student(19) ** 2))


def test_the_end_towards_which_few_identities_pull_is_longer():
    """Wilson's for 100 trials at t = 2.262 is 0.1252 to 0.3041; 0.3 (2 x 5.117 + 1) / 6 = 0.5617 comes to t, so the
    distance is 1.2483 times as long."""
    plain, up, down = Spread(0.0016, 9, 10), Spread(0.0016, 9, 10, 0.3), Spread(0.0016, 9, 10, -0.3)
    ends = [(found.low, found.high) for found in (of_skewed_share(0.2, plain), of_share(0.2, up))]
    assert ends == [pytest.approx((0.1252, 0.3041), abs=1e-4)] * 2
    assert of_skewed_share(0.2, up).low == of_share(0.2, up).low
    assert of_skewed_share(0.2, up).high == pytest.approx(0.2 + 0.10405 * 1.2483, abs=3e-4)
    assert of_skewed_share(0.8, down).low == pytest.approx(0.8 - 0.10405 * 1.2483, abs=3e-4)
    assert of_skewed_share(0.9, Spread(0.02, 9, 10, 1.0)).high == 1


def test_one_who_pulls_far_makes_it_skew():
    """Pulls 3, -1, -1, -1: their cubes add to 24, their squares to 12, all times 4 / 3 for the share held."""
    pulls = Pulls(4)
    pulls.add(np.array([3.0, -1, -1, -1]), np.arange(4))
    assert pulls.spread().skewness == pytest.approx(24 / 12**1.5)


def test_a_difference_is_students():
    found = of_difference(0.1, Spread(0.0004, 9, 10))
    assert (found.low, found.high) == pytest.approx((0.1 - 2.262 * 0.02, 0.1 + 2.262 * 0.02), abs=1e-4)


def test_sums_of_independent_quantities():
    total = Spread(3, 10, 20).plus(Spread(1, 5, 30))
    assert total == pytest.approx((4, 16 / (9 / 10 + 1 / 5), 50, 0))
    assert Spread(1, 9, 20, 0.4).plus(Spread(3, 9, 20)).skewness == pytest.approx(0.4 / 8)
    assert Spread(3, 10, 20).plus(Spread(1, 5, LEAST - 1)).identities == LEAST - 1


def test_too_few_identities():
    with pytest.raises(
        ValueError, match=f"{LEAST - 1} identities are too few for an interval: expected at least {LEAST}"
    ):
        of_share(0.5, Spread(0.01, 5, LEAST - 1))
    with pytest.raises(ValueError, match="too few for an interval"):
        of_difference(0.5, Spread(0.01, 5, 2))
    assert np.isnan(of_outcomes(np.ones(3), np.zeros(3, int))[1].variance)


def test_intervals_hold_the_truth_as_often_as_they_say(held):
    """Between 93 % and 97 %, give or take three times the error that this number of studies has."""
    below = 0.93 - 3 * np.sqrt(0.93 * 0.07 / STUDIES)
    above = 0.97 + 3 * np.sqrt(0.97 * 0.03 / STUDIES)
    assert len(held) == 13
    assert {name: share for name, share in held.items() if not below <= share <= above} == {}
    assert 0.93 <= np.mean(list(held.values())) <= 0.97


def test_intervals_that_take_pairs_for_independent_do_not(simulation, truth):
    values, threshold = truth
    inside = 0
    for seed in range(100):
        pairs = AllPairs(*simulation.people(np.random.default_rng(seed), IDENTITIES))
        tar = verify(pairs, [], {"fixed": threshold}, intervals=False).estimates[-1]
        half = 1.96 * np.sqrt(tar.value * (1 - tar.value) / tar.mated)
        inside += abs(tar.value - values["tar_at_fixed"]) <= half
    assert inside < 75
