"""The numbers of a study as flat files: one row a finding, a contrast, or an identity in a condition."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bareface.io.atomic import atomic_path
from bareface.pipeline.results import Change, Study
from bareface.recognition.protocols.intervals import Interval

TEXT, NUMBER, COUNT = pa.string(), pa.float64(), pa.int64()
CHANGE = {
    **{name: NUMBER for name in ("change", "change_low", "change_high", "p", "holm", "smallest")},
    **{"gained": COUNT, "lost": COUNT, "mcnemar": NUMBER},
}
FINDINGS = pa.schema(
    {
        **{name: TEXT for name in ("recogniser", "condition", "group", "quantity", "unit")},
        **{name: NUMBER for name in ("value", "low", "high")},
        **CHANGE,
        **{"photos": COUNT, "identities": COUNT, "note": TEXT},
    }
)
CONTRASTS = pa.schema(
    {
        **{name: TEXT for name in ("question", "quantity", "unit", "against_recogniser", "against_condition")},
        **{"recogniser": TEXT, "condition": TEXT},
        **CHANGE,
        "meaning": TEXT,
    }
)
PEOPLE = pa.schema(
    {"recogniser": TEXT, "identity": TEXT, "group": TEXT, "photos": COUNT, "condition": TEXT, "value": NUMBER}
)
"""The value is that of the first quantity."""


def findings_rows(study: Study) -> list[dict[str, Any]]:
    """One row a finding, its change beside it; None for what there is not."""
    units = {each.name: each.unit for each in study.quantities}
    rows = []
    for each in study.findings:
        row = {name: getattr(each, name) for name in ("recogniser", "condition", "group", "quantity")}
        row |= {"unit": units[each.quantity], "value": _finite(each.value), **_ends(each.interval)}
        row |= _change(each.change) | {name: getattr(each, name) for name in ("photos", "identities", "note")}
        rows.append(row)
    return rows


def contrasts_rows(study: Study) -> list[dict[str, Any]]:
    """One row a contrast."""
    units = {each.name: each.unit for each in study.quantities}
    rows = []
    for each in study.contrasts:
        row = {item.name: getattr(each, item.name) for item in fields(each) if item.name != "change"}
        rows.append(row | {"unit": units[each.quantity]} | _change(each.change))
    return rows


def people_rows(study: Study) -> list[dict[str, Any]]:
    """One row an identity, recogniser and condition."""
    return [
        {
            **{name: getattr(each, name) for name in ("recogniser", "identity", "group", "photos")},
            **{"condition": condition, "value": _finite(value)},
        }
        for each in study.people
        for condition, value in each.values.items()
    ]


def write_flat(study: Study, folder: Path) -> None:
    """Writes ``findings.csv``, ``findings.parquet``, ``contrasts.csv`` and ``people.parquet``."""
    findings = findings_rows(study)
    _write_csv(folder / "findings.csv", FINDINGS, findings)
    _write_parquet(folder / "findings.parquet", FINDINGS, findings)
    _write_csv(folder / "contrasts.csv", CONTRASTS, contrasts_rows(study))
    _write_parquet(folder / "people.parquet", PEOPLE, people_rows(study))


def _write_csv(path: Path, schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, schema.names)
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> None:
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), temporary)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _ends(interval: Interval | None, before: str = "") -> dict[str, float | None]:
    low, high = (None, None) if interval is None else (_finite(interval.low), _finite(interval.high))
    return {f"{before}low": low, f"{before}high": high}


def _change(change: Change | None) -> dict[str, float | int | None]:
    if change is None:
        return dict.fromkeys(CHANGE)
    return {
        "change": _finite(change.value),
        **_ends(change.interval, "change_"),
        **{name: _finite(getattr(change, name)) for name in ("p", "holm", "smallest", "mcnemar")},
        **{name: getattr(change, name) for name in ("gained", "lost")},
    }
