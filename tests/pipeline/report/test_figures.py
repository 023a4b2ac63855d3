from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from bareface.pipeline.report.figures import write_figures
from bareface.pipeline.results import Study


def words(path: Path) -> list[str]:
    """All text of an SVG file."""
    return ["".join(each.itertext()).strip() for each in ElementTree.parse(path).iter() if each.tag.endswith("}text")]


@pytest.mark.parametrize("name", ["conditions", "changes", "matte_quality"])
def test_each_figure_is_a_png_and_an_svg_that_says_what_data(written: Path, name: str) -> None:
    with Image.open(written / "figures" / f"{name}.png") as picture:
        assert picture.format == "PNG" and picture.width >= 1000
    shown = words(written / "figures" / f"{name}.svg")
    assert any("synthetic data" in each for each in shown)
    assert any("top-1" in each for each in shown)
    assert ("original" in shown) == (name == "conditions")
    assert any("removed hair black" in each for each in shown)


def test_a_study_without_masks_or_changes_has_fewer_figures(
    tmp_path: Path, edited: Callable[..., Study], study: Study, bare_study: Study
) -> None:
    write_figures(bare_study, tmp_path / "bare")
    assert {path.name for path in (tmp_path / "bare").iterdir()} == {
        *("conditions.png", "conditions.svg", "changes.png", "changes.svg"),
    }
    assert not any("synthetic" in each for each in words(tmp_path / "bare" / "changes.svg"))
    alone = edited(findings=study.findings[:1], conditions=study.conditions[:1])
    write_figures(alone, tmp_path / "alone")
    assert {path.name for path in (tmp_path / "alone").iterdir()} == {"conditions.png", "conditions.svg"}


def test_names_are_no_formulas_and_files_are_the_same_again(
    tmp_path: Path, edited: Callable[..., Study], study: Study
) -> None:
    name = "a $b$ <c>"
    cards = (study.conditions[0], replace(study.conditions[1], name=name))
    findings = tuple(
        replace(each, condition=name if each.condition == "removed_face_black" else each.condition)
        for each in study.findings
        if each.condition in ("original", "removed_face_black") and each.quantity == "top1"
    )
    odd = edited(conditions=cards, findings=findings)
    for folder in ("one", "other"):
        write_figures(odd, tmp_path / folder)
    assert name in words(tmp_path / "one" / "conditions.svg")
    one, other = ((tmp_path / folder / "changes.svg").read_bytes() for folder in ("one", "other"))
    assert one == other
