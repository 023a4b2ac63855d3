"""Variances and p values worked out by hand, and how often intervals and tests are right in simulated studies."""

import importlib.util
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, norm, t

from bareface.pipeline import mcnemar as test_of_pairs
from bareface.pipeline.mcnemar import exchanged, mcnemar
from bareface.pipeline.results import Change
from bareface.pipeline.statistics import change, change_of, holm, interval_of, level
from bareface.recognition.protocols.intervals import LEAST, Spread, of_share

STUDIES = 300


@pytest.fixture(scope="module")
def simulated() -> Any:
    path = Path(__file__).parents[2] / "benchmarks/validity/simulated.py"
    spec = importlib.util.spec_from_file_location("simulated", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outcomes(*rows: str) -> np.ndarray:
    """Arms or seeds as rows of 1 and 0."""
    return np.array([[letter == "1" for letter in row] for row in rows])


class TestLevel:
    def test_three_people_by_hand(self) -> None:
        value, spread = level(outcomes("11001"), np.array([0, 0, 0, 1, 3]))  # number 2 has no photo
        # pulls 0.04, -0.12, 0.08 of people who hold 0.6, 0.2, 0.2 of the photos
        assert value == pytest.approx(0.6)
        assert spread.variance == pytest.approx((0.04 / 0.4) ** 2 + (0.12 / 0.8) ** 2 + (0.08 / 0.8) ** 2)
        assert spread.identities == 3

    def test_seeds_that_all_people_feel_alike_add_their_own_variance(self) -> None:
        people = np.random.default_rng(0).standard_normal(12)
        one, of_people = level(people[None], np.arange(12))
        value, spread = level(people + np.array([[0.0], [0.3], [0.6]]), np.arange(12))
        assert value == pytest.approx(one + 0.3)
        assert spread.variance == pytest.approx(of_people.variance + 0.09 / 3)
        weighted = of_people.variance * t.ppf(0.975, of_people.freedom) + 0.03 * t.ppf(0.975, 2)
        assert t.ppf(0.975, spread.freedom) == pytest.approx(weighted / spread.variance)

    def test_what_seeds_and_people_both_count_is_taken_off(self) -> None:
        # two seeds, ten people, one photo each: seed 0 is better by 2 for one half and by 1 for the other
        values = np.stack([np.repeat([2.0, 1.0], 5), np.zeros(10)])
        one = level(values.mean(0)[None], np.arange(10))[1]
        # seed means 1.5 and 0: variance 1.125, of their mean 0.5625. Apart from it: +-0.25, in the mean +-0.0125;
        # over 0.9, as each person holds a tenth; 20 cells, times 2 for two seeds
        twice = 20 * (0.0125 / 0.9) ** 2 * 2
        assert level(values, np.arange(10))[1].variance == pytest.approx(one.variance + 0.5625 - twice)

    def test_seeds_that_agree_are_one(self) -> None:
        values = np.random.default_rng(0).random((1, 60)) < 0.7
        identity = np.repeat(np.arange(20), 3)
        (one, spread), (several, same) = level(values, identity), level(np.repeat(values, 3, 0), identity)
        assert several == pytest.approx(one) and same == pytest.approx(spread)

    def test_two_seeds_that_differ_leave_a_wide_interval(self) -> None:
        values = np.repeat(np.array([[0.0], [0.2]]), 40, 1) + 1e-3 * np.random.default_rng(0).standard_normal(40)
        interval = interval_of(*level(values, np.arange(40)), share=False)
        assert interval is not None
        assert interval.high - interval.low == pytest.approx(2 * 12.706 * 0.1, rel=0.01)  # Student's, 1 degree

    def test_one_person(self) -> None:
        value, spread = level(outcomes("110", "100"), np.zeros(3, int))
        assert value == 0.5 and np.isnan(spread.variance) and interval_of(value, spread, share=True) is None

    @pytest.mark.parametrize(
        ("values", "identity", "message"),
        [
            (np.ones(3), np.arange(3), r"values: shape \(3,\) with identities of shape \(3,\): expected \(seeds, pho"),
            (np.ones((1, 3)), np.arange(4), r"values: shape \(1, 3\) with identities of shape \(4,\)"),
            (np.ones((0, 3)), np.arange(3), r"values: shape \(0, 3\)"),
            (np.ones((1, 0)), np.arange(0), "values: expected at least one photo, and identities numbered from 0"),
            (np.ones((1, 2)), np.array([0, -1]), "values: expected at least one photo, and identities numbered from 0"),
            (np.array([[1, np.nan, 1], [np.inf, 0, 1]]), np.arange(3), "values: 2 of 3 photos are not numbers. Leave"),
        ],
    )
    def test_what_cannot_be_averaged(self, values: np.ndarray, identity: np.ndarray, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            level(values, identity)


class TestInterval:
    def test_of_a_share_is_wilsons(self) -> None:
        spread = Spread(0.9 * 0.1 / 400, 30, 50)
        found, expected = interval_of(0.9, spread, share=True), of_share(0.9, spread)
        assert found is not None
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-4)

    def test_of_a_number_is_students_even_for_two_degrees(self) -> None:
        found = interval_of(5, Spread(0.01, 2, 20), share=False)
        assert found is not None and (found.low, found.high) == pytest.approx((5 - 0.43027, 5 + 0.43027), abs=1e-4)

    def test_of_a_number_above_0_is_its_logarithms(self) -> None:
        found = interval_of(2, Spread(0.04, 9, 20), share=False, positive=True)
        assert found is not None and (found.low * found.high, found.high) == pytest.approx(
            (4, 2 * np.exp(0.226216)), abs=1e-5
        )
        nothing = interval_of(0, Spread(0.04, 9, 20), share=False, positive=True)
        assert nothing is not None and nothing.low == -nothing.high == pytest.approx(-0.45243, abs=1e-5)

    def test_nothing_but_right_answers(self) -> None:
        found = interval_of(*level(np.ones((3, 60), bool), np.repeat(np.arange(20), 3)), share=True)
        assert found is not None and found.high == 1 and found.low == pytest.approx(20 / (20 + t.ppf(0.975, 19) ** 2))

    @pytest.mark.parametrize("spread", [Spread(0.01, 8, LEAST - 1), Spread(float("nan"), float("nan"), 30)])
    def test_none_where_nothing_is_known(self, spread: Spread) -> None:
        assert interval_of(0.5, spread, share=True) is None
        assert change_of(0.5, spread) == Change(0.5, None, None, None, None)

    def test_none_of_a_value_that_is_not_known(self) -> None:
        assert interval_of(float("nan"), Spread(0.01, 8, 30), share=True) is None


class TestChange:
    def test_by_hand(self) -> None:
        first, second = outcomes("11111111110000000000"), outcomes("01111111110000000001")
        found = change(first, second & False, np.arange(20))
        # ten of twenty are lost: pulls -+0.025, over 0.95
        deviation = np.sqrt(20 * (0.025 / 0.95) ** 2)
        assert (found.value, found.gained, found.lost) == (-0.5, 0, 10)
        assert found.interval is not None and found.interval.low == pytest.approx(-0.5 - t.ppf(0.975, 19) * deviation)
        assert found.p == pytest.approx(2 * t.sf(0.5 / deviation, 19))
        assert found.smallest == pytest.approx((t.ppf(0.975, 19) + t.ppf(0.8, 19)) * deviation)
        assert found.mcnemar == pytest.approx(2 / 2**10)
        even = change(first, second, np.arange(20))
        assert (even.value, even.gained, even.lost, even.p, even.mcnemar) == (0, 1, 1, 1, 1)

    def test_p_is_below_5_percent_where_the_interval_leaves_0_out(self) -> None:
        rng, seen = np.random.default_rng(0), set()
        for number in range(200):
            seeds, paired = 1 + number % 3, number % 2 == 0
            first, second = rng.random((seeds, 60)) < 0.6, rng.random((seeds, 60)) < 0.8
            found = change(first, second, np.repeat(np.arange(15), 4), paired)
            assert found.interval is not None and found.p is not None
            assert (found.p < 0.05) == (not found.interval.low <= 0 <= found.interval.high)
            seen.add(found.p < 0.05)
        assert seen == {True, False}

    @pytest.mark.parametrize("right", [0.5, 1.0])
    def test_arms_that_agree_everywhere_are_as_many_trials_as_people(self, right: float) -> None:
        arm = np.random.default_rng(0).random((2, 120)) < right
        found = change(arm, arm, np.repeat(np.arange(60), 2))
        quantile = t.ppf(0.975, 59) ** 2
        assert found.interval is not None and (found.value, found.p, found.mcnemar) == (0, 1, None)
        assert found.interval.high == -found.interval.low == pytest.approx(quantile / (60 + quantile))
        assert (found.gained, found.lost) == (0, 0) and change(
            arm[:1], arm[:1], np.repeat(np.arange(60), 2)
        ).mcnemar == 1

    def test_numbers_that_agree_everywhere_could_differ_by_their_range(self) -> None:
        arm = 7 * np.linspace(0, 1, 60)[None]
        found = change(arm, arm, np.arange(60))
        quantile = t.ppf(0.975, 59) ** 2
        assert found.interval is not None and found.interval.high == pytest.approx(7 * quantile / (60 + quantile))
        assert (found.gained, found.lost, found.mcnemar) == (None, None, None)

    @pytest.mark.parametrize("seeds", [1, 3])
    def test_the_same_gain_everywhere_tells_no_more_than_none_at_all(self, seeds: int) -> None:
        first = np.random.default_rng(0).random((1, 60)).repeat(seeds, 0)
        first[:, 0], first[:, 1] = 0, 1
        found = change(first, first + 0.1, np.arange(60))  # the range is 1.1; sums of tenths are not exact
        half = 1.1 * t.ppf(0.975, 59) ** 2 / (60 + t.ppf(0.975, 59) ** 2)
        assert found.interval is not None
        assert (found.interval.low, found.interval.high) == pytest.approx((0.1 - half, 0.1 + half))

    def test_everything_lost(self) -> None:
        found = change(np.ones((1, 30), bool), np.zeros((1, 30), bool), np.arange(30))
        assert found.interval is not None and found.interval.low == -1 < found.interval.high < -0.8
        assert found.p is not None and found.p < 1e-6 and found.mcnemar == pytest.approx(2 / 2**30)

    def test_seeds_count_in_the_mean(self) -> None:
        identity = np.arange(12)
        first, second = outcomes("111111111111", "000000000000"), outcomes("000000111111", "001100000000")
        paired, apart = change(first, second, identity), change(first, second, identity, paired=False)
        assert paired.value == apart.value == pytest.approx(8 / 24 - 0.5)
        assert (paired.gained, paired.lost) == (1, 3)  # 0 + 2 and 6 + 0, halved
        assert (apart.gained, apart.lost) == (2, 4)  # 0 + 0 + 6 + 2 and 6 + 10 + 0 + 0, by four

    def test_seeds_of_the_same_recogniser_are_compared_with_themselves(self) -> None:
        rng = np.random.default_rng(0)
        first = rng.standard_normal((3, 1)) + rng.standard_normal(40)
        second = first + 0.1 + 0.01 * rng.standard_normal((3, 40))
        same, others = (change(first, second, np.arange(40), paired) for paired in (True, False))
        assert same.value == pytest.approx(others.value)
        assert same.p is not None and others.p is not None and same.p < 1e-4 < 0.5 < others.p

    def test_arms_of_other_recognisers_may_have_other_numbers_of_seeds(self) -> None:
        people, seeds = np.random.default_rng(0).standard_normal(40), np.array([[0.0], [0.3], [0.6]])
        gain = np.random.default_rng(1).standard_normal(40)
        one = change(people[None], (people + gain)[None] + 0.3, np.arange(40), paired=False)
        several = change(people[None], people + gain + seeds, np.arange(40), paired=False)
        assert several.value == pytest.approx(one.value)
        assert several.smallest is not None and one.smallest is not None and several.smallest > one.smallest
        with pytest.raises(ValueError, match="second: 3 seeds, but first has 1: expected as many where paired"):
            change(people[None], people + seeds, np.arange(40))

    def test_too_few_people_have_a_value_alone(self) -> None:
        found = change(outcomes("111000"), outcomes("000000"), np.array([0, 0, 1, 1, 4, 4]))
        assert found == Change(-0.5, None, None, None, None, 0, 3, 0.5)
        assert change(outcomes("11"), outcomes("00"), np.zeros(2, int)) == Change(-1, None, None, None, None, 0, 2, 1)

    def test_arms_of_other_photos(self) -> None:
        with pytest.raises(ValueError, match=r"second: shape \(1, 3\) with identities of shape \(2,\)"):
            change(outcomes("11"), outcomes("111"), np.arange(2))
        with pytest.raises(ValueError, match="first: 1 of 2 photos are not numbers"):
            change(np.array([[np.nan, 1]]), np.ones((1, 2)), np.arange(2))

    def test_of_a_known_gain(self) -> None:
        found = change_of(0.03, Spread(0.0001, 9, 30))
        assert found.interval is not None and found.interval.low == pytest.approx(0.03 - 2.2622 * 0.01, abs=1e-5)
        assert found.p == pytest.approx(2 * t.sf(3, 9)) and found.mcnemar is None
        same = change_of(0.0, Spread(0.0, 29, 30))
        assert same.interval is not None and same.interval.low == -same.interval.high < -0.1 and same.p == 1


class TestMcNemar:
    @pytest.mark.parametrize(("gained", "lost"), [(0, 1), (1, 1), (2, 9), (0, 12), (40, 61), (3, 30)])
    def test_one_photo_each_is_the_exact_test(self, gained: int, lost: int) -> None:
        first = np.repeat([False, True, True, False], [gained, lost, 20, 20])
        second = np.repeat([True, False, True, False], [gained, lost, 20, 20])
        found = mcnemar(first, second, np.arange(len(first)))
        assert found == (gained, lost, pytest.approx(binomtest(gained, gained + lost).pvalue, rel=1e-6))

    @pytest.mark.parametrize(
        ("net", "p"), [((2, 1), 0.5), ((2, -1), 1), ((3, 1, 1), 0.25), ((3, 1, -1), 0.75), ((0, 0), 1), ((-2,), 1)]
    )
    def test_signs_by_hand(self, net: tuple[int, ...], p: float) -> None:
        assert exchanged(np.array(net)) == pytest.approx(p)

    def test_all_signs_one_by_one(self) -> None:
        net = np.random.default_rng(0).integers(-9, 12, 11)
        sums = np.abs(np.array(list(product([-1, 1], repeat=11))) @ net)
        assert exchanged(net) == pytest.approx((sums >= abs(net.sum())).mean())

    def test_many_photos_of_a_person_count_once(self) -> None:
        first, second = outcomes("1111111100", "0010111111")
        photos = np.repeat(np.arange(10), 25)
        single, many = mcnemar(first, second, np.arange(10)), mcnemar(first[photos], second[photos], photos)
        assert many == (25 * single[0], 25 * single[1], pytest.approx(single[2]))
        assert binomtest(many[0], many[0] + many[1]).pvalue < 0.05 < single[2]

    def test_nobody_differs_on_balance(self) -> None:
        assert mcnemar(*outcomes("1010", "1010"), np.arange(4)) == (0, 0, 1)
        assert mcnemar(*outcomes("1010", "0101"), np.array([0, 0, 1, 1])) == (2, 2, 1)

    def test_a_very_large_one_is_normal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        net = np.random.default_rng(0).integers(-9, 10, 3000)
        net[:100] = 3
        exact = exchanged(net)
        monkeypatch.setattr(test_of_pairs, "LARGE", 0)
        normal = 2 * norm.sf(abs(net.sum()) / np.sqrt((net**2).sum()))
        assert exchanged(net) == pytest.approx(normal) and exact == pytest.approx(normal, rel=0.02)
        assert 0.001 < exact < 0.1


class TestHolm:
    def test_by_hand(self) -> None:
        assert holm([0.01, 0.04, None, 0.03, 0.005]) == [
            pytest.approx(0.03),
            pytest.approx(0.06),
            None,
            pytest.approx(0.06),
            pytest.approx(0.02),
        ]

    def test_edges(self) -> None:
        assert holm([]) == [] and holm([None]) == [None] and holm([0.04]) == [0.04] and holm([0.6, 0.7]) == [1, 1]


class TestSimulatedStudies:
    def test_intervals_hold_and_tests_reject_as_often_as_they_say(self, simulated: Any) -> None:
        settings = [
            simulated.Setting(25, 0.9, 0),
            simulated.Setting(60, 0.5, 0),
            simulated.Setting(60, 0.9, 0),
            simulated.Setting(60, 0.7, 0, uneven=1.2),
            simulated.Setting(60, 0.9, -0.1, telling=True),
            simulated.Setting(60, 0.9, -0.15),
        ]
        found = [simulated.simulate(setting, STUDIES, seed) for seed, setting in enumerate(settings)]
        assert 0.93 <= np.mean([each.level_held for each in found]) <= 0.97
        assert 0.93 <= np.mean([each.change_held for each in found]) <= 0.97
        assert 0.03 <= np.mean([each.rejected for each in found[:4]]) <= 0.065
        assert 0.03 <= np.mean([each.mcnemar for each in found[:4]]) <= 0.065
        # what takes photos for independent does not
        assert np.mean([each.plain_held for each in found]) < 0.9
        assert np.mean([each.plain_mcnemar for each in found[:4]]) > 0.09

    @pytest.mark.parametrize("paired", [True, False])
    def test_seeds_are_a_further_level(self, simulated: Any, paired: bool) -> None:
        settings = [simulated.Setting(60, 0.9, -0.1, 3, paired), simulated.Setting(60, 0.5, 0, 5, paired)]
        found = [simulated.simulate(setting, STUDIES, seed) for seed, setting in enumerate(settings)]
        assert 0.93 <= np.mean([each.change_held for each in found]) <= 0.98
        assert np.mean([each.plain_held for each in found]) < 0.7
        rng = np.random.default_rng(0)
        middle, (_, true) = simulated.middles(settings[0]), simulated.truth(settings[0])
        held = 0
        for _ in range(STUDIES):  # seeds averaged, as if no others could have been trained
            (first, second), identity = simulated.draw(rng, settings[0], middle)
            interval = change(first.mean(0)[None], second.mean(0)[None], identity).interval
            assert interval is not None
            held += simulated.holds(interval, true)
        assert held / STUDIES < 0.93

    def test_numbers(self, simulated: Any) -> None:
        found = simulated.simulate(simulated.Setting(200, 0.8, -0.1, loss=True), STUDIES)
        assert 0.92 <= found.change_held <= 0.98 and 0.92 <= found.level_held <= 0.98

    def test_the_smallest_change_is_seen_in_four_of_five_studies(self, simulated: Any) -> None:
        smallest = simulated.simulate(simulated.Setting(60, 0.5), 50).smallest
        seen = simulated.simulate(simulated.Setting(60, 0.5, -smallest), STUDIES, 1).rejected
        assert 0.73 <= seen <= 0.87

    def test_holm_keeps_wrong_findings_rare_among_many_conditions(self, simulated: Any) -> None:
        corrected, bare = simulated.family(60, STUDIES)
        assert corrected <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / STUDIES) and bare > 0.12

    def test_the_truth_is_what_a_huge_study_measures(self, simulated: Any) -> None:
        for changes in ({"telling": True}, {"loss": True}, {"seeds": 3}, {"uneven": 1.2}):
            setting = simulated.Setting(**{"people": 40_000, "share": 0.8, "effect": -0.1, "seeds": 1, **changes})
            arms, identity = simulated.draw(np.random.default_rng(0), setting, simulated.middles(setting))
            true, gain = simulated.truth(setting)
            tolerance = 0.15 if setting.seeds > 1 else 0.01  # seeds move everybody
            assert arms[1].mean() == pytest.approx(true, abs=tolerance), changes
            assert arms[1].mean() - arms[0].mean() == pytest.approx(gain, abs=tolerance), changes
            assert len(identity) > 600_000
