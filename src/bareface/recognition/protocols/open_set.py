"""Open-set identification: some of those who are looked up are not enrolled. TPIR and FNIR at an FPIR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bareface.recognition.protocols.curve import Curve, Point, allowed
from bareface.recognition.protocols.identification import share_of
from bareface.recognition.protocols.intervals import Estimate, Pulls, Spread, of_outcomes
from bareface.recognition.protocols.scores import Floats, Identities
from bareface.recognition.protocols.search import Searches

NEVER = np.finfo(np.float32).min
"""Score of a mated probe whose identity is not within the rank: below every threshold but minus infinity."""


@dataclass(frozen=True)
class OpenSet:
    """What was measured. FPIR is per non-mated probe, not per comparison, and depends on the gallery's size N.

    Attributes:
        curve: Scores of the mated probes against the largest scores of the non-mated ones: its FAR is FPIR, its TAR
            is TPIR.
        estimates: TPIR and FNIR at each FPIR, and what each given threshold reaches.
    """

    curve: Curve
    estimates: tuple[Estimate, ...]


def open_set(
    searches: Searches,
    fpirs: Sequence[float] = (0.1, 0.01),
    rank: int = 1,
    thresholds: Mapping[str, float] | None = None,
) -> OpenSet:
    """Measures how many are found while strangers are turned away.

    A mated probe is found where its identity is among the first ``rank`` and scores at least the threshold: DIR(tau,
    rank) = TPIR = 1 - FNIR. A non-mated probe is a false positive where anybody scores at least the threshold. Where an
    FPIR is less than one of the non-mated probes, TPIR is NaN and its note says so.

    Args:
        searches: Mated and non-mated ones.
        fpirs: At which TPIR is wanted; the threshold is the smallest that keeps FPIR at or below it on these probes.
        rank: How many candidates are looked at, from 1.
        thresholds: Chosen on other data, by name: ``val`` gives ``fpir_at_val``, ``tpir_at_val``, ``fnir_at_val``.

    Raises:
        ValueError: There are no mated probes, no non-mated ones, or the rank is below 1.
    """
    if rank < 1:
        raise ValueError(f"rank={rank}: expected at least 1.")
    curve = open_set_curve(searches, rank)
    scores, largest = found_scores(searches, rank), _largest(searches)
    people, strangers = searches.identity[searches.mated], searches.identity[~searches.mated]
    row = partial(share_of, mated=len(people), non_mated=len(strangers), gallery=searches.gallery)
    estimates = []
    for fpir in fpirs:
        names = f"tpir_at_fpir_{fpir:g}", f"fnir_at_fpir_{fpir:g}"
        try:
            allowed(fpir, len(strangers), "FPIR", "non-mated probes")
        except ValueError as error:
            nothing = Estimate("", float("nan"), None, len(people), len(strangers), searches.gallery, note=str(error))
            estimates += [replace(nothing, quantity=name) for name in names]
            continue
        point = curve.tar_at_far(fpir)
        found = _at(curve, scores, people, largest, strangers, point)
        shares, spread = (found.tpir, 1 - found.tpir), found.spread()
        estimates += [row(*each, spread, threshold=point.threshold) for each in zip(names, shares, strict=True)]
    for name, threshold in (thresholds or {}).items():
        fpir_found, fpir_spread = of_outcomes(largest >= threshold, strangers)
        tpir, spread = of_outcomes(scores >= threshold, people)
        estimates.append(row(f"fpir_at_{name}", fpir_found, fpir_spread, threshold=threshold))
        estimates.append(row(f"tpir_at_{name}", tpir, spread, threshold=threshold))
        estimates.append(row(f"fnir_at_{name}", 1 - tpir, spread, threshold=threshold))
    return OpenSet(curve, tuple(estimates))


class Found(NamedTuple):
    """TPIR where the strangers put the threshold.

    Attributes:
        tpir: Share of the mated probes that are found.
        pulls: (Q,) what each probe adds to its deviation, the mated ones first: a stranger's high score raises the
            threshold, which lowers TPIR.
        identity: (Q,) of each pull.
        mated: How many of them are of mated probes.
    """

    tpir: float
    pulls: NDArray[np.float64]
    identity: Identities
    mated: int

    def spread(self) -> Spread:
        """How far TPIR scatters: with the people, and with the strangers."""
        people, strangers = self.identity[: self.mated], self.identity[self.mated :]
        own, other = (Pulls(int(self.identity.max()) + 1) for _ in range(2))
        own.add(self.pulls[: self.mated], people)
        shared = bool(np.isin(strangers, people).any())  # then the same identities pull at both
        (own if shared else other).add(self.pulls[self.mated :], strangers)
        return own.spread() if shared else own.spread().plus(other.spread())


def at_fpir(searches: Searches, fpir: float, rank: int = 1) -> Found:
    """TPIR at the largest FPIR not above the one wanted.

    Args:
        searches: Mated and non-mated ones.
        fpir: The rate.
        rank: How many candidates are looked at.

    Raises:
        ValueError: There are no mated probes, no non-mated ones, or too few to show the rate.
    """
    curve = open_set_curve(searches, rank)
    people, strangers = searches.identity[searches.mated], searches.identity[~searches.mated]
    allowed(fpir, len(strangers), "FPIR", "non-mated probes")
    return _at(curve, found_scores(searches, rank), people, _largest(searches), strangers, curve.tar_at_far(fpir))


def _at(
    curve: Curve, scores: Floats, people: Identities, largest: Floats, strangers: Identities, point: Point
) -> Found:
    turned, found = largest >= point.threshold, scores >= point.threshold
    fpir, turned_away = of_outcomes(turned, strangers)
    slope, tpir = curve.slope(point.far, float(np.sqrt(turned_away.variance))), float(np.mean(found))
    pulls = np.concatenate([(found - tpir) / len(found), -slope * (turned - fpir) / len(turned)])
    return Found(tpir, pulls, np.concatenate([people, strangers]), len(people))


def open_set_curve(searches: Searches, rank: int = 1) -> Curve:
    """FPIR and TPIR at every threshold.

    Raises:
        ValueError: There are no mated probes, or no non-mated ones.
    """
    count = np.count_nonzero(searches.mated)
    if count in (0, len(searches)):
        raise ValueError(f"open set: {count} of {len(searches)} probes are enrolled: expected some and not all.")
    return Curve.of(found_scores(searches, rank), _largest(searches))


def found_scores(searches: Searches, rank: int) -> NDArray[np.float32]:
    """What each mated probe is found with: the similarity to its own identity, ``NEVER`` where others come first."""
    own = searches.own[searches.mated]
    return np.where(searches.rank[searches.mated] < rank, own, NEVER)


def _largest(searches: Searches) -> NDArray[np.float32]:
    """Each non-mated probe's similarity to the enrolled identity that is most like it."""
    return np.asarray(searches.rival_score[~searches.mated, 0])
