import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bareface.pipeline.report.flat import write_flat
from bareface.pipeline.results import PersonRow, Study


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_findings_are_one_row_each_in_csv_and_parquet(written: Path, study: Study) -> None:
    found = rows(written / "findings.csv")
    assert len(found) == len(study.findings)
    row = next(each for each in found if each["condition"] == "removed_hair_black" and each["quantity"] == "top1")
    assert {name: float(row[name]) for name in ("value", "low", "change", "change_high", "smallest")} == pytest.approx(
        {"value": 0.788, "low": 0.766, "change": -0.12, "change_high": -0.098, "smallest": 0.0308}
    )
    assert [
        row[name] for name in ("recogniser", "group", "unit", "holm", "gained", "lost", "photos", "identities")
    ] == [*("vggface2_resnet50", "", "share", "0.0021", "11", "107", "800", "40")]
    original = found[0]
    assert original["condition"] == "original" and original["change"] == "" and original["lost"] == ""
    table = pq.read_table(written / "findings.parquet")
    assert table.column_names == list(found[0])
    assert table.column("value").to_pylist() == pytest.approx([float(each["value"]) for each in found])
    assert table.column("lost").to_pylist()[0] is None


def test_contrasts_and_people(written: Path, study: Study) -> None:
    gap = rows(written / "contrasts.csv")[0]
    assert (gap["question"], gap["against_condition"], gap["condition"]) == ("BG-Gap", "swapped_other", "swapped_same")
    assert float(gap["change"]) == pytest.approx(0.06) and "gives away" in gap["meaning"]
    people = pq.read_table(written / "people.parquet").to_pylist()
    assert len(people) == 2 * 40 * 12
    # Identity 1 in the second condition: 1 - 0.05 * ((7 + 3) % 20)
    assert people[13] == {
        **{"recogniser": "vggface2_resnet50", "identity": "n000001", "group": "m", "photos": 20},
        **{"condition": "removed_face_black", "value": 0.5},
    }


def test_what_is_missing_is_empty_and_names_survive(tmp_path: Path, edited: Callable[..., Study], study: Study) -> None:
    name = 'a "b", c\nd'
    person = PersonRow(name, name, "", 1, {"original": math.nan})
    write_flat(
        edited(findings=(replace(study.findings[0], recogniser=name, value=math.nan),), people=(person,)), tmp_path
    )
    (row,) = rows(tmp_path / "findings.csv")
    assert row["recogniser"] == name and row["value"] == ""
    assert pq.read_table(tmp_path / "people.parquet").to_pylist()[0]["value"] is None
    assert pq.read_table(tmp_path / "findings.parquet").column("value").to_pylist() == [None]
