import numpy as np
import pytest

from bareface.data.celeba_identities import CelebAIdentities
from bareface.data.inspection import inspect
from bareface.errors import DataError
from bareface.io.pictures import write_picture
from data.trees.celeba import write


@pytest.mark.parametrize(
    "form", [{}, {"end": "\n"}, {"last": False}, {"header": "image identity"}, {"end": "\n", "header": "img,label"}]
)
def test_pictures_with_identities(tmp_path, form):
    dataset = CelebAIdentities(write(tmp_path, **form))
    assert dataset.identities == ("1", "7", "44", "2880", "10177")  # in the order of the numbers
    assert dataset.manifest.row(0) == {"key": "img_align_celeba/000001.jpg", "label": 3, "identity": 2880}
    assert dataset.manifest.column("label").tolist() == [3, 3, 3, 1, 1, 4, 4, 0, 0, 2]
    assert dataset.manifest.column("label").dtype == np.int32
    assert dataset.read(dataset.manifest, 0).image.shape == (8, 8, 3)
    splits = dataset.splits
    assert {stage: len(part) for stage, part in splits.items()} == {"train": 5, "val": 2, "test": 3}
    people = [set(part.column("label").tolist()) for part in splits.values()]
    assert people == [{3, 1}, {4}, {0, 2}]


def test_png_pictures_join_on_the_stem(tmp_path):
    dataset = CelebAIdentities(write(tmp_path, pictures="x", suffix=".png"), pictures="x")
    assert dataset.manifest.key(9) == "x/000010.png" and len(dataset.splits["test"]) == 3


def test_the_closed_set(tmp_path):
    dataset = CelebAIdentities(write(tmp_path), split="fractions", fractions=[0.5, 0, 0.5])
    train, _, test = dataset.splits.values()
    assert set(test.column("label").tolist()) == {0, 1, 3, 4} and set(train.column("label").tolist()) == {0, 1, 2, 3, 4}
    other = CelebAIdentities(str(tmp_path), split="fractions", fractions=[0.5, 0, 0.5], seed=3).splits["test"]
    assert other.column("key").tolist() != test.column("key").tolist()


def test_what_check_says(tmp_path):
    root = write(tmp_path)
    for number in (1, 2, 4, 5, 6, 7):
        (tmp_path / f"img_align_celeba/{number:06d}.jpg").unlink()
    found = inspect(CelebAIdentities(root, split="fractions"), 0)
    assert found.samples == 4 and found.lone_identities == ["44", "2880"]
    assert (
        f"{root}/img_align_celeba: 6 of 10 pictures that identity_CelebA.txt lists are missing: 000001, 000002, "
        "000004, 000005, 000006, ... (6 in all). Restore them, unless a part of CelebA is meant."
    ) in found.warnings


def test_pictures_without_a_line(tmp_path):
    root = write(tmp_path)
    write_picture(tmp_path / "img_align_celeba/000011.jpg", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(DataError, match=r"identity_CelebA\.txt: has no line for 1 pictures: 000011\.jpg\. Use the off"):
        _ = CelebAIdentities(root).manifest


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Anno/identity_CelebA.txt",
            r"identity_CelebA\.txt and .*/Anno/identity_CelebA\.txt: no such files\. It",
        ),
        ("Eval/list_eval_partition.txt", r"data\.split=celeba: needs .*/Eval/list_eval_partition\.txt\. It comes with"),
    ],
)
def test_missing_lists(tmp_path, name, message):
    root = write(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=message):
        _ = CelebAIdentities(root).splits


def test_lists_that_are_wrong(tmp_path):
    root = write(tmp_path)
    partition = tmp_path / "Eval/list_eval_partition.txt"
    partition.write_text(partition.read_text().replace("000003.jpg 0", "000003.jpg 3"))
    with pytest.raises(DataError, match=r"list_eval_partition\.txt: partition 3, expected 0, 1 or 2\."):
        _ = CelebAIdentities(root).splits
    (tmp_path / "Anno/identity_CelebA.txt").write_text("000001.jpg 5\n000002.jpg\n")
    with pytest.raises(DataError, match=r"identity_CelebA\.txt: line 2 is '000002\.jpg', expected a name and a number"):
        _ = CelebAIdentities(root).manifest


def test_folders_and_arguments_that_are_wrong(tmp_path):
    root = write(tmp_path, pictures="img_align_celeba_png", suffix=".png")
    with pytest.raises(DataError, match=r"no such folder\. Found img_align_celeba_png: set data\.pictures=img_align_"):
        _ = CelebAIdentities(root).manifest
    (tmp_path / "img_align_celeba_png/000001.jpg").touch()
    with pytest.raises(DataError, match=r"more than one file of the same stem: 000001\. Keep one of each\."):
        _ = CelebAIdentities(root, pictures="img_align_celeba_png").manifest
    with pytest.raises(DataError, match=r"/no: no such folder\. Expected img_align_celeba/NNNNNN\.jpg"):
        _ = CelebAIdentities(str(tmp_path / "no")).manifest
    with pytest.raises(ValueError, match=r"data\.split=official: expected celeba or fractions\."):
        CelebAIdentities("x", split="official")
