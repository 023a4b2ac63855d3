"""How often 95 % intervals hold the truth: simulated studies of people, of whom the truth is known."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bareface.recognition.protocols.curve import Curve
from bareface.recognition.protocols.folds import fold_accuracy
from bareface.recognition.protocols.identification import identify
from bareface.recognition.protocols.intervals import Estimate
from bareface.recognition.protocols.open_set import found_scores, open_set
from bareface.recognition.protocols.scores import AllPairs, ListedPairs, pair_scores
from bareface.recognition.protocols.search import Searches, each_left_out, search
from bareface.recognition.protocols.verification import differences, verify

Row = dict[str, object]
DIMENSIONS = 16
SCATTER = 0.9
FAR, FPIR, FOLDS = 0.01, 0.1, 10
TRUTH_STUDIES = 2000
"""Studies whose mean is the truth of what depends on the size of a gallery or of a fold."""


def people(rng: np.random.Generator, count: int, photos: tuple[int, int] = (3, 8)) -> tuple[NDArray[Any], NDArray[Any]]:
    """Embeddings of pictures and their identities.

    People differ in how alike their pictures are, in how much they resemble everybody, and in their number of photos.

    Args:
        rng: The randomness.
        count: How many people.
        photos: Of each, from the first number on, below the second.
    """
    centre = rng.standard_normal((count, DIMENSIONS))
    centre[:, 0] += 0.5 + 0.6 * rng.standard_normal(count)
    scatter = SCATTER * np.exp(0.35 * rng.standard_normal(count))
    identity = np.repeat(np.arange(count), rng.integers(*photos, count))
    noise = rng.standard_normal((len(identity), DIMENSIONS))
    return (centre[identity] + scatter[identity, None] * noise).astype(np.float32), identity


def spoilt(embeddings: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """The same pictures as a second, worse recogniser embeds them."""
    return (embeddings + 0.5 * rng.standard_normal(embeddings.shape)).astype(np.float32)


def listed(rng: np.random.Generator, count: int) -> tuple[ListedPairs, NDArray[np.int64]]:
    """Pairs as LFW lists them: folds that share no identities, in each as many mated as non-mated pairs."""
    embeddings, identity = people(rng, count, (4, 5))
    rows = np.arange(len(identity)).reshape(FOLDS, -1, 4)
    per_fold = rows.shape[1]
    mated = [(rows[:, :, a], rows[:, :, b]) for a, b in ((0, 1), (2, 3), (0, 2))]
    non_mated = [(rows[:, :, 0], np.roll(rows, shift, 1)[:, :, shift]) for shift in (1, 2, 3)]
    first, second = (np.stack(side, 1).ravel() for side in zip(*mated, *non_mated, strict=True))
    fold = np.repeat(np.arange(FOLDS), 6 * per_fold)
    return ListedPairs(pair_scores(embeddings, first, second), identity[first], identity[second]), fold


def looked_up(rng: np.random.Generator, count: int) -> tuple[Searches, Searches]:
    """A closed and an open set: the first picture of each person, or of half of them, is enrolled."""
    embeddings, identity = people(rng, count)
    first = np.diff(identity, prepend=-1) > 0
    known = first & (identity < count // 2)
    closed = search(embeddings[~first], identity[~first], embeddings[first], identity[first])
    return closed, search(embeddings[~known], identity[~known], embeddings[known], identity[known])


def population(pairs: int, seed: int = 0) -> tuple[Curve, Curve]:
    """Mated and non-mated pairs that share nobody, as both recognisers score them."""
    rng = np.random.default_rng(seed)
    scores: list[list[NDArray[Any]]] = [[], [], [], []]
    for _ in range(max(1, pairs // 50_000)):
        embeddings, identity = people(rng, 50_000, (2, 3))
        even = np.arange(0, len(identity), 2)
        for number, shown in enumerate((embeddings, spoilt(embeddings, rng))):
            scores[2 * number].append(pair_scores(shown, even, even + 1))
            for shift in range(2, 22, 2):
                scores[2 * number + 1].append(pair_scores(shown, even, np.roll(even, shift)))
    mated, non_mated, mated_after, non_mated_after = (np.concatenate(each) for each in scores)
    return Curve.of(mated, non_mated), Curve.of(mated_after, non_mated_after)


def study(seed: int, count: int, threshold: float) -> list[Estimate]:
    """All quantities of one study, with their intervals."""
    rng = np.random.default_rng(seed)
    found: list[Estimate] = []
    embeddings, identity = people(rng, count)
    before, after = AllPairs(embeddings, identity), AllPairs(spoilt(embeddings, rng), identity)
    found += verify(before, [FAR], {"fixed": threshold}).estimates
    found += [_renamed(each, "difference") for each in differences(before, after, [FAR])]
    found.append(fold_accuracy(*listed(rng, count // FOLDS * FOLDS)).accuracy)
    closed, opened = looked_up(rng, count)
    found += identify(closed, [1, 5]).estimates
    found += [each for each in open_set(opened, [FPIR]).estimates if each.quantity.startswith("tpir")]
    in_turn = open_set(each_left_out(closed), [FPIR]).estimates
    found += [_renamed(each, "in_turn") for each in in_turn if each.quantity.startswith("tpir")]
    return found


def _renamed(estimate: Estimate, what: str) -> Estimate:
    return Estimate(f"{what}_{estimate.quantity}", estimate.value, estimate.interval)


def truths(count: int, pairs: int = 1_000_000, studies: int = TRUTH_STUDIES) -> tuple[dict[str, float], float]:
    """The true values by quantity, and the threshold at which the true FAR is ``FAR``."""
    before, after = population(pairs)
    point, worse = before.tar_at_far(FAR), after.tar_at_far(FAR)
    at = f"tar_at_far_{FAR:g}"
    known = {"auc": before.auc, "eer": before.eer, at: point.tar, "far_at_fixed": point.far, "tar_at_fixed": point.tar}
    known |= {"difference_auc": after.auc - before.auc, "difference_eer": after.eer - before.eer}
    known[f"difference_{at}"] = worse.tar - point.tar
    sums = {"accuracy": 0.0, "rank_1": 0.0, "rank_5": 0.0}
    parts: list[list[NDArray[Any]]] = [[], [], [], []]
    for number in range(studies):
        rng = np.random.default_rng(10**6 + number)
        closed, opened = looked_up(rng, count)
        sums["rank_1"] += float((closed.rank < 1).mean()) / studies
        sums["rank_5"] += float((closed.rank < 5).mean()) / studies
        sums["accuracy"] += fold_accuracy(*listed(rng, count // FOLDS * FOLDS), False).accuracy.value / studies
        for number, searches in enumerate((opened, each_left_out(closed))):
            parts[2 * number].append(found_scores(searches, 1))
            parts[2 * number + 1].append(searches.rival_score[~searches.mated, 0])
    found, largest, found_in_turn, largest_in_turn = (np.concatenate(each) for each in parts)
    at = f"tpir_at_fpir_{FPIR:g}"
    known[at] = Curve.of(found, largest).tar_at_far(FPIR).tar
    known[f"in_turn_{at}"] = Curve.of(found_in_turn, largest_in_turn).tar_at_far(FPIR).tar
    return known | sums, point.threshold


def coverage(count: int, studies: int, truth: dict[str, float], threshold: float) -> list[Row]:
    """How many of the studies' intervals hold the truth, for each quantity."""
    inside: dict[str, list[tuple[bool, bool, float]]] = {}
    for number in range(studies):
        for each in study(number, count, threshold):
            assert each.interval is not None
            low, high, value = each.interval.low, each.interval.high, truth[each.quantity]
            inside.setdefault(each.quantity, []).append((low <= value <= high, value < low, high - low))
    rows: list[Row] = []
    for name, cases in inside.items():
        held, below, width = np.mean(cases, 0)
        rows.append(
            {
                "what": f"coverage of 95 % intervals, {count} identities of 3 to 7 photos, {studies} studies",
                "quantity": name,
                "truth": f"{truth[name]:.4f}",
                "held, %": f"{100 * held:.1f}",
                "truth below, %": f"{100 * below:.1f}",
                "truth above, %": f"{100 * (1 - held - below):.1f}",
                "mean width": f"{width:.3f}",
            }
        )
    return rows


def measure(studies: int = 600) -> list[Row]:
    """60 and 200 identities, and as few as 25, where intervals begin to be too narrow."""
    rows = []
    for count, times in ((25, studies), (60, studies), (200, max(1, studies // 3))):
        rows += coverage(count, times, *truths(count))
    return rows
