import logging

import numpy as np
import pytest

from bareface.data.inspection import inspect
from bareface.data.lfw_parts import LFWParts
from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture
from data.trees.lfw_parts import PEOPLE, colours, write


@pytest.fixture
def root(tmp_path):
    return write(tmp_path)


def test_pairs_by_name_and_number(root):
    dataset = LFWParts(root)
    assert len(dataset.manifest) == sum(PEOPLE.values()) == 12
    assert dataset.manifest.row(3) == {
        "key": "lfw_funneled/Al_Gore_Jr/Al_Gore_Jr_0001.jpg",
        "mask": "parts_lfw_funneled_gt_images/Al_Gore_Jr_0001.ppm",
        "identity": "Al_Gore_Jr",
    }
    assert "lfw_funneled/Jean-Luc_O'Neil/Jean-Luc_O'Neil_0002.jpg" in dataset.manifest
    assert set(dataset.manifest.column("identity").tolist()) == set(PEOPLE)


@pytest.mark.parametrize(
    ("foreground", "merge", "classes", "values"),
    [
        (["face", "hair"], False, ("background", "face", "hair"), [0, 2, 1]),
        (["face", "hair"], True, ("background", "face+hair"), [0, 1, 1]),
        (["hair"], False, ("background", "hair"), [0, 1, 0]),
        (["face"], False, ("background", "face"), [0, 0, 1]),
    ],
)
def test_classes_by_colour_at_known_pixels(root, foreground, merge, classes, values):
    dataset = LFWParts(root, foreground=foreground, merge=merge)
    assert dataset.classes == classes
    mask = dataset.read(dataset.manifest, 0).mask
    assert [mask[0, 0], mask[3, 5], mask[10, 5]] == values  # blue, red, green
    assert mask.dtype == np.uint8


@pytest.mark.parametrize(("unknown", "value"), [("background", 0), ("ignore", 255)])
def test_unknown_colours_are_mapped_and_the_first_file_is_logged(root, tmp_path, caplog, unknown, value):
    odd = colours()
    odd[0, :2] = [(255, 255, 0), (254, 0, 0)]
    for number in (1, 2):
        write_picture(tmp_path / f"parts_lfw_funneled_gt_images/Zoe_Z_{number:04d}.ppm", odd)
    dataset = LFWParts(root, unknown_values=unknown)
    with caplog.at_level(logging.WARNING):
        masks = [dataset.read(dataset.manifest, row).mask for row in (10, 11)]
    assert [mask[0, :3].tolist() for mask in masks] == [[value, value, 0]] * 2
    assert len(caplog.messages) == 1
    assert "Zoe_Z_0001.ppm: mask colours #fe0000, #ffff00, expected only #0000ff, #00ff00, #ff0000." in caplog.text
    assert f"They become {unknown};" in caplog.text
    assert inspect(dataset, 0).unknown_values == {"#fe0000": 2, "#ffff00": 2}


def test_unknown_colours_can_be_errors(root, tmp_path):
    write_picture(tmp_path / "parts_lfw_funneled_gt_images/Zoe_Z_0001.ppm", np.zeros((16, 16, 3), np.uint8))
    dataset = LFWParts(root)
    with pytest.raises(
        DataError, match=r"Zoe_Z_0001\.ppm: mask colours #000000, expected only .* Correct the mask, or"
    ):
        dataset.read(dataset.manifest, 10)


def test_official_split(root):
    splits = LFWParts(root).splits
    assert [len(splits[stage]) for stage in ("train", "val", "test")] == [8, 2, 2]
    assert splits["val"].column("key").tolist() == [
        "lfw_funneled/Emmy_Noether/Emmy_Noether_0001.jpg",
        "lfw_funneled/Jean-Luc_O'Neil/Jean-Luc_O'Neil_0002.jpg",
    ]


def test_identity_split(root):
    fractions = [0.5, 0.25, 0.25]
    people = {
        stage: set(part.column("identity").tolist())
        for stage, part in LFWParts(root, split="identity", fractions=fractions).splits.items()
    }
    assert sorted(person for stage in people.values() for person in stage) == sorted(PEOPLE)  # nobody twice
    tests = {
        tuple(LFWParts(root, split="identity", fractions=fractions, seed=seed).splits["test"].column("key").tolist())
        for seed in range(4)
    }
    assert len(tests) > 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Bo 7\n", r"parts_test\.txt: names pictures without a mask: Bo_0007\. Restore the masks\."),
        ("Bo one\n", r"parts_test\.txt: line 1 is 'Bo one', expected a name and a number\."),
        (
            "Ada_Lovelace 1\n",
            r"parts_test\.txt: names pictures of another list: Ada_Lovelace_0001 \(parts_train\.txt\)\. Use the offi",
        ),
        ("Zoe_Z 2\nZoe_Z 2\n", r"parts_test\.txt: names pictures twice: Zoe_Z_0002\. Use the official lists\."),
    ],
)
def test_lists_that_are_wrong(root, tmp_path, content, message):
    (tmp_path / "parts_test.txt").write_text(content)
    with pytest.raises(DataError, match=message):
        _ = LFWParts(root).splits


def test_a_list_that_is_missing(root, tmp_path):
    (tmp_path / "parts_validation.txt").unlink()
    message = (
        r"data\.split=official: needs .*/parts_validation\.txt or .*gt_images/parts_validation\.txt\. It comes with"
    )
    with pytest.raises(DataError, match=message):
        _ = LFWParts(root).splits


def test_masks_without_a_picture_and_stray_files(root, tmp_path):
    (tmp_path / "lfw_funneled/Bo/Bo_0001.jpg").unlink()
    masks = tmp_path / "parts_lfw_funneled_gt_images"
    write_picture(masks / "cover.ppm", colours())
    (masks / "README").touch()
    survey = LFWParts(root).survey()
    assert survey.errors == [f"{masks}: 1 masks have no picture in lfw_funneled: Bo_0001.ppm. Restore those."]
    assert survey.warnings == [
        f"{masks}: 1 files of other names are left out: cover.ppm.",
        f"{masks}: 1 entries that are no pictures are left out.",
    ]
    assert len(survey.manifest) == 11


def test_deep_funneled_pictures_are_refused(tmp_path):
    root = write(tmp_path, pictures="lfw-deepfunneled")
    message = (
        r"/lfw_funneled: no such folder\. Found lfw-deepfunneled, but that is aligned in another way than the masks"
    )
    with pytest.raises(DataError, match=message):
        _ = LFWParts(root).manifest
    with pytest.raises(ValueError, match=r"data\.pictures=lfw-deepfunneled: is aligned in another way than the masks"):
        LFWParts(root, pictures="lfw-deepfunneled")


def test_folders_that_are_missing(tmp_path):
    with pytest.raises(
        DataError, match=r"/no: no such folder\. Expected lfw_funneled/NAME/NAME_0001\.jpg and parts_lfw"
    ):
        _ = LFWParts(str(tmp_path / "no")).manifest
    root = write(tmp_path)
    with pytest.raises(DataError, match=r"/gt: no such folder\. Expected"):
        _ = LFWParts(root, masks="gt").manifest
    with pytest.raises(DataError, match=r"/lfw: no such folder\. Expected"):
        _ = LFWParts(root, pictures="lfw").manifest


def test_sizes_must_agree_and_files_be_readable(root, tmp_path):
    write_picture(tmp_path / "parts_lfw_funneled_gt_images/Ada_Lovelace_0001.ppm", colours(8))
    (tmp_path / "parts_lfw_funneled_gt_images/Ada_Lovelace_0002.ppm").write_bytes(b"no")
    dataset = LFWParts(root)
    with pytest.raises(
        DataError, match=r"_0001\.ppm: the mask is 8 x 8, its picture 16 x 16\. Expected the same size\."
    ):
        dataset.read(dataset.manifest, 0)
    with pytest.raises(PictureError, match=r"_0002\.ppm: not a picture"):
        dataset.read(dataset.manifest, 1)


def test_inspection(root):
    found = inspect(LFWParts(root), 0)
    assert found.ok and found.stages == {"train": 8, "val": 2, "test": 2, "none": 0} and not found.unknown_values
    assert found.class_shares["hair"] == pytest.approx(32 / 256)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "foo"}, r"data\.split=foo: expected official or identity\."),
        ({"foreground": ["nose"]}, r"data\.foreground=\['nose'\]: expected a list of one or more of face, hair\."),
        ({"foreground": ["hair"], "merge": True}, r"data\.merge=True: expected false where foreground is hair alone\."),
        ({"unknown_values": "x"}, r"data\.unknown_values=x: expected error, background or ignore\."),
        ({"fractions": [1]}, r"data\.fractions=\[1\]"),
        ({"seed": -2}, r"data\.seed=-2"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        LFWParts("x", **arguments)
