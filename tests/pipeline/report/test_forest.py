from collections.abc import Callable
from dataclasses import replace
from math import nan

import pytest

from bareface.pipeline.report.forest import axis_of, conditions_forest, contrasts_forest
from bareface.pipeline.results import Study


def test_a_strip_a_condition_and_a_mark_a_recogniser(study: Study) -> None:
    forest = conditions_forest(study, study.quantities[0])
    assert forest is not None
    assert [strip.label for strip in forest.strips][:2] == ["removed face black", "removed hair black"]
    assert len(forest.strips) == 11 and all(len(strip.marks) == 2 for strip in forest.strips)
    first, second = forest.strips[1].marks
    assert (first.series, second.series) == (0, 1)
    assert (first.value, first.low, first.high) == pytest.approx((-12, -14.2, -9.8))
    assert first.text == "\u221212.00 [\u221214.20, \u22129.80]" and first.significant
    assert not next(strip for strip in forest.strips if strip.label == "swapped same").marks[0].significant
    assert forest.axis.ticks == (-80, -60, -40, -20, 0)


def test_groups_and_contrasts_have_strips_of_their_own(study: Study) -> None:
    groups = conditions_forest(study, study.quantities[0], grouped=True)
    contrasts = contrasts_forest(study, study.quantities[0])
    assert groups is not None and contrasts is not None
    assert [strip.label for strip in groups.strips][:2] == ["removed face black, f", "removed face black, m"]
    assert [(strip.label, strip.detail, len(strip.marks)) for strip in contrasts.strips] == [
        ("BG-Gap", "swapped other → swapped same", 2),
        ("information lost", "vggface2_resnet50: original → removed_hair_black: removed hair black", 1),
        ("mismatch", "removed_hair_black: removed hair black → vggface2_resnet50: removed hair black", 1),
    ]


def test_nothing_compared_is_no_forest_and_no_interval_is_a_mark_alone(
    study: Study, bare_study: Study, edited: Callable[..., Study]
) -> None:
    assert conditions_forest(study, study.quantities[4]) is None
    assert contrasts_forest(bare_study, bare_study.quantities[0]) is None
    forest = conditions_forest(bare_study, bare_study.quantities[0])
    assert forest is not None
    (mark,) = forest.strips[0].marks
    assert (mark.low, mark.high, mark.significant, mark.text) == (None, None, False, "\u221210.00 no interval")
    lost = edited(contrasts=(replace(study.contrasts[0], change=replace(study.contrasts[0].change, value=nan)),))
    assert contrasts_forest(lost, lost.quantities[0]) is None


def test_zero_and_all_ends_are_on_the_axis() -> None:
    axis = axis_of([3.0, 5.0])
    assert axis.low == pytest.approx(-0.3) and axis.high == pytest.approx(5.3)
    assert axis.place(axis.low) == 0 and axis.place(axis.high) == 100
    assert axis_of([0.0]).place(0) == 50
    assert axis_of([80.0, 90.0], zero=False).low == pytest.approx(79.4)
