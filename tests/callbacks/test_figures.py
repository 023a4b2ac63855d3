"""Sheets of pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bareface.callbacks.figures import Cell, Section, _font, sheet, shorten


def tile(height: int, width: int, value: int = 7) -> np.ndarray:
    return np.full((height, width, 3), (value, 0, 200), np.uint8)


def boxes(picture: np.ndarray, value: int) -> int:
    return int((picture == (value, 0, 200)).all(axis=2).sum())


@pytest.mark.parametrize("side", [32, 64, 128, 256, 320, 1000])
@pytest.mark.parametrize("tiles", [1, 4])
@pytest.mark.parametrize("count", [1, 8, 24])
def test_a_sheet_has_a_sensible_size_and_shows_everything(side: int, tiles: int, count: int) -> None:
    cells = [Cell([tile(side, side)] * tiles, [("a line", None), ("another", (250, 0, 0))]) for _ in range(count)]
    picture = sheet("A title", [Section("", cells)], [("face", (0, 200, 170))], ["name"] * tiles)
    assert max(picture.shape) <= 1920
    shown = boxes(picture, 7) / (count * tiles)
    assert shown == round(shown**0.5) ** 2  # all tiles are whole squares of one size
    assert shown >= min(3 * side, 80) ** 2


def test_tiles_of_a_usual_size_are_shown_pixel_by_pixel() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 192, 3), dtype=np.uint8)
    picture = sheet("t", [Section("", [Cell([noise], [("k", None)])])])
    windows = np.lib.stride_tricks.sliding_window_view(picture[..., 0], (8, 8))
    (place,) = np.argwhere((windows == noise[:8, :8, 0]).all(axis=(2, 3)))
    top, left = place
    assert np.array_equal(picture[top : top + 256, left : left + 192], noise)


def test_sections_and_rows_are_full_where_they_can_be() -> None:
    cells = [Cell([tile(96, 96)], [("a", None)])] * 8
    picture = sheet("t", [Section("one", cells), Section("two", cells)])
    columns = (picture == (7, 0, 200)).all(axis=2)
    rows_of_tiles = columns.any(axis=1)
    starts = np.flatnonzero(rows_of_tiles[1:] & ~rows_of_tiles[:-1]) + 1
    assert len({int(columns[start].sum()) for start in starts}) == 1


def test_every_argument_is_drawn() -> None:
    cells = [Cell([tile(128, 128)] * 2, [("caption", None)])] * 4
    plain = sheet("title", [Section("", cells)], [("face", (1, 2, 3))], ["left", "right"], "note")
    assert (plain == (1, 2, 3)).all(axis=2).any()
    for other in (
        sheet("tilte", [Section("", cells)], [("face", (1, 2, 3))], ["left", "right"], "note"),
        sheet("title", [Section("", cells)], [("hair", (1, 2, 3))], ["left", "right"], "note"),
        sheet("title", [Section("", cells)], [("face", (1, 2, 3))], ["left", "wrong"], "note"),
        sheet("title", [Section("", cells)], [("face", (1, 2, 3))], ["left", "right"], "nope"),
        sheet(
            "title",
            [Section("", [*cells[:3], Cell(cells[0].tiles, [("Caption", None)])])],
            [("face", (1, 2, 3))],
            ["left", "right"],
            "note",
        ),
    ):
        assert other.shape == plain.shape
        assert not np.array_equal(other, plain)


def test_long_captions_lose_their_middle() -> None:
    font = _font(13)
    text = "n000123/a_very_long_name_of_a_picture_0001_01.jpg"
    short = shorten(text, font, 120)
    assert font.getlength(short) <= 120 < font.getlength(text)
    head, tail = short.split("…")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert abs(len(head) - len(tail)) <= 1
    assert shorten("short", font, 120) == "short"


def test_captions_stay_in_their_cell(tmp_path: Path) -> None:
    cells = [Cell([tile(64, 64)], [("W" * 200, None)])] + [Cell([tile(64, 64)], [("", None)])] * 3
    picture = sheet("t", [Section("", cells)])
    Image.fromarray(picture).save(tmp_path / "sheet.png")
    mask = (picture == (7, 0, 200)).all(axis=2)
    last = np.flatnonzero(mask.any(axis=1))
    below = (
        picture[last[np.flatnonzero(np.diff(last) > 1)[0]] + 1 :]
        if (np.diff(last) > 1).any()
        else picture[last[-1] + 1 :]
    )
    right = np.flatnonzero(mask.any(axis=0))
    first_end = right[np.flatnonzero(np.diff(right) > 1)[0]]
    assert (below[:20, : first_end + 1] != 255).any()
    assert (below[:18, first_end + 1 :] == 255).all()


def test_a_pattern_in_the_legend() -> None:
    pattern = np.full((15, 15, 3), (1, 2, 200), np.uint8)
    pattern[::2] = (200, 2, 1)
    cells = [Cell([np.full((40, 40, 3), 7, np.uint8)], [])]
    picture = sheet("x", [Section("", cells)], [("striped", pattern), ("plain", (9, 200, 9))])
    for colour, rows in (((1, 2, 200), 7), ((200, 2, 1), 8), ((9, 200, 9), 15)):
        assert (picture == colour).all(axis=2).sum() == 15 * rows


def test_a_long_legend_and_a_long_title_are_whole() -> None:
    cells = [Cell([tile(64, 64)], [("a", None)])]
    legend = [(f"class number {number}", (number, 200, 9)) for number in range(8)]
    picture = sheet("A title that is longer than one small picture", [Section("", cells)], legend)
    assert all((picture == colour).all(axis=2).sum() == 15 * 15 for _, colour in legend)
    assert (picture[:, -20:] == 255).all()
