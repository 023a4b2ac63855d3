"""The layouts on disk, and that a folder is whole or not there."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from bareface.data.identity_folder import IdentityFolder
from bareface.data.synthetic.renderer import Renderer
from bareface.data.synthetic.writer import ensure, is_drawn, write_celebhair, write_vggface2

RENDERER = Renderer(height=48, width=40)


def test_celebhair_layout(tmp_path: Path) -> None:
    write_celebhair(tmp_path, identities=10, photos=2, renderer=RENDERER)
    names = [f"{number:06d}" for number in range(1, 21)]
    assert sorted(path.name for path in (tmp_path / "img_align_celeba").iterdir()) == [f"{name}.jpg" for name in names]
    masks = {
        path.stem: cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (tmp_path / "segmentation_masks").iterdir()
    }
    assert sorted(masks) == names
    assert set(np.unique(np.stack(list(masks.values())))) == {0, 128, 255}
    identity = (tmp_path / "identity_CelebA.txt").read_bytes().decode()
    assert identity.count("\r\n") == 20 and identity.startswith("000001.jpg ")
    of = dict(line.split() for line in identity.split("\r\n")[:-1])
    part = dict(
        line.split() for line in (tmp_path / "list_eval_partition.txt").read_bytes().decode().split("\r\n")[:-1]
    )
    stages: dict[str, set[str]] = {}
    for name, stage in part.items():
        stages.setdefault(stage, set()).add(of[name])
    assert {stage: len(people) for stage, people in stages.items()} == {"0": 8, "1": 1, "2": 1}
    assert not stages["0"] & stages["1"] and not stages["1"] & stages["2"]
    numbers = [int(of[f"{name}.jpg"]) for name in names]
    assert numbers != sorted(numbers)  # neighbours are different people


def test_vggface2_layout(tmp_path: Path) -> None:
    write_vggface2(tmp_path, identities=3, photos=2, renderer=RENDERER, test_identities=1)
    listed = (tmp_path / "train_list.txt").read_text().splitlines()
    assert listed == [f"n{who:06d}/{photo:04d}_01.jpg" for who in (1, 2, 3) for photo in (1, 2)]
    assert (tmp_path / "test_list.txt").read_text().splitlines() == ["n000004/0001_01.jpg", "n000004/0002_01.jpg"]
    meta = (tmp_path / "identity_meta.csv").read_text().splitlines()
    assert meta[0] == "Class_ID, Name, Sample_Num, Flag, Gender"
    assert meta[1] == 'n000001, "Synthetic_0001", 2, 1, m' and meta[4] == 'n000004, "Synthetic_0004", 2, 0, f'
    boxes = (tmp_path / "bb_landmark" / "loose_bb_train.csv").read_text().splitlines()
    assert boxes[0] == "NAME_ID,X,Y,W,H" and boxes[1].startswith('"n000001/0001_01",')
    x, y, width, height = (int(value) for value in boxes[1].split(",")[1:])
    mask = cv2.imread(str(tmp_path / "masks/train/n000001/0001_01.png"), cv2.IMREAD_UNCHANGED)
    assert cv2.boundingRect((mask == 128).astype(np.uint8)) == (x, y, width, height)
    assert all((tmp_path / "train" / name).is_file() for name in listed)


def write(folder: Path) -> None:
    (folder / "a.txt").write_text("a")


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    calls = []
    for _ in range(2):
        ensure(tmp_path / "x", {"seed": 0}, lambda folder: (calls.append(1), write(folder)) and None)
    assert len(calls) == 1
    assert json.loads((tmp_path / "x" / "synthetic.json").read_text())["seed"] == 0


def test_drawn_pictures_are_called_so_whoever_reads_them(tmp_path: Path) -> None:
    assert not is_drawn(IdentityFolder(str(tmp_path)))
    ensure(tmp_path / "x", {"seed": 0}, write)
    assert is_drawn(IdentityFolder(str(tmp_path / "x")))


def test_other_parameters_and_other_peoples_folders_are_left_alone(tmp_path: Path) -> None:
    ensure(tmp_path / "x", {"seed": 0}, write)
    with pytest.raises(FileExistsError, match="x: was made with another seed. Delete it, or choose another folder"):
        ensure(tmp_path / "x", {"seed": 1}, write)
    (tmp_path / "y").mkdir()
    with pytest.raises(FileExistsError, match="y: exists and is not a folder of synthetic pictures"):
        ensure(tmp_path / "y", {"seed": 0}, write)
    assert not list((tmp_path / "y").iterdir())


def test_an_error_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        write(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure(tmp_path / "x", {"seed": 0}, fail)
    assert not list(tmp_path.iterdir())


def test_whoever_comes_second_takes_the_first_ones_folder(tmp_path: Path) -> None:
    def slow(folder: Path) -> None:
        ensure(tmp_path / "x", {"seed": 0}, write)  # another process was faster
        (folder / "b.txt").write_text("b")

    ensure(tmp_path / "x", {"seed": 0}, slow)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "synthetic.json", "x"]
