"""How far quantities of pairs and probes scatter, against leaving out one identity after the other."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from bareface.pipeline.measures.answered import of_seeds
from bareface.pipeline.measures.by_pair import PairAnswers
from bareface.pipeline.measures.by_probe import ProbeAnswers
from bareface.recognition.protocols.intervals import Spread

Arms = list[list[NDArray[np.float32]]]
PEOPLE = 40


def drawn(seed: int, seeds: int = 1) -> tuple[NDArray[np.int64], Arms]:
    """Photos of people who are harder or easier to tell, in two arms that see the same; the second one sees worse."""
    rng = np.random.default_rng(seed)
    identity = np.repeat(np.arange(PEOPLE), rng.integers(3, 6, PEOPLE))
    faces, hard = rng.normal(size=(PEOPLE, 12))[identity], rng.gamma(2, 0.5, PEOPLE)[identity, None]
    seen = rng.normal(size=faces.shape)
    arms = []
    for noise in (0.8, 1.1):
        pictures = faces + hard * noise * (0.8 * seen + 0.4 * rng.normal(size=faces.shape))
        maps = [np.eye(12) + (seeds > 1) * 0.25 * rng.normal(size=(12, 12)) for _ in range(seeds)]
        arms.append([(pictures @ each).astype(np.float32) for each in maps])
    return identity, arms


def jackknife(measure: Callable[[NDArray[np.bool_]], float], identity: NDArray[np.int64]) -> float:
    """Standard deviation from leaving out one identity after the other."""
    found = np.array([measure(identity != number) for number in range(PEOPLE)])
    return float(np.sqrt((PEOPLE - 1) / PEOPLE * ((found - found.mean()) ** 2).sum()))


def gap(vectors: NDArray[np.float32], references: NDArray[np.float32], identity: NDArray[np.int64]) -> float:
    """Mated minus non-mated cosine, the first photo of each pair as the references have it."""
    one, other = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (references, vectors))
    first, second = np.triu_indices(len(identity), 1)
    scores, mated = (one[first] * other[second]).sum(1), identity[first] == identity[second]
    return float(scores[mated].mean() - scores[~mated].mean())


@pytest.mark.parametrize("enrolled", ["shown", "original"])
def test_the_gap_scatters_as_leaving_out_people_shows(enrolled: str) -> None:
    identity, ((before,), (after,)) = drawn(1)
    references = before if enrolled == "original" else after
    first = PairAnswers([before], [before], identity, [0.1])
    second = PairAnswers([after], [references], identity, [0.1])
    level, change = second.levels()["cosine_gap"], second.changes(first, paired=True)["cosine_gap"]
    assert level.value == pytest.approx(gap(after, references, identity), abs=1e-5)
    assert change.value == pytest.approx(level.value - gap(before, before, identity), abs=1e-5)

    def of_level(left: NDArray[np.bool_]) -> float:
        return gap(after[left], references[left], identity[left])

    assert np.sqrt(level.spread.variance) == pytest.approx(jackknife(of_level, identity), rel=0.1)
    expected = jackknife(lambda left: of_level(left) - gap(before[left], before[left], identity[left]), identity)
    assert change.interval is not None
    half = (change.interval.high - change.interval.low) / 2
    assert half == pytest.approx(2.05 * expected, rel=0.15), "both arms are of the same photos"


def test_the_area_scatters_as_leaving_out_people_shows() -> None:
    identity, ((before,), (after,)) = drawn(2)

    def arms(left: NDArray[np.bool_]) -> list[PairAnswers]:
        return [PairAnswers([each[left]], [each[left]], identity[left], []) for each in (before, after)]

    def change(left: NDArray[np.bool_]) -> float:
        first, second = (arm.seeds[0][1] for arm in arms(left))
        return next(b.value - a.value for a, b in zip(first, second, strict=True) if a.name == "auc")

    first, second = arms(np.ones(len(identity), bool))
    found = second.changes(first, paired=True)["auc"]
    assert found.interval is not None and found.value < 0
    half = (found.interval.high - found.interval.low) / 2
    assert half == pytest.approx(2.05 * jackknife(change, identity), rel=0.2)


def test_an_arm_gains_nothing_over_itself_seed_by_seed() -> None:
    identity, (_, arm) = drawn(3, seeds=2)
    for kind in (PairAnswers, ProbeAnswers):
        answers = kind(arm, arm, identity, [0.1])
        for change in answers.changes(answers, paired=True).values():
            assert change.value == 0 and change.p == 1
            assert change.interval is not None and change.interval.high > 0.05, "40 people say no more than that"
        apart = answers.changes(answers, paired=False)
        assert all(change.interval is not None and change.interval.high > 0.05 for change in apart.values())


def test_probes_found_at_a_rate_scatter_less_together_than_apart() -> None:
    """The same people are hard in both arms: their difference scatters less than two arms of other people would."""
    found = []
    for seed in range(12):
        identity, ((before,), (after,)) = drawn(10 + seed)
        first, second = (ProbeAnswers([each], [each], identity, [0.1]) for each in (before, after))
        change = second.changes(first, paired=True)["tpir_at_fpir_0.1"]
        levels = [arm.levels()["tpir_at_fpir_0.1"] for arm in (first, second)]
        assert change.interval is not None
        assert change.value == pytest.approx(levels[1].value - levels[0].value)
        apart = np.sqrt(sum(level.spread.variance for level in levels))
        found.append((change.value, (change.interval.high - change.interval.low) / 4.1, apart))
    values, told, apart = np.array(found).T
    assert told.mean() == pytest.approx(values.std(ddof=1), rel=0.35)
    assert (told < 0.85 * apart).all()


def test_seeds_count_once_what_identities_show_already() -> None:
    alone, together = [Spread(0.05, 20, 21), Spread(0.03, 20, 21)], Spread(0.03, 20, 21)
    variance, freedom = of_seeds([0.5, 0.7], alone, together)
    assert variance == pytest.approx(0.02 / 2 - (0.04 - 0.03) / 1) and freedom == 1
    assert of_seeds([0.5, 0.8, 0.5], [together] * 3, together) == pytest.approx((0.03 / 3, 2))


def test_two_seeds_have_the_quantile_of_one_degree_of_freedom() -> None:
    identity, (arm, _) = drawn(4)
    gap_level = PairAnswers(arm, arm, identity, []).levels()["cosine_gap"]
    interval = gap_level.make(0.5, Spread(0.01, 1.0, 20))
    assert interval is not None and interval.high == pytest.approx(0.5 + 0.1 * 12.706, rel=1e-4)
