"""All findings of a study: every quantity of every arm, with what it gains over the first condition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bareface.errors import some
from bareface.pipeline import statistics
from bareface.pipeline.measures import quantities
from bareface.pipeline.measures.answered import Answered, Level
from bareface.pipeline.measures.arms import Arm, Floats, LotEmbeddings, Outcomes
from bareface.pipeline.measures.by_pair import PairAnswers
from bareface.pipeline.measures.by_photo import PhotoAnswers
from bareface.pipeline.measures.by_probe import ProbeAnswers
from bareface.pipeline.measures.plan import Plan
from bareface.pipeline.results import Change, Finding, PersonRow, Quantity
from bareface.recognition.protocols.intervals import LEAST


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
        self.outcomes, self.plan = outcomes, plan
        self.lot = lot if plan.verification_photos else None
        self.layout = outcomes.layout
        self.names, self.identity = _numbers(outcomes.identities)
        self.group = np.array([groups.get(str(name), "") for name in self.names], object)[self.identity]
        self.notes: list[str] = []
        self.known = dict(known)
        self.named = self._named()
        if lot is not None and self.lot is not None:
            place = {key: row for row, key in enumerate(outcomes.keys)}
            self.lot_rows = np.array([place[key] for key in lot.keys], np.int64)
            self.lot_identity = _numbers(outcomes.identities[self.lot_rows])[1]
            sizes = np.bincount(self.lot_identity)
            why = _incomparable(sizes, plan)
            if why:
                self.notes.append(f"verification, identification: {why}")
                self.lot = None
        elif not plan.verification_photos:
            self.notes.append("verification, identification: nothing is compared, verification_photos=0")
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
        if any(self.known.values()) and not named.any():
            self.known = dict.fromkeys(self.known, 0)
            self.notes.append("top-1, top-5, loss: no photo is of a person that all recognisers know")
        elif any(self.known.values()) and not named.all():
            strange = np.unique(self.outcomes.identities[~named].astype(str)).tolist()
            self.notes.append(f"top-1, top-5, loss: without photos of people that are not known: {some(strange)}")
        return named

    def _quantities(self) -> tuple[Quantity, ...]:
        """The first one is one that the first recogniser has."""
        named = quantities.of_names(max(self.known.values(), default=0))
        compared = [] if self.lot is None else quantities.of_lot(int(self.lot_identity.max()) + 1, self.plan)
        others = [*compared, *quantities.DESCRIBING]
        return (*named, *others) if self.known[next(iter(self.layout.seeds))] else (*others, *named)

    def answers(self, arm: Arm) -> list[Answered]:
        """Everything that an arm answered about recognition."""
        answers: list[Answered] = []
        values = self._by_photo(arm)
        if values:
            answers.append(PhotoAnswers(values, self.identity[self.named]))
        if self.lot is not None:
            vectors = self._vectors(self.lot, arm)
            answers.append(ProbeAnswers(*vectors, self.lot_identity, self.plan.fpirs))
            answers.append(PairAnswers(*vectors, self.lot_identity, self.plan.fars))
            for each in answers[-2:]:
                self._remark(each.notes)  # type: ignore[attr-defined]
        return answers

    def _vectors(self, lot: LotEmbeddings, arm: Arm) -> tuple[list[Floats], list[Floats]]:
        """Embeddings of photos, and of what they are compared with."""
        first = arm._replace(condition=self.layout.conditions[0])
        return lot.vectors(arm), lot.vectors(arm if self.plan.references == "shown" else first)

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

    def describing(self, arm: Arm) -> dict[str, Level]:
        """What is to be said of the condition itself: of the photos that it can be said of."""
        found: dict[str, Level] = {}
        if arm.condition == self.layout.conditions[0]:
            return found
        for name in [each.name for each in quantities.DESCRIBING]:
            values = self.outcomes.values(arm, name).astype(np.float64)
            if name != "moved":  # a matter of the condition: every respondent was shown the same
                values = values[:1]
            known = np.isfinite(values).all(0)
            if known.any() and (name == "moved" or arm.recogniser == next(iter(self.layout.seeds))):
                found |= PhotoAnswers({name: values[:, known]}, self.identity[known]).levels()
        return found

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
                own += self._rows(arm, "", self.describing(arm), {})
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
        groups = sorted(set(self.group) - {""})
        parts = {each: self._by_themselves(Arm(recogniser, each)) for each in self.layout.conditions if groups}
        rows: list[Finding] = []
        for name in groups:
            base: dict[int, PhotoAnswers] = {}
            for condition, found in parts.items():
                for number, (photos, columns) in enumerate(found):
                    chosen = self.group[photos] == name
                    if not chosen.any():
                        continue
                    identity = np.unique(self.identity[photos][chosen], return_inverse=True)[1]
                    answers = PhotoAnswers({key: each[:, chosen] for key, each in columns.items()}, identity)
                    changes = answers.changes(base[number], paired=True) if number in base else {}
                    base.setdefault(number, answers)
                    rows += self._rows(Arm(recogniser, condition), str(name), answers.levels(), changes)
        return rows

    def _by_themselves(self, arm: Arm) -> list[tuple[NDArray[np.int64], dict[str, NDArray[Any]]]]:
        """Rows of photos and (S, P) of what each is answered by itself: by name, and when it is looked up."""
        named = self._by_photo(arm)
        found = [(np.flatnonzero(self.named), named)] if named else []
        if self.lot is not None:
            probes = ProbeAnswers(*self._vectors(self.lot, arm), self.lot_identity, ())
            found.append((self.lot_rows[probes.probes], {"rank1": probes.right}))
        return found

    def people(self) -> list[PersonRow]:
        """The first quantity, identity by identity: top-1, or rank 1 of those looked up, or how far photos moved.

        Recognisers that do not have it, as they name nobody, have no rows.
        """
        rows = []
        for recogniser in self.layout.seeds:
            if self.quantities[0].name == "top1" and not self.known[recogniser]:
                continue
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
        first = self.quantities[0].name
        for photos, columns in self._by_themselves(arm):
            if first in columns:
                return photos, columns[first].mean(0)
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


def _incomparable(sizes: NDArray[np.int64], plan: Plan) -> str:
    """Why photos cannot be compared, of how many each person has; empty where they can."""
    if sizes.max(initial=0) < 2:
        return f"the {plan.stage} photos have one photo of each person; use other data.fractions or another stage"
    return f"the {plan.stage} photos are of a single person" if len(sizes) < 2 else ""


def _numbers(names: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    known, number = np.unique(names.astype(str), return_inverse=True)
    return known, number.astype(np.int64)
