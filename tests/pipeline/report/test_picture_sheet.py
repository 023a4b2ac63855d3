import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture
from bareface.pipeline.report.picture_sheet import data_uri, sections
from bareface.pipeline.results import Study


def decoded(source: str) -> Image.Image:
    head, _, data = source.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_three_kinds_with_the_original_and_the_matte_first(study: Study, run: Path) -> None:
    found = sections(study, run)
    assert [(each.heading, len(each.rows), each.left_out) for each in found] == [
        ("Drawn by lot", 2, 0),
        ("From right to wrong", 2, 0),
        ("The segmenter's worst", 2, 0),
    ]
    tiles = found[1].rows[0].tiles
    assert [tile.name for tile in tiles][:3] == ["original", "matte", "removed face black"] and len(tiles) == 13
    assert [(tile.predicted, tile.right) for tile in tiles][:3] == [
        *(("n000002", True), ("", False), ("n000031", False)),
    ]


def test_tiles_are_small_jpegs(tmp_path: Path) -> None:
    picture = np.zeros((400, 200, 3), np.uint8)
    picture[..., 0] = 200
    write_picture(tmp_path / "red.png", picture)
    small = decoded(data_uri(tmp_path / "red.png"))
    assert (small.size, small.mode) == ((80, 160), "RGB")
    red, green, _ = small.getpixel((40, 80))
    assert abs(red - 200) < 8 and green < 8
    write_picture(tmp_path / "grey.png", np.full((90, 100), 120, np.uint8))
    grey = decoded(data_uri(tmp_path / "grey.png"))
    assert (grey.size, grey.mode) == ((100, 90), "L")


def test_a_full_page_takes_each_kind_in_turn_and_counts_the_rest(study: Study, run: Path) -> None:
    rows = [row for each in sections(study, run) for row in each.rows]
    sizes = [sum(len(tile.source) for tile in row.tiles) for row in rows]
    limit = sizes[0] + sizes[2] + sizes[4]  # the first of each kind
    found = sections(study, run, limit=limit)
    assert [(len(each.rows), each.left_out) for each in found] == [(1, 1), (1, 1), (1, 1)]
    assert [(len(each.rows), each.left_out) for each in sections(study, run, limit=0)] == [(0, 2)] * 3


def test_tiles_that_are_missing_or_elsewhere_are_refused(study: Study, run: Path, tmp_path: Path) -> None:
    away = replace(study, shown=(replace(study.shown[0], tiles={"original": "../secret.png"}),))
    with pytest.raises(DataError, match="secret.png: a tile of n000000/0001_01.jpg outside the run's folder"):
        sections(away, run)
    with pytest.raises(PictureError, match="n000000_0001_01.jpg_original.png: no such file"):
        sections(study, tmp_path)
