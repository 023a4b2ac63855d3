import shutil

import numpy as np
import pytest

from bareface.data.figaro1k import STYLES, Figaro1k
from bareface.data.inspection import inspect
from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture
from data.trees.figaro1k import write


@pytest.fixture
def root(tmp_path):
    return write(tmp_path)


def counts(dataset):
    return [len(dataset.splits[stage]) for stage in ("train", "val", "test")]


def test_pairs_by_frame(root):
    dataset = Figaro1k(root)
    assert len(dataset.manifest) == 28 and dataset.classes == ("background", "hair")
    assert "Original/Training/Frame00153-org.jpg" in dataset.manifest
    assert dataset.manifest.row(0) == {
        "key": "Original/Testing/Frame00004-org.jpg", "mask": "GT/Testing/Frame00004-gt.pbm",
        "frame": 4, "style": "straight",
    }  # fmt: skip


def test_hair_is_white(root, tmp_path):
    raw = (tmp_path / "GT/Training/Frame00001-gt.pbm").read_bytes()
    assert raw.startswith(b"P4") and raw.endswith(b"\xff\xff\xff" * 10)  # below the hair all bits are 1: black
    dataset = Figaro1k(root)
    mask = dataset.read(dataset.manifest, 7).mask
    assert [mask[5, 10], mask[5, 3], mask[15, 10]] == [1, 0, 0]
    assert mask.sum() == 8 * 16 and mask.dtype == np.uint8


def test_styles_by_frame_number(root):
    manifest = Figaro1k(root).manifest
    styles = dict(zip(manifest.column("frame").tolist(), manifest.column("style").tolist(), strict=True))
    assert [styles[150 * place + 1] for place in range(7)] == list(STYLES)
    assert STYLES == ("straight", "wavy", "curly", "kinky", "braids", "dreadlocks", "short-men")
    chosen = Figaro1k(root, styles=["kinky", "wavy"]).manifest.column("style").tolist()
    assert set(chosen) == {"kinky", "wavy"} and len(chosen) == 8


def test_split(root):
    dataset = Figaro1k(root, val_fraction=0.3)
    assert counts(dataset) == [14, 7, 7]
    for stage in ("val", "test"):
        assert sorted(dataset.splits[stage].column("style").tolist()) == sorted(STYLES)  # one of each
    assert all("/Testing/" in key for key in dataset.splits["test"].column("key"))
    assert counts(Figaro1k(root, val_fraction=0)) == [21, 0, 7]
    vals = {
        tuple(Figaro1k(root, val_fraction=0.3, seed=seed).splits["val"].column("frame").tolist()) for seed in range(4)
    }
    assert len(vals) > 1


def test_stray_files_do_not_shift_the_pairs(root, tmp_path):
    shutil.copy(tmp_path / "GT/Training/Frame00001-gt.pbm", tmp_path / "GT/Training/Frame00001-gt(1).pbm")
    (tmp_path / "GT/Training/.DS_Store").touch()
    (tmp_path / "Original/Testing/Thumbs.db").touch()
    survey = Figaro1k(root).survey()
    assert len(survey.manifest) == 28 and survey.errors == []
    assert survey.warnings == [
        f"{tmp_path}/GT/Training: 1 files of other names are left out: Frame00001-gt(1).pbm.",
        f"{tmp_path}/Original/Testing: 1 entries that are no pictures are left out.",
    ]


def test_what_is_wrong_with_the_files(root, tmp_path):
    (tmp_path / "GT/Training/Frame00001-gt.pbm").unlink()
    (tmp_path / "Original/Testing/Frame00004-org.jpg").unlink()
    write_picture(tmp_path / "Original/Training/Frame01051-org.jpg", np.zeros((4, 4, 3), np.uint8))
    write_picture(tmp_path / "Original/Training/Frame00002-org.png", np.zeros((4, 4, 3), np.uint8))
    shutil.copy(tmp_path / "GT/Training/Frame00003-gt.pbm", tmp_path / "GT/Testing/Frame00003-gt.pbm")
    assert Figaro1k(root).survey().errors == [
        f"{tmp_path}/Original/Training: frames beyond 1 to 1050: Frame01051-org.jpg. Their style is not known; "
        "remove them.",
        f"{tmp_path}/Original/Training: more than one file of a frame: Frame00002-org.png. Keep one of each.",
        f"{tmp_path}: 1 pictures without a mask: Original/Training/Frame00001-org.jpg. Restore the others.",
        f"{tmp_path}: frames of both Training and Testing: GT/Testing/Frame00003-gt.pbm. Keep one of each.",
        f"{tmp_path}: 2 masks without a picture: GT/Testing/Frame00003-gt.pbm, GT/Testing/Frame00004-gt.pbm. "
        "Restore the others.",
    ]
    with pytest.raises(
        DataError, match=r"frames beyond 1 to 1050: Frame01051-org\.jpg.* \(4 more errors: see bareface"
    ):
        _ = Figaro1k(root).manifest


def test_sizes_must_agree_and_files_be_readable(root, tmp_path):
    write_picture(tmp_path / "Original/Training/Frame00001-org.jpg", np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "GT/Training/Frame00002-gt.pbm").write_bytes(b"P4 no")
    dataset = Figaro1k(root)
    with pytest.raises(
        DataError, match=r"Frame00001-gt\.pbm: the mask is 20 x 24, its picture 4 x 4\. Expected the sa"
    ):
        dataset.read(dataset.manifest, 7)
    with pytest.raises(PictureError, match=r"Frame00002-gt\.pbm: "):
        dataset.read(dataset.manifest, 8)


def test_folders_that_are_missing(tmp_path):
    with pytest.raises(
        DataError, match=r"/no: no such folder\. Expected Original/Training/Frame00001-org\.jpg, GT/Train"
    ):
        _ = Figaro1k(str(tmp_path / "no")).manifest
    write(tmp_path / "Figaro1k")
    with pytest.raises(
        DataError, match=r"Original/Training: no such folder\. Found Figaro1k: set data\.root=.*/Figaro1k"
    ):
        _ = Figaro1k(str(tmp_path)).manifest
    shutil.rmtree(tmp_path / "Figaro1k/GT/Testing")
    with pytest.raises(DataError, match=r"GT/Testing: no such folder\. Expected"):
        _ = Figaro1k(str(tmp_path / "Figaro1k")).manifest


def test_inspection(root):
    found = inspect(Figaro1k(root), 0)
    assert found.ok and found.stages == {"train": 14, "val": 7, "test": 7, "none": 0}
    assert found.class_shares == pytest.approx({"background": 352 / 480, "hair": 128 / 480, "ignore": 0})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"styles": ["long"]}, r"data\.styles=\['long'\]: expected a list of straight, wavy, curly, kinky, braids"),
        ({"styles": []}, r"data\.styles=\[\]: expected a list"),
        ({"val_fraction": 1.0}, r"data\.val_fraction=1\.0: expected 0 <= v < 1, e\.g\. 0\.1\."),
        ({"val_fraction": -0.1}, r"data\.val_fraction=-0\.1"),
        ({"seed": -2}, r"data\.seed=-2"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        Figaro1k("x", **arguments)
