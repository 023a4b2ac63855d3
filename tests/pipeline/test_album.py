"""Which photos come on the picture sheet."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pipeline.people import CornerRecogniser, module, run, samples

from bareface.callbacks.predictions import draw_lot
from bareface.data.samples import collate
from bareface.io.pictures import read_picture
from bareface.pipeline import module as pass_module
from bareface.pipeline.results import Shown


def drawn(folder: Path, rows: list[Any], **changes: Any) -> tuple[Shown, ...]:
    data = samples(24)
    for number, sample in enumerate(data):  # the more, the further away from where the segmenter finds it
        sample["mask"] = sample["mask"].roll(number % 5, 0)
    pipeline = module(folder, **{"typical": ["cy/05.png", "ada/00.png"], "special": 3, **changes})
    run(pipeline, data, rows)
    return pipeline.passed.shown


def of(kind: str, shown: tuple[Shown, ...]) -> list[str]:
    return [each.key for each in shown if each.kind == kind]


def test_typical_photos_those_that_flipped_and_the_worst_mattes(tmp_path: Path) -> None:
    shown = drawn(tmp_path, [np.arange(24)])
    keys = [sample["key"] for sample in samples(24)]
    assert of("typical", shown) == ["ada/00.png", "cy/05.png"]
    flipped = [key for key in keys if not key.startswith("cy")]  # white is nearest to cy, who stays right
    assert of("flipped", shown) == sorted(flipped, key=draw_lot)[:3]
    assert of("worst", shown) == sorted(key for number, key in enumerate(keys) if number % 5 == 4)[:3]
    worst = next(each for each in shown if each.kind == "worst")
    assert worst.note == "IoU of the matte 0%" and all(not each.note for each in shown if each.kind != "worst")
    first = shown[0]
    assert (first.identity, first.predicted) == ("ada", {"original": "ada", "removed": "cy"})
    assert list(first.tiles) == ["original", "matte", "removed"]
    tiles = {name: read_picture(tmp_path / file) for name, file in first.tiles.items()}
    assert (tiles["original"] == 60).all() and (tiles["removed"][0, 0], tiles["matte"][2, 2]) == (
        pytest.approx([255] * 3),
        pytest.approx([255] * 3),
    )
    files = {file for each in shown for file in each.tiles.values()}
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")} == files


@pytest.mark.parametrize("size", [1, 5])
def test_they_do_not_depend_on_batches_order_or_parts(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = drawn(tmp_path / "at once", [np.arange(24)])
    monkeypatch.setattr(pass_module, "PART_PHOTOS", 7)
    backwards = np.arange(24)[::-1]
    shown = drawn(tmp_path / "backwards", [backwards[start : start + size] for start in range(0, 24, size)])
    assert shown == expected
    for each in shown:
        for file in each.tiles.values():
            assert (tmp_path / "at once" / file).read_bytes() == (tmp_path / "backwards" / file).read_bytes()


def test_a_sheet_of_nothing(tmp_path: Path) -> None:
    assert drawn(tmp_path, [np.arange(24)], typical=[], special=0) == ()
    assert not (tmp_path / "figures").exists()


def test_no_more_pictures_are_held_than_are_kept(tmp_path: Path) -> None:
    pipeline = module(tmp_path, special=2, recognisers={"corner": [CornerRecogniser()]})
    pipeline.on_predict_start()
    for sample in samples(24):
        pipeline.predict_step(collate([sample]), 0)  # type: ignore[arg-type]
    assert len(pipeline.album._entries) <= 4
