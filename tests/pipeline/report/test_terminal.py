import io

from bareface.pipeline.report.terminal import print_study
from bareface.pipeline.results import Study


def printed(study: Study) -> str:
    file = io.StringIO()
    print_study(study, file)
    return file.getvalue()


def test_the_first_quantity_and_its_contrasts_are_printed(study: Study) -> None:
    text = printed(study)
    assert "top-1 in each condition (synthetic data): 800 photos of 40 identities" in text
    assert "78.80 % [76.60, 81.00]" in text and "\u221212.00 [\u221214.20, \u22129.80]" in text
    assert "Contrasts in top-1" in text and "mismatch" in text
    assert study.answer in text and "Left out, 12: no face found" in text
    assert "top-1 70.98 %, top-5 67.09 %" in text and "top-1 67.09 %, top-5 70.98 %" in text
    assert "Note: Open-set identification was not measured: no identities were kept out of training." in text
    assert "other data" in text and "0.892" not in text


def test_a_bare_study_says_why_there_are_no_intervals(bare_study: Study) -> None:
    text = printed(bare_study)
    assert "\u221210.00 no interval (1)" in text
    assert "(1) 5 identities are too few for an interval: expected at least 10" in text
    assert "Note:" not in text and "Contrasts" not in text and "synthetic" not in text
