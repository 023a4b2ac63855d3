"""Runs of ``bareface pipeline``: what each study found, and which studies are of the same photos."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bareface.pipeline.results import Quantity, Study
from bareface.tasks.runs import Run
from bareface.tasks.settings import differing, setting

UNKNOWN = "not finished"
"""Heading of studies that failed and whose photos are those of no other."""
Photos = tuple[str, str, int]


@dataclass(frozen=True)
class StudyRun:
    """One study.

    Attributes:
        run: What was asked.
        study: What was found; None where the run failed.
    """

    run: Run
    study: Study | None


@dataclass(frozen=True)
class Group:
    """Studies of the same photos, which compare.

    Attributes:
        heading: What the photos are.
        entries: Those that failed last.
        quantity: What the studies are compared in: the first that all of them measured. None where all failed.
    """

    heading: str
    entries: tuple[StudyRun, ...]
    quantity: Quantity | None

    @property
    def studies(self) -> list[tuple[Run, Study]]:
        """Those that did not fail."""
        return [(each.run, each.study) for each in self.entries if each.study is not None]

    @property
    def conditions(self) -> list[str]:
        """Names of all conditions but the first, which others are compared with."""
        return list(dict.fromkeys(card.name for _, study in self.studies for card in study.conditions[1:]))


def studies_among(runs: Sequence[Run]) -> tuple[list[StudyRun], list[Run]]:
    """Sorts runs into studies, those that failed among them, and all others.

    Raises:
        DataError: A ``study.json`` is not the result of a study.
    """
    studies, others = [], []
    for run in runs:
        path = run.folder / "study.json"
        if run.results is None and (path.is_file() or run.config.get("task") == "pipeline"):
            studies.append(StudyRun(run, None))
        elif path.is_file():
            studies.append(StudyRun(run, Study.read(path)))
        else:
            others.append(run)
    return studies, others


def groups_of(entries: Sequence[StudyRun]) -> list[Group]:
    """Studies of the same photos beside each other, in the order of the first of each.

    Photos are the same where the data, the stage and the number of photos that were to be shown are. How many were
    left out does not matter: that depends on the mattes, which may be what is compared.
    """
    found: dict[Photos, list[StudyRun]] = {}
    for each in entries:
        if each.study is not None:
            found.setdefault((*_source(each.run), _asked_for(each.study)), []).append(each)
    failed: list[StudyRun] = []
    for each in entries:
        if each.study is None:
            place = next((key for key in found if key[:2] == _source(each.run)), None)
            (failed if place is None else found[place]).append(each)
    options = [name for name in differing([each.run for each in entries]) if name.split(".")[0] in ("data", "stage")]
    groups = [Group(_heading(each, options), tuple(each), _quantity(each)) for each in found.values()]
    return [*groups, Group(UNKNOWN, tuple(failed), None)] if failed else groups


def _source(run: Run) -> tuple[str, str]:
    return json.dumps(run.config.get("data"), sort_keys=True, default=str), str(run.config.get("stage"))


def _asked_for(study: Study) -> int:
    return study.photos + sum(study.left_out.values())


def _heading(entries: Sequence[StudyRun], options: Sequence[str]) -> str:
    run, study = entries[0].run, entries[0].study
    assert study is not None, "a group begins with a study that did not fail"
    words = [study.data, *(f"{name}={setting(run, name)}" for name in options), f"{_asked_for(study):,} photos"]
    note = f" ({study.note})" if study.note and study.note not in study.data else ""
    return ", ".join(words) + note


def _quantity(entries: Sequence[StudyRun]) -> Quantity:
    studies = [each.study for each in entries if each.study is not None]
    measured = [{finding.quantity for finding in study.findings} for study in studies]
    quantities = studies[0].quantities
    return next((each for each in quantities if all(each.name in names for names in measured)), quantities[0])
