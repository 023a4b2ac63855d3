"""Mattes on disk: what was written is found again by its key, and nothing else is taken for it."""

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bareface.data import matte_writer
from bareface.data.matte_cache import SCHEMA, MatteCache, MatteCard
from bareface.data.matte_writer import MatteWriter
from bareface.errors import DataError

PHOTO = np.full((2, 3, 3), (10, 20, 30), np.uint8)
MATTE = np.array([[0, 51, 255], [0, 0, 0]], np.uint8)


def card(foreground: str = "face", canvas: int = 4, root: str = "here") -> MatteCard:
    return MatteCard("segmenter", "5e9", foreground, {"threshold": 0.5}, canvas, None, None, root)


def keys(*names: str) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(names)])


def written(folder: Path, *names: str) -> MatteCache:
    with MatteWriter(folder, card()) as writer:
        for name in names:
            writer.add(name, PHOTO, (20, 30), MATTE)
    return MatteCache(folder)


def test_a_matte_is_found_by_its_key_as_it_was_given(tmp_path: Path) -> None:
    with MatteWriter(tmp_path / "m", card()) as writer:
        writer.add("ada/1.jpg", PHOTO, (20, 30), MATTE)
        writer.add("bob/1.jpg", PHOTO, (20, 30), 255 - MATTE)
        writer.add_without("cy/1.jpg", "no face")
    cache = MatteCache(tmp_path / "m")
    assert cache.card == card()
    assert cache.positions(keys("cy/1.jpg", "nobody.jpg", "ada/1.jpg")).to_pylist() == [2, None, 0]
    assert cache.matte(0).tolist() == MATTE.tolist() and cache.matte(1).tolist() == (255 - MATTE).tolist()  # type: ignore[union-attr]
    assert cache.matte(2) is None and cache.value("reason", 2) == "no face"
    assert cache.value("kept", 0) == pytest.approx((51 + 255) / 255 / 6)
    assert cache.value("kept", 2) is None


def test_a_photo_is_known_by_its_size_and_mean_colour(tmp_path: Path) -> None:
    cache = written(tmp_path / "m", "a")
    assert cache.is_photo(0, (20, 30), np.array([10.0, 20.9, 29.1])), "decoders differ by less than a grey value"
    assert not cache.is_photo(0, (30, 20), np.array([10.0, 20.0, 30.0]))
    assert not cache.is_photo(0, (20, 30), np.array([10.0, 20.0, 31.5]))


def test_parts_appear_whole_and_what_is_there_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matte_writer, "PART", 2)
    with pytest.raises(KeyboardInterrupt), MatteWriter(tmp_path / "m", card()) as writer:
        for name in "abc":
            writer.add(name, PHOTO, (20, 30), MATTE)
        assert [path.name for path in tmp_path.glob("m/*.arrow")] == ["000000.arrow"], "a and b; c is not due yet"
        raise KeyboardInterrupt
    assert MatteCache(tmp_path / "m").table["key"].to_pylist() == ["a", "b", "c"], "nothing made is lost"
    with MatteWriter(tmp_path / "m", card(root="moved")) as writer:
        assert writer.before.positions(keys("c", "d")).to_pylist() == [2, None]
        writer.add("d", PHOTO, (20, 30), 255 - MATTE)
    cache = MatteCache(tmp_path / "m")
    assert cache.table["key"].to_pylist() == ["a", "b", "c", "d"]
    assert cache.matte(3).tolist() == (255 - MATTE).tolist()  # type: ignore[union-attr]
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "000000.arrow",
        "000001.arrow",
        "000002.arrow",
        "card.json",
    ]


def test_workers_are_sent_the_name_of_the_folder_alone(tmp_path: Path) -> None:
    cache = written(tmp_path / "m", *(str(number) for number in range(500)))
    assert len(cache.table) == 500
    sent = pickle.dumps(cache)
    assert len(sent) < 300
    assert pickle.loads(sent).matte(499).tolist() == MATTE.tolist()


@pytest.mark.parametrize(("other", "name"), [(card("hair"), "foreground"), (card(canvas=8), "canvas")])
def test_mattes_of_another_making_are_not_mixed(other: MatteCard, name: str, tmp_path: Path) -> None:
    written(tmp_path / "m", "a")
    with pytest.raises(DataError, match=f"^out=.*m: its mattes were made with another {name}. Give out another folder"):
        MatteWriter(tmp_path / "m", other)
    assert MatteCache(tmp_path / "m").card == card()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("x")
    with pytest.raises(FileExistsError, match="there is something else in it. Give a new folder"):
        MatteWriter(tmp_path, card())
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_no_mattes_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere: no mattes there \(card.json is missing\). Make them with"):
        MatteCache(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not what bareface mattes writes"),
        ('{"version": 1}', "not what"),
        ('{"version": 2}', "version 2, expected 1"),
    ],
)
def test_a_card_that_is_none(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(DataError, match=message):
        MatteCache(tmp_path)


def test_damaged_files(tmp_path: Path) -> None:
    written(tmp_path / "m", "a")
    part = tmp_path / "m/000000.arrow"
    rows = pa.ipc.open_file(part).read_all().to_pylist()
    with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as file:
        file.write_table(pa.Table.from_pylist([rows[0] | {"matte": b"x"}], schema=SCHEMA))
    with pytest.raises(DataError, match="m: the matte of a is damaged. Run bareface mattes into another folder"):
        MatteCache(tmp_path / "m").matte(0)
    part.write_bytes(b"ARROW1")
    with pytest.raises(DataError, match=r"000000.arrow: damaged. Remove it and run bareface mattes again"):
        _ = MatteCache(tmp_path / "m").table
    with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("key", pa.string())])) as file:
        file.write_table(pa.table({"key": ["a"]}))
    with pytest.raises(DataError, match="other columns than mattes have"):
        _ = MatteCache(tmp_path / "m").table
