"""The numbers of a study as flat rows: one a finding, a contrast, or an identity."""

import math
from dataclasses import fields
from typing import Any

from bareface.pipeline.results import Change, Contrast, Study
from bareface.recognition.protocols.intervals import Interval

CHANGE = ("change", "change_low", "change_high", "p", "holm", "smallest", "gained", "lost", "mcnemar")
FINDINGS = (
    *("recogniser", "condition", "group", "quantity", "unit", "value", "low", "high"),
    *CHANGE,
    *("photos", "identities", "note"),
)
CONTRASTS = (
    *("question", "quantity", "unit", "against_recogniser", "against_condition", "recogniser", "condition"),
    *CHANGE,
    "meaning",
)


def findings_rows(study: Study) -> list[dict[str, Any]]:
    """One row a finding, its change beside it; None for what there is not."""
    units = {each.name: each.unit for each in study.quantities}
    rows = []
    for each in study.findings:
        row: dict[str, Any] = {name: getattr(each, name) for name in ("recogniser", "condition", "group", "quantity")}
        row |= {"unit": units[each.quantity], "value": _finite(each.value), **_ends("", each.interval)}
        row |= _change(each.change) | {name: getattr(each, name) for name in ("photos", "identities", "note")}
        rows.append(row)
    return rows


def contrasts_rows(study: Study) -> list[dict[str, Any]]:
    """One row a contrast."""
    units = {each.name: each.unit for each in study.quantities}
    plain = [each.name for each in fields(Contrast) if each.name != "change"]
    return [
        {name: getattr(each, name) for name in plain} | {"unit": units[each.quantity]} | _change(each.change)
        for each in study.contrasts
    ]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _ends(before: str, interval: Interval | None) -> dict[str, float | None]:
    low, high = (None, None) if interval is None else (_finite(interval.low), _finite(interval.high))
    return {f"{before}low": low, f"{before}high": high}


def _change(change: Change | None) -> dict[str, Any]:
    if change is None:
        return dict.fromkeys(CHANGE)
    row: dict[str, Any] = {"change": _finite(change.value), **_ends("change_", change.interval)}
    row |= {name: _finite(getattr(change, name)) for name in ("p", "holm", "smallest", "mcnemar")}
    return row | {"gained": change.gained, "lost": change.lost}
