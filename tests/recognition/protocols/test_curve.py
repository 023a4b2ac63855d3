"""The curve against values worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score, roc_curve

from bareface.recognition.protocols.curve import Curve, allowed

MATED = np.array([0.9, 0.8, 0.5, 0.3])
NON_MATED = np.array([0.7, 0.5, 0.4, 0.2, 0.1])


def scores(seed, ties):
    rng = np.random.default_rng(seed)
    mated, non_mated = rng.normal(1, 1, 300), rng.normal(0, 1, 500)
    return (np.round(mated, 1), np.round(non_mated, 1)) if ties else (mated, non_mated)


def test_points_by_hand():
    points = Curve.of(MATED, NON_MATED).points()
    assert points.threshold.tolist() == [np.inf, 0.9, 0.8, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1]
    np.testing.assert_allclose(points.tar, [0, 0.25, 0.5, 0.5, 0.75, 0.75, 1, 1, 1])
    np.testing.assert_allclose(points.far, [0, 0, 0, 0.2, 0.4, 0.6, 0.6, 0.8, 1])


def test_area_and_equal_error_by_hand():
    curve = Curve.of(MATED, NON_MATED)
    # above: 0.9 and 0.8 beat all five, 0.5 beats three and ties with one, 0.3 beats two
    assert curve.auc == pytest.approx((5 + 5 + 3.5 + 2) / 20)
    # from (FAR 0.2, miss 0.5) to (0.4, 0.25): equal 3/4 of the way... 0.2 + 0.2 t = 0.5 - 0.25 t
    assert curve.eer == pytest.approx(0.2 + 0.2 * (0.3 / 0.45))
    assert curve.eer_threshold == 0.5


def test_the_largest_far_not_above_the_target():
    curve = Curve.of(MATED, NON_MATED)
    assert curve.tar_at_far(0.2) == (0.7, 0.2, 0.5)
    assert curve.tar_at_far(0.39) == (0.7, 0.2, 0.5)
    assert curve.tar_at_far(0.4) == (0.5, 0.4, 0.75)
    assert curve.tar_at_far(0.6) == (0.3, 0.6, 1.0)
    assert curve.tar_at_far(1) == (-np.inf, 1, 1)


def test_ties_are_one_step():
    curve = Curve.of(np.array([0.5, 0.9]), np.array([0.5, 0.5, 0.5, 0.1]))
    assert curve.tar_at_far(0.5) == (0.9, 0, 0.5)
    assert curve.points().far.tolist() == [0, 0, 0.75, 1]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_collapsed_embedding_is_at_chance(kind):
    curve = Curve.of(np.full(50, 0.7, kind), np.full(900, 0.7, kind))
    assert (curve.auc, curve.eer) == (0.5, 0.5)
    for far in (0.01, 0.5, 0.999):
        assert curve.tar_at_far(far) == (np.inf, 0, 0)


def test_perfect_scores():
    curve = Curve.of(np.array([0.8, 0.9]), np.array([0.1, 0.2, 0.3]))
    assert (curve.auc, curve.eer, curve.tar_at_far(0.4).tar) == (1, 0, 1)
    assert curve.eer_threshold == pytest.approx((0.3 + 0.8) / 2)


def test_a_gap_that_holds_no_number_of_the_scores_width():
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    for below in (low, high):
        above = np.nextafter(below, np.float32(1))
        curve = Curve.of(np.array([above]), np.array([below]))
        assert curve.at(curve.eer_threshold)[1:] == (0, 1) and curve.eer_threshold == above


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_curve_of_scikit_learn(seed, ties):
    mated, non_mated = scores(seed, ties)
    truth, values = np.repeat([1, 0], [len(mated), len(non_mated)]), np.concatenate([mated, non_mated])
    far, tar, threshold = roc_curve(truth, values, drop_intermediate=False)
    curve = Curve.of(mated, non_mated)
    points = curve.points()
    np.testing.assert_allclose(points.far, far, atol=1e-12)
    np.testing.assert_allclose(points.tar, tar, atol=1e-12)
    np.testing.assert_array_equal(points.threshold, threshold)
    assert curve.auc == pytest.approx(roc_auc_score(truth, values)) == pytest.approx(auc(points.far, points.tar))
    for target in (0.002, 0.01, 0.1, 0.5):
        assert curve.tar_at_far(target).tar == tar[far <= target].max()
    crossing = np.interp(0, far - (1 - tar), far)
    assert curve.eer == pytest.approx(crossing)


def test_thinned_points_are_points_of_the_whole_curve():
    mated, non_mated = scores(0, False)
    curve = Curve.of(mated, non_mated)
    few, all_of_them = curve.points(100), curve.points()
    assert 50 < len(few.far) < 110 and (few.far[-1], few.tar[-1]) == (1, 1)
    place = np.searchsorted(-all_of_them.threshold, -few.threshold)
    np.testing.assert_array_equal(all_of_them.far[place], few.far)
    np.testing.assert_array_equal(all_of_them.tar[place], few.tar)


def test_a_threshold_between_two_float32_numbers_accepts_the_upper_one_only():
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    curve = Curve.of(np.array([low, high]), np.array([low], np.float32))
    assert curve.at((float(low) + float(high)) / 2) == pytest.approx(((float(low) + float(high)) / 2, 0, 0.5))
    assert curve.at(float(np.nextafter(np.float64(low), 1))).tar == 0.5


def test_scores_of_two_widths():
    low = np.float32(0.3)  # 0.30000001...
    curve = Curve.of(np.array([0.1, 0.3, 0.5]), np.array([low, 0.2], np.float32))
    assert curve.tar_at_far(0.5) == pytest.approx((0.3, 0.5, 2 / 3))
    assert curve._next(0.3) == float(low) and curve._next(float(low)) == 0.5


def test_the_given_scores_stay_as_they_are_unless_their_place_may_be_used():
    mated, non_mated = MATED.copy(), NON_MATED.copy()
    Curve.of(mated, non_mated)
    assert (mated == MATED).all() and (non_mated == NON_MATED).all()
    assert np.shares_memory(Curve.of(mated, non_mated, overwrite=True).mated, mated)


@pytest.mark.parametrize(("target", "trials"), [(0.29, 100), (0.07, 100), (1e-3, 3000), (1 / 3, 3), (1, 7)])
def test_as_many_trials_as_the_target_says_may_pass(target, trials):
    count = allowed(target, trials)
    assert count / trials <= target < (count + 1) / trials
    assert count == round(target * trials)


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (
            lambda: Curve.of(MATED, NON_MATED).tar_at_far(0.1),
            r"FAR=0.1: 0.1 of 5 non-mated pairs is less than one.*0.2",
        ),
        (lambda: Curve.of(MATED, NON_MATED).tar_at_far(0), "FAR=0: expected 0 < FAR <= 1"),
        (lambda: Curve.of(MATED, NON_MATED).tar_at_far(1.5), "FAR=1.5: expected 0 < FAR <= 1"),
        (lambda: Curve.of([], NON_MATED), "mated scores: there are none. Two pictures of one identity"),
        (lambda: Curve.of(MATED, []), "non-mated scores: there are none. Pictures of two identities"),
        (lambda: Curve.of([0.1, np.nan, 0.3], NON_MATED), "mated scores: 1 of 3 are not finite"),
        (lambda: Curve.of(MATED, [-np.inf, np.nan, 0.1]), "non-mated scores: 2 of 3 are not finite"),
        (lambda: Curve.of([[0.1]], NON_MATED), r"mated scores of shape \(1, 1\): expected one score a pair"),
    ],
)
def test_refusals(work, message):
    with pytest.raises(ValueError, match=message):
        work()


@pytest.mark.parametrize("trials", [*range(1, 200), 1201, 4500, 2700, 99_999, 100_001])
def test_the_rate_that_is_advised_can_be_measured(trials):
    with pytest.raises(ValueError, match="Ask for at least") as refusal:
        allowed(0.5 / trials, trials)
    assert allowed(float(str(refusal.value).rsplit(" ", 1)[1].removesuffix(".")), trials) >= 1
