import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from math import nan
from pathlib import Path

from bareface.pipeline.report.page import page, people
from bareface.pipeline.results import PersonRow, Study


def embedded(text: str) -> object:
    found = re.search(r'<script type="application/json" id="people-data">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


def test_the_page_asks_for_nothing_and_runs_its_own_script_alone(written: Path) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"\b(?:src|srcset|href|action|data)\s*=\s*[\"'](?!data:|#)", text)
    assert "http:" not in text and "https:" not in text and "@import" not in text and "url(" not in text
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None and policy[1].startswith("default-src &#39;none&#39;; img-src data:;")
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert content is not None
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode().replace("+", "&#43;")
        assert f"sha256-{digest}" in policy[1].replace("+", "&#43;")
    assert len(text) < 1_000_000


def test_all_that_a_study_says_is_on_the_page(written: Path, study: Study) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    assert '<span class="badge">synthetic data</span>' in text
    assert study.answer.replace(" %", "\u00a0%") in text
    for words in (study.data, study.methods, *study.notes, "0123456789abcdef", "2.14.1", "U-Net, ResNet-34"):
        assert words in text
    assert "12: no face found" in text and "IoU of the matte 41 %" in text
    assert "78.80 %" in text and "[76.60, 81.00]" in text
    assert "70.98 %" in text and "columns swapped" in text and "96.49" in text and "not verified" in text
    assert re.search(r"\bnan\b", text, re.I) is None
    assert text.count("data:image/jpeg;base64,") == 6 * 13


def test_names_are_shown_and_never_run(nasty_study: Study, run: Path) -> None:
    text = page(nasty_study, run)
    assert "<script>alert" not in text and "<img src=x" not in text
    assert text.count("<script") == 2 and "\u2028" not in re.findall(r"<script.*?</script>", text, re.S)[0]
    found = embedded(text)
    assert isinstance(found, dict)
    name = nasty_study.title
    assert found["recognisers"][0]["name"] == name and found["recognisers"][0]["rows"][0][0] == name


def test_people_are_short_rows(edited: Callable[..., Study], study: Study) -> None:
    values = {card.name: 2 / 3 for card in study.conditions} | {"random_mask": nan}
    del values["background_only"]
    found = people(edited(people=(PersonRow("r", "Ada", "f", 3, values),)))
    assert found["recognisers"] == [{"name": "r", "rows": [["Ada", "f", 3, [*[0.6667] * 10, None, None]]]}]
    assert (found["share"], found["better"], found["grouped"]) == (True, "more", True)
    assert found["conditions"][1] == "removed face black"


def test_a_bare_study_leaves_out_what_it_has_not(tmp_path: Path, bare_study: Study) -> None:
    text = page(bare_study, tmp_path)
    for section in ("contrasts", "groups", "matte-quality", "photos", "people"):
        assert f'id="{section}"' not in text and f'href="#{section}"' not in text
    assert '<option value="top5">' in text and '<option value="matte_iou">' not in text  # the latter was not measured
    assert "no interval (1)" in text and "<li>5 identities are too few for an interval" in text
    assert "No segmenter took part." in text and "synthetic" not in text
    assert re.search(r"\bnan\b", text, re.I) is None


def test_photos_that_had_no_room_are_counted(run: Path, study: Study) -> None:
    noise = study.shown[0].tiles["removed_hair_noise"]  # the largest that JPEG knows
    shown = tuple(
        replace(study.shown[0], key=f"{number}.jpg", tiles={f"tile {place}": noise for place in range(30)})
        for number in range(12)
    )
    text = page(replace(study, shown=shown), run)
    assert 3_500_000 < len(text) < 4_500_000
    left = re.search(r"(\d+) more had no room on this page, which holds 4 MB", text)
    assert left is not None and int(left[1]) == 12 - text.count('<article class="photo">')
