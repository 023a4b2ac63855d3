"""All findings of a study: every quantity of every arm, with what it gains over the first condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bareface.errors import some
from bareface.pipeline import statistics
from bareface.pipeline.measures.answered import Answered, Level
from bareface.pipeline.measures.arms import Arm, LotEmbeddings, Outcomes
from bareface.pipeline.measures.by_pair import PairAnswers
from bareface.pipeline.measures.by_photo import PhotoAnswers
from bareface.pipeline.measures.by_probe import ProbeAnswers
from bareface.pipeline.results import Change, Finding, PersonRow, Quantity
from bareface.recognition.protocols.intervals import LEAST

References = Literal["shown", "original"]
DESCRIBING = ("kept", "moved", "matte_iou")
"""What says something of a condition, not of recognition: nothing is gained or lost in it."""


@dataclass(frozen=True)
class Plan:
    """What is measured of pairs and of galleries.

    Args:
        fars: At which TAR is wanted.
        fpirs: At which TPIR is wanted.
        references: What a photo is compared with: others ``shown`` in the same condition, or ``original`` ones (of the
            first condition), as where old pictures are enrolled and new ones are changed.

    Raises:
        ValueError: A rate is not between 0 and 1, or ``references`` is something else.
    """

    fars: Sequence[float]
    fpirs: Sequence[float]
    references: References

    def __post_init__(self) -> None:
        for name, rates in (("fars", self.fars), ("fpirs", self.fpirs)):
            wrong = [rate for rate in rates if not 0 < rate <= 1]
            if wrong:
                raise ValueError(f"{name}={list(rates)}: expected rates above 0 and at most 1.")
        if self.references not in get_args(References):
            raise ValueError(f"references={self.references}: expected shown or original.")


class Measurer:
    """Asks one arm after the other; what arms have in common is worked out once.

    Args:
        outcomes: What became of every photo.
        lot: Embeddings of photos that are compared with one another; None: nothing is compared.
        known: Number of identities that each recogniser names; 0 where it names none.
        groups: Group of each identity; empty where there are none.
        plan: What is measured.

    Attributes:
        quantities: What is measured, the first one first.
        notes: What is not, and why.
    """

    def __init__(
        self,
        outcomes: Outcomes,
        lot: LotEmbeddings | None,
        known: Mapping[str, int],
        groups: Mapping[str, str],
        plan: Plan,
    ) -> None:
        self.outcomes, self.lot, self.plan = outcomes, lot, plan
        self.layout = outcomes.layout
        self.names, self.identity = _numbers(outcomes.identities)
        self.group = np.array([groups.get(str(name), "") for name in self.names], object)[self.identity]
        self.notes: list[str] = []
        self.known = dict(known)
        self.named = self._named()
        if lot is not None:
            place = {key: row for row, key in enumerate(outcomes.keys)}
            self.lot_rows = np.array([place[key] for key in lot.keys], np.int64)
            self.lot_identity = _numbers(outcomes.identities[self.lot_rows])[1]
            sizes = np.bincount(self.lot_identity)
            if len(sizes) < 2 or sizes.max() < 2:
                self.notes.append("verification, identification: two photos of one person and another one are needed")
                self.lot = None
        self.quantities = self._quantities()

    def _named(self) -> NDArray[np.bool_]:
        """(P,) photos of identities that all recognisers know which name anybody."""
        named = np.ones(len(self.outcomes.keys), bool)
        first = self.layout.conditions[0]
        for recogniser, count in self.known.items():
            ranks = self.outcomes.values(Arm(recogniser, first), "rank")
            if count and np.isfinite(ranks).any():
                named &= np.isfinite(ranks).all(0)
            else:
                self.known[recogniser] = 0
                self.notes.append(f"{recogniser}: does not name these people: no top-1, top-5, loss")
        if any(self.known.values()) and not named.all():
            strange = np.unique(self.outcomes.identities[~named].astype(str)).tolist()
            self.notes.append(f"top-1, top-5, loss: without photos of people that are not known: {some(strange)}")
        return named

    def _quantities(self) -> tuple[Quantity, ...]:
        found = []
        most = max(self.known.values(), default=0)
        if most:
            found.append(Quantity("top1", "top-1", "share", "more", 1 / most))
            if most > 5:
                found.append(Quantity("top5", "top-5", "share", "more", 5 / most))
            found.append(Quantity("loss", "loss", "number", "less", float(np.log(most))))
        if self.lot is not None:
            enrolled = len(np.unique(self.lot_identity))
            found.append(Quantity("rank1", f"rank 1 of {enrolled:,}", "share", "more", 1 / enrolled))
            for rate in self.plan.fpirs:
                found.append(Quantity(f"tpir_at_fpir_{rate:g}", f"TPIR at FPIR {rate:g}", "share", "more", rate))
            for rate in self.plan.fars:
                found.append(Quantity(f"tar_at_far_{rate:g}", f"TAR at FAR {rate:g}", "share", "more", rate))
            found.append(Quantity("auc", "AUC", "share", "more", 0.5))
            found.append(Quantity("eer", "EER", "share", "less", 0.5))
            found.append(Quantity("cosine_gap", "mated minus non-mated cosine", "number", "more", 0.0))
        found.append(Quantity("moved", "embedding moved by (1 - cosine)", "number", None))
        found.append(Quantity("kept", "share of the photo shown", "share", None))
        found.append(Quantity("matte_iou", "IoU of matte and truth", "share", None))
        return tuple(found)

    def answers(self, arm: Arm) -> list[Answered]:
        """Everything that an arm answered about recognition."""
        answers: list[Answered] = []
        values = self._by_photo(arm)
        if values:
            answers.append(PhotoAnswers(values, self.identity[self.named]))
        if self.lot is not None:
            vectors = self.lot.vectors(arm)
            references = vectors
            if self.plan.references == "original":
                references = self.lot.vectors(arm._replace(condition=self.layout.conditions[0]))
            answers.append(ProbeAnswers(vectors, references, self.lot_identity, self.plan.fpirs))
            answers.append(PairAnswers(vectors, references, self.lot_identity, self.plan.fars))
            for each in answers[-2:]:
                self._remark(each.notes)  # type: ignore[attr-defined]
        return answers

    def _remark(self, notes: Mapping[str, str]) -> None:
        self.notes += [note for note in notes.values() if note not in self.notes]

    def _by_photo(self, arm: Arm) -> dict[str, NDArray[Any]]:
        if not self.known[arm.recogniser]:
            return {}
        rank = self.outcomes.values(arm, "rank")[:, self.named]
        found: dict[str, NDArray[Any]] = {"top1": rank < 1}
        if any(quantity.name == "top5" for quantity in self.quantities):
            found["top5"] = rank < 5
        return found | {"loss": self.outcomes.values(arm, "loss")[:, self.named].astype(np.float64)}

    def describing(self, arm: Arm) -> PhotoAnswers:
        """What is to be said of the condition itself."""
        first = self.layout.conditions[0]
        columns = list(DESCRIBING) if arm.recogniser == next(iter(self.layout.seeds)) else ["moved"]
        found = {}
        for name in columns:
            values = self.outcomes.values(arm, name).astype(np.float64)
            if arm.condition != first and np.isfinite(values).all():
                found[name] = values if name == "moved" else values[:1]
        return PhotoAnswers(found, self.identity)

    def findings(self) -> list[Finding]:
        """Recogniser by recogniser, condition by condition; p values are corrected for all conditions of a quantity."""
        found: list[Finding] = []
        for recogniser in self.layout.seeds:
            own: list[Finding] = []
            base: list[Answered] = []
            for condition in self.layout.conditions:
                arm = Arm(recogniser, condition)
                answers = self.answers(arm)
                for number, each in enumerate(answers):
                    changes = each.changes(base[number], paired=True) if base else {}
                    own += self._rows(arm, "", each.levels(), changes)
                base = base or answers
                own += self._rows(arm, "", self.describing(arm).levels(), {})
            found += corrected(own) + corrected(self._of_groups(recogniser))
        return found

    def _rows(self, arm: Arm, group: str, levels: Mapping[str, Level], changes: Mapping[str, Change]) -> list[Finding]:
        order = [quantity.name for quantity in self.quantities]
        rows = []
        for name in sorted(levels, key=order.index):
            level = levels[name]
            enough = level.spread.identities >= LEAST
            interval = level.make(level.value, level.spread) if enough else None
            note = "" if enough else f"{level.spread.identities} identities, an interval needs {LEAST}"
            rows.append(
                Finding(
                    *arm, group, name, level.value, interval, changes.get(name), level.photos,
                    level.spread.identities, note,
                )
            )  # fmt: skip
        return rows

    def _of_groups(self, recogniser: str) -> list[Finding]:
        """What every photo has by itself, group by group."""
        rows: list[Finding] = []
        if not self.known[recogniser]:
            return rows
        group = self.group[self.named]
        for name in sorted(set(group) - {""}):
            chosen = group == name
            identity = np.unique(self.identity[self.named][chosen], return_inverse=True)[1]
            base: PhotoAnswers | None = None
            for condition in self.layout.conditions:
                arm = Arm(recogniser, condition)
                values = {key: each[:, chosen] for key, each in self._by_photo(arm).items()}
                answers = PhotoAnswers(values, identity)
                changes = {} if base is None else answers.changes(base, paired=True)
                base = answers if base is None else base
                rows += self._rows(arm, str(name), answers.levels(), changes)
        return rows

    def people(self) -> list[PersonRow]:
        """The first quantity, identity by identity: top-1, or rank 1 of those looked up, or how far photos moved."""
        rows = []
        for recogniser in self.layout.seeds:
            columns: dict[str, NDArray[np.float64]] = {}
            place = np.arange(len(self.identity))
            for condition in self.layout.conditions:
                place, columns[condition] = self._of_people(Arm(recogniser, condition))
            identity = self.identity[place]
            photos = np.bincount(identity, minlength=len(self.names))
            sums = {
                name: np.bincount(identity, values, len(self.names)) / np.maximum(photos, 1)
                for name, values in columns.items()
            }
            group = np.full(len(self.names), "", object)
            group[self.identity] = self.group
            for number in np.flatnonzero(photos):
                values = {name: float(column[number]) for name, column in sums.items()}
                rows.append(
                    PersonRow(recogniser, str(self.names[number]), str(group[number]), int(photos[number]), values)
                )
        return rows

    def _of_people(self, arm: Arm) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Rows of photos, and the first quantity of each, mean over the seeds."""
        if self.known[arm.recogniser]:
            return np.flatnonzero(self.named), self._by_photo(arm)["top1"].mean(0)
        if self.lot is not None:
            probes = next(each for each in self.answers(arm) if isinstance(each, ProbeAnswers))
            return self.lot_rows[probes.probes], probes.right.mean(0)
        return np.arange(len(self.identity)), self.outcomes.values(arm, "moved").astype(np.float64).mean(0)


def corrected(findings: Sequence[Finding]) -> list[Finding]:
    """P values after Holm over the conditions that a recogniser's quantity was compared in, group by group."""
    families: dict[tuple[str, str, str], list[int]] = {}
    for place, each in enumerate(findings):
        if each.change is not None:
            families.setdefault((each.recogniser, each.group, each.quantity), []).append(place)
    found = list(findings)
    for places in families.values():
        changes = [change for place in places if (change := findings[place].change) is not None]
        for place, change, p in zip(places, changes, statistics.holm([each.p for each in changes]), strict=True):
            found[place] = replace(findings[place], change=replace(change, holm=p))
    return found


def _numbers(names: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    known, number = np.unique(names.astype(str), return_inverse=True)
    return known, number.astype(np.int64)
