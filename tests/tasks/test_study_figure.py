"""What is drawn of studies: lines over a number, or a forest."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from tasks.study_example import example, left

from bareface.tasks.runs import find_runs
from bareface.tasks.settings import differing
from bareface.tasks.study_figure import MINUS, draw_studies
from bareface.tasks.study_lines import MOST, across, lines_across, rows_of
from bareface.tasks.study_names import cut
from bareface.tasks.study_runs import Group, groups_of, studies_among


def group_of(folder: Path) -> tuple[Group, list[str]]:
    entries, _ = studies_among(find_runs([folder]))
    (group,) = groups_of(entries)
    return group, differing([each.run for each in entries])


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie over each other, or over the edge, once everything has its place."""
    figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()
    beyond = set()  # ticks that are not drawn
    for axes in figure.findobj(Axes):
        for side in (axes.xaxis, axes.yaxis):  # type: ignore[attr-defined]
            low, high = sorted(side.get_view_interval())
            hidden = [tick for tick in side.get_major_ticks() if not low <= tick.get_loc() <= high]
            beyond |= {label for tick in hidden for label in (tick.label1, tick.label2)}
    texts = [each for each in figure.findobj(Text) if each.get_visible() and each.get_text().strip()]  # type: ignore[attr-defined]
    boxes = [(each.get_text(), each.get_window_extent(renderer)) for each in texts if each not in beyond]
    outside = [(text, "the edge") for text, box in boxes if box.x0 < 0 or box.x1 > figure.bbox.x1]
    boxes = [(text, box.padded(-1)) for text, box in boxes]
    return outside + [(one, two) for n, (one, a) in enumerate(boxes) for two, b in boxes[n + 1 :] if a.overlaps(b)]


def drawn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Figure:
    """The figure of all studies in a folder, as it is saved there."""
    figures: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *where: object, **how: object) -> None:
        figures.append(figure)
        save(figure, *where, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", keep)
    entries, _ = studies_among(find_runs([folder]))
    draw_studies(groups_of(entries), differing([each.run for each in entries]), folder / "studies")
    return figures[0]


def sweep(folder: Path, grows: Sequence[float], foregrounds: Sequence[str]) -> Path:
    for number, (grow, foreground) in enumerate((grow, each) for grow in grows for each in foregrounds):
        study = example({"removed": -0.2 - grow, "same": -0.05 * len(foreground)})
        left(folder / str(number), study, f"matte.grow={grow}", f"foreground={foreground}")
    return folder


def test_one_number_gives_a_line_a_condition_in_the_order_of_the_number(tmp_path: Path) -> None:
    group, options = group_of(sweep(tmp_path, (0.2, -0.1, 0), ["hair"]))
    assert across(group, options) == "matte.grow"
    panels = lines_across(group, "matte.grow", options)
    assert list(panels) == [""] and list(panels[""]) == ["removed", "same"]
    line = panels[""]["removed"]
    assert (line.places, line.sure) == ([-0.1, 0, 0.2], [True] * 3)
    assert line.changes == pytest.approx([-10, -20, -40])
    assert line.lows == pytest.approx([-15, -25, -45]) and line.highs == pytest.approx([-5, -15, -35])
    assert panels[""]["same"].changes == pytest.approx([-20] * 3)


def test_a_number_and_a_word_give_a_panel_a_condition_with_a_line_a_word(tmp_path: Path) -> None:
    group, options = group_of(sweep(tmp_path, (0, 0.1), ["face", "hair"]))
    panels = lines_across(group, "matte.grow", options)
    assert {name: list(lines) for name, lines in panels.items()} == {
        "removed": ["face", "hair"],
        "same": ["face", "hair"],
    }


def test_two_numbers_or_a_seed_or_a_place_twice_are_no_axis(tmp_path: Path) -> None:
    for name, options in {
        "numbers": (["canvas=64", "matte.grow=0"], ["canvas=32", "matte.grow=1"]),
        "seed": (["seed=1"], ["seed=2"]),
        "twice": (["canvas=64"], ["canvas=32"], ["canvas=32"]),
        "words": (["canvas=64"], ["canvas=whole"]),
    }.items():
        for number, given in enumerate(options):
            left(tmp_path / name / str(number), example({"removed": -0.2}), *given)
        assert across(*group_of(tmp_path / name)) is None, name


def test_a_forest_has_a_row_a_study_and_a_line_a_recogniser(tmp_path: Path) -> None:
    left(tmp_path / "0", example({"removed": -0.2}, ("a", "b")))
    left(tmp_path / "1", None)
    left(tmp_path / "2", example({"removed": -0.1, "same": -0.3}, holm=0.06))
    panels = rows_of(group_of(tmp_path)[0])
    assert {name: list(lines) for name, lines in panels.items()} == {
        "removed": ["a", "b", "recogniser"],
        "same": ["recogniser"],
    }
    assert (panels["removed"]["b"].places, panels["removed"]["b"].sure) == ([0], [True])
    assert panels["removed"]["b"].changes == pytest.approx([-30])
    assert (panels["same"]["recogniser"].places, panels["same"]["recogniser"].sure) == ([1], [False]), (
        "failed come last"
    )


@pytest.mark.parametrize("count", [1, 2, 40])
def test_a_forest_is_readable(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = {name: -0.05 * len(name) for name in ("removed_black", "removed_blur", "same", "other", "mask_only")}
    for number in range(count):
        segmenter = f"segmenter=/runs/train/a_segmenter_of_a_long_name/{number:04}_trained_for_long/best.ckpt"
        left(tmp_path / str(number), example(conditions, ("a", "b")), segmenter, f"foreground={'$hair$' * 4}{number}")
    left(tmp_path / "failed", None, "foreground=person", "segmenter=null")
    figure = drawn(tmp_path, monkeypatch)
    (part,) = figure.subfigs
    assert overlaps(figure) == []
    assert len(part.axes[0].get_yticks()) == count + 1
    picture = cv2.imread(str(tmp_path / "studies.png"))
    assert picture is not None and picture.shape[0] < 150 + 2 * (120 + 45 * (count + 1))
    assert "removed black" in (tmp_path / "studies.svg").read_text()


@pytest.mark.parametrize("count", [2, 40])
def test_lines_are_readable(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(tmp_path, [0.02 * number - 0.3 for number in range(count)], ["face", "hair", "face+hair"])
    left(tmp_path / "failed", None, "matte.grow=0.9", "foreground=hair")
    figure = drawn(tmp_path, monkeypatch)
    assert overlaps(figure) == []
    (part,) = figure.subfigs
    assert [axis.get_title("left") for axis in part.axes] == ["removed", "same"]
    assert [text.get_text() for text in part.legends[0].get_texts()] == ["face", "hair", "face+hair"]
    assert part.get_suptitle().splitlines()[-1] == f"1 of {3 * count + 1} failed"


@pytest.mark.parametrize(
    ("values", "scale", "ticks"),
    [
        ([32, 64, 128, 256], "log", ["32", "64", "128", "256"]),
        ([-0.2, 0, 0.4], "linear", [f"{MINUS}0.2", "0", "0.4"]),
        ([0, 0.01, 1], "linear", None),
    ],
)
def test_the_values_of_the_option_are_ticks_unless_they_are_too_close(
    values: list[float], scale: str, ticks: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, value in enumerate(values):
        left(tmp_path / str(number), example({"removed": -0.2}), f"canvas={value}")
    figure = drawn(tmp_path, monkeypatch)
    (axes,) = figure.subfigs[0].axes
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert axes.get_xscale() == scale and overlaps(figure) == []
    assert labels == ticks if ticks is not None else len(labels) > 3


def test_more_lines_than_colours_are_a_forest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(tmp_path, (0, 0.1), [f"f{number}" for number in range(MOST + 1)])
    (part,) = drawn(tmp_path, monkeypatch).subfigs
    assert [label.get_text() for label in part.axes[0].get_yticklabels()][:2] == ["grow=0, f0", "grow=0, f1"]


def test_groups_stand_below_each_other_under_their_headings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        given = f"data.background_bias={number // 2}", f"canvas={32 + 32 * (number % 2)}"
        left(tmp_path / str(number), example({"removed": -0.2}), *given)
    figure = drawn(tmp_path, monkeypatch)
    assert overlaps(figure) == []
    assert [part.get_suptitle().splitlines()[0] for part in figure.subfigs] == [
        f"drawn faces, data.background_bias={bias}, 200 photos (synthetic data)" for bias in (0, 1)
    ]
    assert [part.axes[0].get_xlabel() for part in figure.subfigs] == ["canvas", "canvas"]


def test_a_long_name_loses_its_middle() -> None:
    assert cut("abcdefghij", 5) == "ab…ij" and cut("abcde", 5) == "abcde"
