"""Exact search in 8 bits, and thresholds."""

import numpy as np
import pytest

from bareface.recognition.gallery.calibration import KEPT, Calibration, Scores
from bareface.recognition.gallery.gallery import Enrolled
from bareface.recognition.gallery.index import ExactIndex, HnswIndex
from bareface.recognition.gallery.ranking import PAIRED, _pairs, impostors
from bareface.recognition.gallery.scan import Int8Scan
from bareface.recognition.protocols.curve import Curve


def clustered(count: int, size: int = 64) -> np.ndarray:
    """Ten faces around each centre."""
    rng = np.random.default_rng(0)
    faces = np.repeat(rng.standard_normal((count // 10, size)), 10, axis=0) + rng.standard_normal((count, size)) * 0.8
    return (faces / np.linalg.norm(faces, axis=1, keepdims=True)).astype(np.float32)


class TestExact:
    faces = clustered(70_050)  # one block and a part, with padding

    @pytest.mark.parametrize("k", [1, 8, 40])
    @pytest.mark.parametrize("probes", [1, 64])
    def test_8_bits_first_gives_what_float64_gives(self, k: int, probes: int) -> None:
        rng = np.random.default_rng(1)
        looked_for = self.faces[rng.permutation(len(self.faces))[:probes]] + 0.02 * rng.standard_normal((probes, 64))
        looked_for = (looked_for / np.linalg.norm(looked_for, axis=1, keepdims=True)).astype(np.float32)
        index = ExactIndex(self.faces, many=1)
        index._scans = True  # on every processor
        scores, rows = index.search(looked_for, k)
        truth = looked_for.astype(float) @ self.faces.T.astype(float)
        expected = np.sort(truth, axis=1)[:, ::-1][:, :k]
        np.testing.assert_allclose(scores, expected, atol=1e-6)
        np.testing.assert_allclose(np.take_along_axis(truth, rows, 1), expected, atol=1e-6)

    def test_what_is_not_proven_is_searched_in_float32(self) -> None:
        rng = np.random.default_rng(2)
        near = np.ones((2000, 64)) + 1e-3 * rng.standard_normal((2000, 64))  # 8 bits cannot tell these apart
        near = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
        assert not Int8Scan(near).search(near[:4], 3, 128)[2].any()
        index = ExactIndex(near, many=1)
        index._scans = True
        truth = near[:4].astype(float) @ near.T.astype(float)
        np.testing.assert_allclose(index.search(near[:4], 3)[0], np.sort(truth)[:, :-4:-1], atol=1e-6)

    def test_a_proof_is_a_proof(self) -> None:
        scores, _, proven = (part.numpy() for part in Int8Scan(self.faces).search(self.faces[:64], 3, 128))
        truth = np.sort(self.faces[:64].astype(float) @ self.faces.T.astype(float))[:, :-4:-1]
        assert proven.any()
        np.testing.assert_allclose(scores[proven], truth[proven], atol=1e-6)

    def test_deep_searches_and_negative_scores(self) -> None:
        faces = -np.abs(clustered(300))
        index = ExactIndex(faces, many=1)
        index._scans = True
        for k in (3, 200):
            scores, rows = index.search(np.abs(faces[:2]), k)
            expected = np.sort(np.abs(faces[:2]).astype(float) @ faces.T.astype(float))[:, ::-1][:, :k]
            np.testing.assert_allclose(scores, expected, atol=1e-6)
            assert (rows < 300).all()


def test_hnsw_finds_nearly_all() -> None:
    faces = clustered(5000)
    probes = faces[::50] + np.float32(0.01)
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    found = HnswIndex.of(faces).search(probes, 1)[1][:, 0]
    assert (found == (probes @ faces.T).argmax(1)).mean() >= 0.99


@pytest.mark.parametrize(
    ("rate", "accepted"), [(0.25, 1), (0.5, 2), (0.49, 1), (0.75, 3)]
)  # of four scores 0.9, 0.7, 0.5, 0.3
def test_at_most_the_rate_reaches_the_threshold(rate: float, accepted: int) -> None:
    scores = np.array([0.5, 0.9, 0.3, 0.7], np.float32)
    threshold = Scores.of(scores).threshold(rate, "--fpir", "searches", "")
    assert int((scores >= threshold).sum()) == accepted
    assert threshold == pytest.approx([0.9, 0.7, 0.5, 0.3][accepted], abs=1e-6)  # the lowest such threshold


def test_of_equal_scores_all_stay_below() -> None:
    scores = np.array([0.9, 0.5, 0.5, 0.5], np.float32)
    threshold = Scores.of(scores).threshold(0.5, "--fpir", "searches", "")
    assert int((scores >= threshold).sum()) == 1


@pytest.mark.parametrize("kinds", [5, 40, 10**6])  # few kinds of scores: many ties
@pytest.mark.parametrize("rate", [0.01, 0.07, 0.29, 0.5, 0.99])
def test_the_protocols_accept_the_same_at_the_same_rate(rate: float, kinds: int) -> None:
    rng = np.random.default_rng(kinds)
    for count in (100, 137, 1000):
        others, own = (rng.integers(0, kinds, size).astype(np.float32) / kinds for size in (count, 50))
        threshold = Scores.of(others).threshold(rate, "--fpir", "searches", "")
        point = Curve.of(own, others).tar_at_far(rate)
        assert ((others >= threshold).mean(), (own >= threshold).mean()) == pytest.approx((point.far, point.tar))
        assert point.far <= rate


def test_a_rate_that_is_short_of_one_score() -> None:
    scores = Scores.of(np.linspace(0, 1, 30, dtype=np.float32))
    with pytest.raises(ValueError, match=r"--fpir=0.0333333: needs at least 31 searches, there are 30\. Enrol more\."):
        scores.threshold(0.03333333333, "--fpir", "searches", "Enrol more.")


def test_rates_that_the_scores_cannot_show() -> None:
    scores = Scores.of(np.linspace(0, 1, 30, dtype=np.float32))
    calibration = Calibration("gallery", 30, scores, scores)
    with pytest.raises(ValueError, match=r"--fpir=0.01: needs at least 100 searches .*, there are 30\."):
        calibration.for_search(0.01)
    with pytest.raises(ValueError, match=r"--fmr=0.001: needs at least 1000 pairs of two identities, there are 30\."):
        calibration.for_pair(0.001)
    for rate in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match=r"--fpir=.*: expected 0 < v < 1"):
            calibration.for_search(rate)
    assert calibration.for_search(1 / 30) == pytest.approx(28 / 29, abs=1e-6)


def test_of_many_scores_the_highest_are_kept() -> None:
    scores = Scores.of(np.arange(2 * KEPT, dtype=np.float32))
    assert (scores.count, len(scores.highest), scores.highest[0]) == (2 * KEPT, KEPT, 2 * KEPT - 1)
    assert scores.threshold(0.25, "--fmr", "pairs", "") == pytest.approx(1.5 * KEPT - 1)
    with pytest.raises(ValueError, match=r"--fmr=0.6: expected at most 0.5, higher scores alone are kept"):
        scores.threshold(0.6, "--fmr", "pairs", "")


def test_false_positives_of_strangers_are_as_rare_as_was_asked() -> None:
    """Simulated: people who are not enrolled reach a threshold calibrated on others of them at the rate named."""
    rng = np.random.default_rng(3)
    threshold = Scores.of(rng.beta(2, 5, 10_000).astype(np.float32)).threshold(0.05, "--fpir", "searches", "")
    assert (rng.beta(2, 5, 100_000) >= threshold).mean() == pytest.approx(0.05, abs=0.008)


class Many:
    """What is enrolled in a large gallery."""

    def __init__(self, count: int) -> None:
        names = np.array([f"p{number}" for number in range(count)], object)
        self.enrolled = Enrolled(names, names, np.zeros((count, 4), np.float32), clustered(count))

    def sample(self, count: int) -> Enrolled:
        return self.enrolled.take(np.arange(min(count, len(self.enrolled))))


def test_the_default_rate_of_verify_can_be_had_from_many_pictures() -> None:
    pairs = impostors(Many(5000))
    assert pairs.count == PAIRED * (PAIRED - 1) // 2 == 7_998_000
    threshold = Calibration("gallery", 5000, pairs, pairs).for_pair(0.001)
    scores = (clustered(5000)[:4000] @ clustered(5000)[:4000].T)[np.triu_indices(4000, 1)]
    assert 7900 < (scores >= threshold).sum() <= 7998  # a thousandth of the pairs; BLAS rounds a few in another way


def test_pairs_of_two_identities_in_blocks() -> None:
    faces, names = clustered(600), np.array([f"p{number % 7}" for number in range(600)], object)
    scores = (faces.astype(float) @ faces.T.astype(float))[np.triu(names[:, None] != names[None], 1)]
    found = _pairs(faces, names)
    assert found.count == len(scores)
    np.testing.assert_allclose(found.highest, np.sort(scores)[::-1][:KEPT], atol=1e-6)
