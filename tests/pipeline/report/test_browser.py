"""The page in a browser: Debian's Chromium, or the one that $CHROMIUM names."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bareface.pipeline.report.page import page as render
from bareface.pipeline.report.page import write_page
from bareface.pipeline.results import PersonRow, Study

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium: apt-get install chromium, or name one in $CHROMIUM")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page and, at the end, makes sure that it asked for nothing and complained of nothing."""
    contexts: list[Any] = []
    said: list[str] = []
    asked: list[str] = []

    def open_page(path: Path, width: int = 1280, height: int = 900) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        allowed.add(path.as_uri())
        return page

    allowed: set[str] = set()
    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} == allowed


@pytest.fixture(scope="session")
def report(written: Path) -> Path:
    return written / "report.html"


def column(page: Any, number: int) -> list[str]:
    """The first line of each cell in a column of the table that is shown."""
    cells = page.locator("#conditions [data-quantity]:not([hidden]) tbody tr").all()
    return [row.locator("th, td").nth(number).inner_text().split("\n")[0] for row in cells]


def test_the_table_sorts_by_number_and_by_name(opened: Callable[..., Any], report: Path) -> None:
    page = opened(report)
    heads = page.locator("#conditions [data-quantity]:not([hidden]) thead th")
    change = heads.nth(3)
    assert change.get_attribute("aria-sort") == "none"
    change.locator("button").click()
    assert change.get_attribute("aria-sort") == "ascending"
    order = column(page, 3)
    assert [text.split(" ")[0] for text in order[:3]] == ["\u221282.00", "\u221262.32", "\u221244.00"]
    assert order[-2:] == ["reference", "reference"]
    change.locator("button").click()
    assert change.get_attribute("aria-sort") == "descending"
    order = column(page, 3)
    assert order[0].startswith("\u22121.52") and order[-2:] == ["reference", "reference"]
    heads.nth(0).locator("button").click()
    assert change.get_attribute("aria-sort") == "none"
    assert column(page, 0)[:4] == ["background only"] * 2 + ["original"] * 2
    # Stable: within a condition the order of before, the smaller loss first.
    assert column(page, 1)[:2] == ["removed_hair_black", "vggface2_resnet50"]


def test_the_choice_of_quantity_changes_tables_and_plots(opened: Callable[..., Any], report: Path) -> None:
    page = opened(report)
    assert page.locator("#conditions table:visible").count() == 1
    assert (
        page.locator("#conditions figure:visible figcaption").inner_text().startswith("Change of top-1 from original")
    )
    page.select_option("#quantity", "loss")
    assert page.locator("#conditions table:visible").count() == 1
    assert column(page, 2)[:2] == ["0.412 [0.390, 0.434]", "1.652 [1.630, 1.674]"]
    assert page.locator("#groups").inner_text().endswith("loss was not measured by group.")
    assert page.locator("#contrasts figure:visible figcaption").inner_text().startswith("Contrasts in loss")
    page.select_option("#quantity", "matte_iou")
    assert page.locator("#conditions figure:visible").count() == 0


def test_people_filter_sort_and_turn_pages(
    opened: Callable[..., Any], tmp_path: Path, edited: Callable[..., Study], study: Study
) -> None:
    # Person n loses n / 1000 in the second condition, except person 7, who is not shown in it.
    second = study.conditions[1].name
    rows = [PersonRow("r", f"person {n}", "fm"[n % 2], 2, {"original": 1.0, second: 1 - n / 1000}) for n in range(250)]
    rows[7] = replace(rows[7], values={"original": 1.0})
    write_page(edited(people=tuple(rows)), tmp_path)
    page = opened(tmp_path / "report.html")

    def names() -> list[str]:
        return page.locator("#people-rows th").all_inner_texts()

    assert page.locator("#people-count").inner_text() == "1\u2013100 of 250"
    assert names()[:2] == ["person 249", "person 248"] and len(names()) == 100
    assert page.locator("#people-rows tr").first.locator("td").all_inner_texts()[:5] == [
        *("24.9", "removed face black", "m", "2", "100.0"),
    ]
    page.click("#people-next")
    page.click("#people-next")
    assert page.locator("#people-count").inner_text() == "201\u2013250 of 250"
    assert names()[-2:] == ["person 0", "person 7"] and page.locator("#people-next").is_disabled()
    page.fill("#people-filter", "N 24")
    assert names() == [f"person {n}" for n in (*range(249, 239, -1), 24)]
    page.locator("#people-head th").first.locator("button").click()
    assert page.locator("#people-head th").first.get_attribute("aria-sort") == "ascending"
    assert names() == [f"person {n}" for n in (24, *range(240, 250))]
    page.fill("#people-filter", "<nobody>")
    assert names() == [] and "Nobody" in page.locator("#people-count").inner_text()


def test_the_other_recogniser_can_be_asked(opened: Callable[..., Any], report: Path) -> None:
    page = opened(report)
    assert page.locator("#people-recogniser option").all_inner_texts() == ["vggface2_resnet50", "removed_hair_black"]
    page.fill("#people-filter", "n000001")
    page.select_option("#people-recogniser", "removed_hair_black")
    assert page.locator("#people-rows th").all_inner_texts() == ["n000001"]


def test_a_phone_shows_it_without_scrolling_sideways(
    opened: Callable[..., Any], report: Path, tmp_path: Path, bare_study: Study
) -> None:
    write_page(bare_study, tmp_path)
    for path in (report, tmp_path / "report.html"):
        page = opened(path, width=390, height=844)
        for option in page.locator("#quantity option").all():
            page.select_option("#quantity", option.get_attribute("value"))
            assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        small = page.evaluate(
            "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.childElementCount === 0 && "
            "e.textContent.trim() && parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.textContent)"
        )
        assert small == []


def test_it_prints_without_controls(opened: Callable[..., Any], report: Path) -> None:
    page = opened(report)
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF-")
    page.emulate_media(media="print")
    assert page.locator("nav:visible, .bar:visible, .pages:visible").count() == 0
    assert page.locator("#conditions table:visible").count() == 1
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 without its margins, at 96 dots an inch
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.scrollWidth <= e.clientWidth)")


def test_names_that_would_be_programs_are_text(
    opened: Callable[..., Any], nasty_study: Study, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "report.html").write_text(render(nasty_study, run), encoding="utf-8")
    page = opened(tmp_path / "report.html")
    shown = page.locator("#people-rows th").inner_text()
    assert shown.replace("\u2028", "").replace("\n", "") == nasty_study.title.replace("\u2028", "")
    assert page.locator("h1").inner_text().startswith("</script><script>alert(1)")


def test_without_scripts_every_quantity_is_there(browser: Any, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("#conditions table:visible").count() == 6
    assert page.locator(".bar:visible").count() == 0
    assert "people.parquet" in page.locator("noscript").inner_text()
    context.close()


def test_pictures_are_there_and_right_and_wrong_are_words(opened: Callable[..., Any], report: Path) -> None:
    page = opened(report)
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    wrong = page.locator("#photos article").nth(2).locator(".wrong").all_inner_texts()
    assert wrong == ["✗ n000031", "✗ n000007"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(browser: Any, report: Path, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(report.as_uri())
    names = ("ink", "pale", "link", "right", "wrong")
    read = "name => { const e = document.createElement('i'); document.body.append(e); return name.map(n => { "
    read += (
        "e.className = ''; return getComputedStyle(document.documentElement).getPropertyValue('--' + n).trim(); }) }"
    )
    background, *colours = page.evaluate(read, ["page", *names])
    context.close()

    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * letter for letter in colour[1:])
        shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for name, colour in zip(names, colours, strict=True):
        low, high = sorted((light(background), light(colour)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, name
