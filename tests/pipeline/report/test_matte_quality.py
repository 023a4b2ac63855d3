from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from bareface.pipeline.report.matte_quality import panels
from bareface.pipeline.results import Study


def test_conditions_with_both_numbers_are_points(study: Study) -> None:
    first, second = panels(study)
    assert (first.recogniser, second.recogniser) == ("vggface2_resnet50", "removed_hair_black")
    assert [point.label for point in first.points] == [
        *("removed face black", "removed hair black", "removed person black", "removed hair white"),
        *("removed hair blur", "removed hair noise", "removed hair true", "random mask"),
    ]
    worst = first.points[-1]
    assert (worst.quality, worst.change, worst.low) == pytest.approx((33, -44, -46.2))
    assert worst.text == "IoU 33.0 %, change \u221244.00 [\u221246.20, \u221241.80]"


def test_numbers_of_points_near_each_other_stand_apart(study: Study) -> None:
    crowded = [point for point in panels(study)[0].points if point.quality == pytest.approx(91.4)]
    heights = sorted(point.line for point in crowded)
    assert len(heights) == 4
    assert all(after - before >= 1 for before, after in pairwise(heights))


def test_without_masks_there_is_no_panel_and_one_quality_serves_all_recognisers(
    edited: Callable[..., Study], study: Study, bare_study: Study
) -> None:
    assert panels(bare_study) == []
    first = study.recognisers[0].name
    shared = edited(
        findings=tuple(each for each in study.findings if each.quantity != "matte_iou" or each.recogniser == first)
    )
    assert [len(panel.points) for panel in panels(shared)] == [8, 8]
    holes = edited(
        findings=tuple(
            replace(each, value=float("nan")) if each.quantity == "matte_iou" else each for each in study.findings
        )
    )
    assert panels(holes) == []
