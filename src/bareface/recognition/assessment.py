"""All protocols on the embeddings of one system."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bareface.data.pairs import Pairs
from bareface.errors import DataError, some
from bareface.recognition.assessment_plan import Plan, Protocol
from bareface.recognition.embeddings import Embeddings
from bareface.recognition.protocols import open_set as open_sets
from bareface.recognition.protocols import partition
from bareface.recognition.protocols.curve import Curve
from bareface.recognition.protocols.folds import fold_accuracy
from bareface.recognition.protocols.identification import identify
from bareface.recognition.protocols.intervals import Estimate
from bareface.recognition.protocols.scores import AllPairs, ListedPairs, pair_scores
from bareface.recognition.protocols.search import Searches, each_left_out, search
from bareface.recognition.protocols.templates import pool
from bareface.recognition.protocols.verification import differences, verify


@dataclass
class Assessment:
    """What was measured.

    Attributes:
        rows: Protocol and estimate.
        curves: ROC of each protocol that has one; of an open set it is TPIR over FPIR.
        cmc: (N,) share of probes found among the first 1, 2, ..., N; None where nobody was identified.
        notes: What was left out, and why.
    """

    rows: list[tuple[Protocol, Estimate]] = field(default_factory=list)
    curves: dict[Protocol, Curve] = field(default_factory=dict)
    cmc: NDArray[np.float64] | None = None
    notes: list[str] = field(default_factory=list)


def assess(test: Embeddings, val: Embeddings | None, pairs: Pairs | None, plan: Plan) -> Assessment:
    """Runs the protocols.

    Thresholds are chosen on the validation pictures and applied to the test pictures where there are any; where they
    do not suffice a note says why.

    Args:
        test: The pictures that are reported on.
        val: Others, to choose thresholds on.
        pairs: The pairs of a list, all of whose pictures are in ``test``.
        plan: What is measured.

    Raises:
        ValueError: The pictures do not suffice for a protocol that was asked for, or for any.
        DataError: The pairs are missing, or one of their pictures is.
    """
    protocols, left_out = plan.measurable(test.identities or None, pairs is not None)
    found = Assessment(notes=left_out)
    steps = {"verification": _verification, "identification": _identification, "open_set": _open_set}
    for protocol in protocols:
        if protocol == "pairs":
            _pairs(found, test, pairs, plan)
        else:
            steps[protocol](found, test, val, plan)
    return found


def difference(first: Embeddings, second: Embeddings, fars: Sequence[float]) -> Assessment:
    """What verification of all pairs gains from a first system to a second one, on the same pictures.

    Args:
        first: The pictures as one system embeds them.
        second: The same pictures, in the same order, as the other does.
        fars: At which TAR is compared; those that these pairs cannot show are left out.
    """
    arms = [AllPairs(each.vectors, each.identities) for each in (first, second)]
    shown = [far for far in fars if far * len(arms[0].non_mated()) >= 1]
    return Assessment([("verification", each) for each in differences(arms[0], arms[1], shown)])


def _pairs(found: Assessment, test: Embeddings, pairs: Pairs | None, plan: Plan) -> None:
    assert pairs is not None  # the plan was checked
    listed = listed_pairs(test, pairs)
    known = bool(test.identities)
    if not known:
        found.notes.append("pairs: the data does not name identities, so there are no intervals by identity")
    folds = fold_accuracy(listed, pairs.fold, known)
    found.rows.append(("pairs", folds.accuracy))
    counts = folds.accuracy.mated, folds.accuracy.non_mated
    note = f"over {len(folds.accuracies)} folds"
    found.rows.append(("pairs", Estimate("accuracy_standard_error", folds.standard_error, None, *counts, note=note)))
    verified = verify(listed, plan.fars, intervals=known)
    found.curves["pairs"] = verified.curve
    found.rows += [("pairs", estimate) for estimate in verified.estimates]


def listed_pairs(table: Embeddings, pairs: Pairs) -> ListedPairs:
    """Similarities of listed pairs; where identities are not known, every mated pair is an identity of its own.

    Raises:
        DataError: A picture of a pair is missing: a pair that cannot be answered is not left out.
    """
    place = {key: row for row, key in enumerate(table.keys)}
    missing = sorted({str(key) for key in np.concatenate([pairs.first, pairs.second])} - place.keys())
    if missing:
        raise DataError(
            f"pairs: {len(missing)} of their pictures have no embedding: {some(missing)}. None is left out."
        )
    rows = [np.array([place[str(key)] for key in side], np.int64) for side in (pairs.first, pairs.second)]
    scores = pair_scores(table.vectors, *rows)
    if table.identities:
        _, numbers = np.unique(np.array(table.identities), return_inverse=True)
        first, second = (numbers[side].astype(np.int64) for side in rows)
        wrong = np.count_nonzero((first == second) != pairs.mated)
        if wrong:
            raise DataError(
                f"pairs: {wrong} of {len(pairs)} are mated in the list and not by identity, or contrariwise."
            )
        return ListedPairs(scores, first, second)
    first = 2 * np.arange(len(pairs))
    return ListedPairs(scores, first, np.where(pairs.mated, first, first + 1))


def _verification(found: Assessment, test: Embeddings, val: Embeddings | None, plan: Plan) -> None:
    def choose(pictures: Embeddings) -> dict[str, float]:
        pairs = AllPairs(pictures.vectors, pictures.identities)
        estimates = verify(pairs, plan.fars, intervals=False).estimates
        return {
            each.quantity.replace("tar_at", "val"): each.threshold
            for each in estimates
            if "tar_at" in each.quantity and each.threshold is not None
        }

    thresholds = _chosen(found, "verification", val, choose)
    verified = verify(AllPairs(test.vectors, test.identities), plan.fars, thresholds)
    found.curves["verification"] = verified.curve
    found.rows += [("verification", estimate) for estimate in verified.estimates]


def _identification(found: Assessment, test: Embeddings, val: Embeddings | None, plan: Plan) -> None:
    parts = partition.closed_set(test.identities, plan.gallery_pictures)
    identified = identify(_search(test, parts, max(plan.ranks, default=1)), plan.ranks)
    found.cmc = identified.cmc
    found.rows += [("identification", estimate) for estimate in identified.estimates]


def _open_set(found: Assessment, test: Embeddings, val: Embeddings | None, plan: Plan) -> None:
    def searches(pictures: Embeddings) -> Searches:
        if plan.strangers == "each":
            return each_left_out(_search(pictures, plan.divided(pictures.identities), 1))
        return _search(pictures, plan.divided(pictures.identities), plan.rank)

    def choose(pictures: Embeddings) -> dict[str, float]:
        estimates = open_sets.open_set(searches(pictures), plan.fpirs, plan.rank).estimates
        return {
            each.quantity.replace("tpir_at", "val"): each.threshold
            for each in estimates
            if "tpir" in each.quantity and each.threshold is not None
        }

    thresholds = _chosen(found, "open_set", val, choose)
    opened = open_sets.open_set(searches(test), plan.fpirs, plan.rank, thresholds)
    found.curves["open_set"] = opened.curve
    found.rows += [("open_set", estimate) for estimate in opened.estimates]


def _chosen(
    found: Assessment, protocol: Protocol, val: Embeddings | None, choose: Callable[[Embeddings], dict[str, float]]
) -> dict[str, float]:
    """Thresholds from validation; none, and a note, where it does not suffice."""
    if val is None or not len(val):
        found.notes.append(f"{protocol}: there are no validation pictures, so no threshold is chosen on them")
        return {}
    try:
        thresholds = choose(val)
    except ValueError as error:
        found.notes.append(f"{protocol}: no threshold is chosen on validation: {error}")
        return {}
    if not thresholds:
        found.notes.append(f"{protocol}: validation has too few non-mated trials for any target")
    return thresholds


def _search(pictures: Embeddings, parts: partition.Partition, depth: int) -> Searches:
    names = np.array(pictures.identities)
    enrolled, vectors = names[parts.gallery], pictures.vectors[parts.gallery]
    templates = pool(vectors, enrolled, parts.gallery)
    return search(pictures.vectors[parts.probes], names[parts.probes], templates, np.unique(enrolled), depth)
