import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bareface.pipeline.report.page import page
from bareface.pipeline.report.tables import (
    Table,
    basis,
    conditions_table,
    contrasts_table,
    leakage_table,
)
from bareface.pipeline.results import Leakage, Study

TOP1, TOP5, LOSS, TAR, MOVED, IOU = range(6)


def row(table: Table, *start: str) -> list[str]:
    """The texts of the row that begins with these."""
    found = [[cell.words for cell in cells] for cells in table.rows]
    return next(cells for cells in found if tuple(cells[: len(start)]) == start)


def test_a_condition_has_value_change_and_tests_beside_each_other(study: Study) -> None:
    table = conditions_table(study, study.quantities[TOP1])
    assert [column.title for column in table.columns] == [
        *("condition", "recogniser", "top-1 [95 %]", "change, points [95 %]", "p (Holm)", "detectable"),
        *("gained", "lost", "p (McNemar)"),
    ]
    assert row(table, "removed hair black", "vggface2_resnet50")[2:] == [
        *("78.80 % [76.60, 81.00]", "\u221212.00 [\u221214.20, \u22129.80]", "0.002 *", "3.08"),
        *("11", "107", "< 0.001"),
    ]
    assert row(table, "swapped same", "vggface2_resnet50")[4:] == ["0.630", "3.08", "11", "27", "0.410"]
    assert row(table, "original", "vggface2_resnet50")[2:5] == ["90.80 % [88.60, 93.00]", "reference", "\u2013"]
    assert len(table.rows) == 24 and not table.remarks
    assert {len(cells) for cells in table.rows} == {9}


def test_numbers_have_no_counts_and_cells_know_what_to_sort_by(study: Study) -> None:
    table = conditions_table(study, study.quantities[LOSS])
    assert row(table, "removed hair black", "vggface2_resnet50")[2:] == [
        *("0.892 [0.870, 0.914]", "+0.480 [+0.392, +0.568]", "0.002 *", "0.123"),
    ]
    cells = next(cells for cells in table.rows if cells[0].text == "removed hair black")
    assert [cell.sort for cell in cells] == [
        *("removed hair black", "vggface2_resnet50", pytest.approx(0.892), pytest.approx(0.48), 0.0021),
        pytest.approx(0.1232),
    ]


def test_a_cell_without_an_interval_says_why(bare_study: Study) -> None:
    table = conditions_table(bare_study, bare_study.quantities[TOP1])
    assert [column.title for column in table.columns][:2] == ["condition", "top-1 [95 %]"]
    assert row(table, "removed hair true")[1:4] == [
        *("80.80 % no interval (1)", "\u221210.00 no interval (1)", "\u2013"),
    ]
    assert table.remarks == ["5 identities are too few for an interval: expected at least 10"]
    table = conditions_table(bare_study, bare_study.quantities[TAR])
    assert row(table, "original")[1] == "\u2013 no interval (1)"
    assert table.rows[0][1].sort is None


def test_without_a_note_too_few_identities_are_the_reason(bare_study: Study) -> None:
    noteless = replace(bare_study, findings=tuple(replace(each, note="") for each in bare_study.findings))
    assert conditions_table(noteless, noteless.quantities[TOP1]).remarks == ["too few identities for an interval"]


def test_what_is_not_compared_has_a_dash(study: Study) -> None:
    table = conditions_table(study, study.quantities[MOVED])
    assert row(table, "background only", "vggface2_resnet50")[2:] == ["0.574 [0.564, 0.584]", *["\u2013"] * 3]


def test_groups_stand_apart_with_their_photos(study: Study) -> None:
    table = conditions_table(study, study.quantities[TOP1], grouped=True)
    assert row(table, "removed hair black", "vggface2_resnet50", "f")[3:] == [
        *("400", "77.60 % [74.50, 80.70]", "\u221213.20 [\u221216.30, \u221210.10]", "0.002 *", "4.34"),
    ]
    assert not conditions_table(study, study.quantities[LOSS], grouped=True).rows


def test_contrasts_name_both_arms(study: Study) -> None:
    table = contrasts_table(study, study.quantities[TOP1])
    assert row(table, "mismatch") == [
        *("mismatch", "removed_hair_black: removed hair black", "vggface2_resnet50: removed hair black"),
        *("\u22121.30 [\u22123.40, +0.80]", "0.630", "2.94", "11", "21", "0.410"),
    ]
    assert row(table, "BG-Gap")[1:4] == [
        *("vggface2_resnet50: swapped other", "vggface2_resnet50: swapped same", "+6.00 [+4.00, +8.00]"),
    ]
    assert not contrasts_table(study, study.quantities[TOP5]).rows


def test_with_one_recogniser_nobody_is_named(edited: Callable[..., Study], study: Study) -> None:
    name = study.recognisers[0].name
    alone = edited(
        recognisers=study.recognisers[:1],
        findings=tuple(each for each in study.findings if each.recogniser == name),
        contrasts=study.contrasts[:1],
    )
    assert row(contrasts_table(alone, alone.quantities[TOP1]), "BG-Gap")[1:3] == ["swapped other", "swapped same"]
    assert conditions_table(alone, alone.quantities[TOP1]).columns[1].title == "top-1 [95 %]"


def test_leakage_counts_photos_and_identities(edited: Callable[..., Study], study: Study) -> None:
    assert row(leakage_table(study), "vggface2_resnet50")[1:3] == ["0", "40"]
    unknown = edited(leakage=(Leakage("found", None, 0, "not compared"),))
    assert row(leakage_table(unknown), "found")[1:3] == ["\N{EN DASH}", "0"], "nothing is known, which is not 0"


def test_a_quantity_names_the_photos_that_it_rests_on(edited: Callable[..., Study], study: Study) -> None:
    top1, top5 = study.quantities[:2]
    findings = tuple(
        replace(each, photos=790, identities=39) if each.quantity == "top1" and not each.group else each
        for each in study.findings
    )
    changed = edited(findings=findings)
    assert basis(changed, top1) == "790 photos of 39 identities"
    assert basis(changed, top5) == basis(study, top1) == "800 photos of 40 identities"
    captions = re.findall(r'<p class="caption">([^<]*)</p>', page(changed, Path()))
    assert all(text.endswith(" (synthetic data)") for text in captions[:-1]), "all but leakage"
    assert any(text.startswith("top-1, more is better") and "on 790 photos of 39" in text for text in captions)
    assert not any("on 800 photos" in text for text in captions)
    mixed = edited(findings=(*findings, replace(findings[0], photos=3)))
    assert basis(mixed, top1) == "800 photos of 40 identities", "where conditions differ, the study's"
