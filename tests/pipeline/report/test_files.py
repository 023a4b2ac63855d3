from pathlib import Path

from bareface.pipeline.report.files import write_report
from bareface.pipeline.results import Study


def test_a_report_is_the_same_from_the_study_that_was_read_again(written: Path, study: Study) -> None:
    names = ("report.html", "report.md", "findings.csv", "tables/conditions_top1.tex", "figures/changes.svg")
    before = {name: (written / name).read_bytes() for name in names}
    study.write(written / "study.json")
    write_report(Study.read(written / "study.json"), written)
    assert {name: (written / name).read_bytes() for name in names} == before
    assert not [path for path in written.rglob(".*") if path.is_file()]
