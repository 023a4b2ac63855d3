import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bareface.pipeline.report.latex import escaped, write_latex
from bareface.pipeline.results import Study


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("50 % & a_b #1 {x} $5", r"50 \% \& a\_b \#1 \{x\} \$5"),
        ("\\input{x}", r"\textbackslash{}input\{x\}"),
        ("~ ^ < > |", r"\textasciitilde{} \textasciicircum{} $<$ $>$ $|$"),
        ("[1] *", "{[}1{]} {*}"),
        ("\u221212.00 \u2013 a → b", r"$-$12.00 -- a $\rightarrow$ b"),
        ("Zoë\nŁ\x00 \u2028漢", "Zoë Ł {[}U+6F22{]}"),
    ],
)
def test_text_is_set_as_it_is(text: str, written: str) -> None:
    assert escaped(text) == written


def test_tables_are_booktabs_with_caption_and_label(written: Path) -> None:
    text = (written / "tables" / "conditions_top1.tex").read_text(encoding="utf-8")
    assert "\\label{tab:conditions-top1}" in text and "(synthetic data)" in text
    assert "\\begin{tabular}{@{}llrrrrrrr@{}}" in text
    assert (
        "removed hair black & vggface2\\_resnet50 & 78.80 \\% {[}76.60, 81.00{]} & "
        "$-$12.00 {[}$-$14.20, $-$9.80{]} & 0.002 {*} & 3.08 & 11 & 107 & $<$ 0.001 \\\\"
    ) in text.splitlines()
    assert [text.count(rule) for rule in ("\\toprule", "\\midrule", "\\bottomrule", "\\end{table}")] == [1, 1, 1, 1]
    assert {path.name for path in (written / "tables").iterdir()} == {
        *(f"conditions_{name}.tex" for name in ("top1", "top5", "loss", "tar_1e-3", "moved", "matte_iou")),
        *("contrasts_top1.tex", "contrasts_loss.tex"),
    }


def test_rows_have_as_many_cells_as_the_table_and_braces_close(
    tmp_path: Path, edited: Callable[..., Study], study: Study
) -> None:
    name = "a & b \\\\ {c} % _ [d]"
    findings = tuple(replace(each, condition=name) for each in study.findings if each.condition != "original")
    write_latex(edited(findings=findings), tmp_path)
    for path in tmp_path.iterdir():
        text = path.read_text(encoding="utf-8")
        bare = re.sub(r"\\[{}&%$#_\\]", "", text.replace("\\textbackslash{}", ""))
        assert bare.count("{") == bare.count("}")
        columns = re.search(r"@\{\}([lr]+)@\{\}", text)
        assert columns is not None
        rows = [line for line in bare.splitlines() if " & " in line and not line.startswith("\\caption")]
        assert rows and {row.count(" & ") + 1 for row in rows} == {len(columns[1])}


def test_why_there_is_no_interval_stands_in_the_caption(tmp_path: Path, bare_study: Study) -> None:
    write_latex(bare_study, tmp_path)
    text = (tmp_path / "conditions_top1.tex").read_text(encoding="utf-8")
    assert "5 identities. (1) 5 identities are too few for an interval: expected at least 10.}" in text
    assert "$-$10.00 no interval (1)" in text
