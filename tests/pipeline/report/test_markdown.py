import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bareface.pipeline.report.markdown import write_markdown
from bareface.pipeline.results import Study


def test_the_report_has_answer_tables_and_what_others_measured(written: Path, study: Study) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# study of removed backgrounds (synthetic data)\n\n**Without the background, top-1 falls")
    row = (
        "| removed hair black | vggface2\\_resnet50 | 78.80 % \\[76.60, 81.00\\] | "
        "\u221212.00 \\[\u221214.20, \u22129.80\\] | 0.002 \\* | 3.08 | 11 | 107 | \\< 0.001 |"
    )
    assert row in text.splitlines()
    assert "#### Contrasts in top-1" in text and "#### top-1 by group" in text
    assert "| removed, as printed | 70.98 % | 67.09 % |" in text
    assert "| removed, columns swapped | 67.09 % | 70.98 % |" in text
    assert "| SAM | 96.49 | 96.23 | 97.27 |" in text and "not verified" in text
    assert "- Left out, 12: no face found" in text
    assert study.methods in text.replace("\\", "")
    assert re.search(r"\bnan\b", text, re.I) is None


def test_every_table_has_as_many_cells_in_each_row(written: Path) -> None:
    counts: list[set[int]] = [set()]
    for line in (written / "report.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            counts[-1].add(line.replace("\\|", "").count("|"))
        elif counts[-1]:
            counts.append(set())
    assert len(counts) > 10 and all(len(each) == 1 for each in counts if each)


def test_names_do_not_become_markup(tmp_path: Path, edited: Callable[..., Study], study: Study) -> None:
    name = "a|b\n# <img src=x> [c](d) *e*"
    write_markdown(edited(title=name, findings=(replace(study.findings[0], condition=name),)), tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    written = "a\\|b \\# \\<img src=x\\> \\[c\\](d) \\*e\\*"
    assert text.splitlines()[0] == f"# {written} (synthetic data)"
    assert f"| {written} | 90.80 %" in text


def test_remarks_stand_below_their_table(tmp_path: Path, bare_study: Study) -> None:
    write_markdown(bare_study, tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "\u221210.00 no interval (1)" in text
    assert "(1) 5 identities are too few for an interval: expected at least 10" in text
    assert "synthetic" not in text and "nan" not in text
