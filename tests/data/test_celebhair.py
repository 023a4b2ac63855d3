import logging

import numpy as np
import pytest

from bareface.data.celeba_lists import read_numbers
from bareface.data.celebhair import CelebHair
from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture

CODES = np.repeat(np.array([[0, 128, 255]], np.uint8), 4, axis=0)


def stem(number):
    return f"{number:06d}"


def write_tree(root, numbers, pictures="img_align_celeba", suffix=".jpg", extra=()):
    """CelebA pictures (also some without a mask) and CelebHair masks."""
    (root / pictures).mkdir(parents=True)
    (root / "segmentation_masks").mkdir()
    for number in [*numbers, *extra]:
        write_picture(root / pictures / f"{stem(number)}{suffix}", np.full((4, 3, 3), number, np.uint8))
    for number in numbers:
        write_picture(root / "segmentation_masks" / f"{stem(number)}.bmp", CODES)
    return str(root)


@pytest.fixture
def root(tmp_path):
    return write_tree(tmp_path / "celeba", range(1, 13), extra=(50, 51))


def test_pairs_by_stem_and_leaves_out_pictures_without_a_mask(root):
    dataset = CelebHair(root)
    assert len(dataset.manifest) == 12
    assert dataset.manifest.row(0) == {
        "key": "img_align_celeba/000001.jpg", "mask": "segmentation_masks/000001.bmp",
    }  # fmt: skip
    record = dataset.read(dataset.manifest, 6)
    assert abs(int(record.image[0, 0, 0]) - 7) <= 1
    np.testing.assert_array_equal(record.mask[0], [0, 1, 2])


@pytest.mark.parametrize(
    ("foreground", "merge", "classes", "indices"),
    [
        (["face", "hair"], False, ("background", "face", "hair"), [0, 1, 2]),
        (["hair", "face"], False, ("background", "face", "hair"), [0, 1, 2]),
        (["face", "hair"], True, ("background", "face+hair"), [0, 1, 1]),
        (["face"], False, ("background", "face"), [0, 1, 0]),
        (["hair"], False, ("background", "hair"), [0, 0, 1]),
    ],
)
def test_classes(root, foreground, merge, classes, indices):
    dataset = CelebHair(root, foreground=foreground, merge=merge)
    assert dataset.classes == classes
    assert dataset.read(dataset.manifest, 0).mask[0].tolist() == indices


def test_png_pictures(tmp_path):
    root = write_tree(tmp_path, [3], "img_align_celeba_png", ".png")
    dataset = CelebHair(root, pictures="img_align_celeba_png")
    assert dataset.manifest.key(0) == "img_align_celeba_png/000003.png"
    assert dataset.read(dataset.manifest, 0).image[0, 0].tolist() == [3, 3, 3]


@pytest.mark.parametrize(("unknown", "value"), [("background", 0), ("ignore", 255)])
def test_unknown_values_are_mapped_and_the_first_file_is_logged(root, tmp_path, caplog, unknown, value):
    odd = CODES.copy()
    odd[0] = [7, 128, 254]
    for number in (2, 3):
        write_picture(tmp_path / f"celeba/segmentation_masks/{stem(number)}.bmp", odd)
    dataset = CelebHair(root, unknown_values=unknown)
    with caplog.at_level(logging.WARNING):
        masks = [dataset.read(dataset.manifest, row).mask for row in range(3)]
    assert masks[1][0].tolist() == [value, 1, value] == masks[2][0].tolist()
    assert len(caplog.messages) == 1
    assert f"000002.bmp: mask values 7, 254, expected only 0, 128, 255. They become {unknown};" in caplog.messages[0]


def test_unknown_values_can_be_errors(root, tmp_path):
    write_picture(tmp_path / "celeba/segmentation_masks/000002.bmp", CODES + np.uint8(1))
    dataset = CelebHair(root, unknown_values="error")
    dataset.read(dataset.manifest, 0)
    with pytest.raises(
        DataError, match=r"000002\.bmp: mask values 1, 129, expected only 0, 128, 255\. Correct the mask"
    ):
        dataset.read(dataset.manifest, 1)


def test_report_split_takes_the_sorted_masks(root):
    splits = CelebHair(root, counts=[6, 3, 2]).splits
    assert [len(splits[stage]) for stage in ("train", "val", "test")] == [6, 3, 2]
    assert splits["train"].key(0).endswith("000001.jpg") and splits["test"].key(1).endswith("000011.jpg")
    with pytest.raises(DataError, match=r"3000 \+ 200 \+ 200 = 3400 samples asked for, there are 12"):
        _ = CelebHair(root).splits


def test_identity_split(root, tmp_path):
    (tmp_path / "celeba/Anno").mkdir()
    lines = "".join(f"{stem(number)}.jpg {number // 3}\r\n" for number in range(60))
    (tmp_path / "celeba/Anno/identity_CelebA.txt").write_bytes(lines.encode())
    dataset = CelebHair(root, split="identity", fractions=[0.5, 0.25, 0.25])
    assert dataset.manifest.row(4)["identity"] == 5 // 3
    people = {stage: set(part.column("identity").tolist()) for stage, part in dataset.splits.items()}
    assert sorted(person for stage in people.values() for person in stage) == [0, 1, 2, 3, 4]  # nobody twice
    seeds = [CelebHair(root, split="identity", fractions=[0.5, 0.25, 0.25], seed=seed).splits for seed in (0, 1, 2, 3)]
    tests = [tuple(splits["test"].column("key").tolist()) for splits in seeds]
    assert tests[0] == tuple(dataset.splits["test"].column("key").tolist()) and len(set(tests)) > 1


def test_celeba_split(root, tmp_path):
    (tmp_path / "celeba/Eval").mkdir()
    path = tmp_path / "celeba/Eval/list_eval_partition.txt"
    path.write_text("".join(f"{stem(number)}.jpg {(number > 8) + (number > 10)}\n" for number in range(1, 60)))
    assert {stage: len(part) for stage, part in CelebHair(root, split="celeba").splits.items()} == {
        "train": 8, "val": 2, "test": 2,
    }  # fmt: skip
    path.write_text("".join(f"{stem(number)}.jpg {number}\n" for number in range(1, 60)))
    with pytest.raises(DataError, match=r"list_eval_partition\.txt: partition 12, expected 0, 1 or 2"):
        _ = CelebHair(root, split="celeba").splits


@pytest.mark.parametrize(
    ("split", "name", "folder"),
    [("identity", "identity_CelebA.txt", "Anno"), ("celeba", "list_eval_partition.txt", "Eval")],
)
def test_splits_that_need_a_file(root, split, name, folder):
    with pytest.raises(DataError, match=rf"data\.split={split}: needs .*/{name} or .*/{folder}/{name}\. It comes with"):
        _ = CelebHair(root, split=split).splits


def test_a_list_without_the_picture(root, tmp_path):
    (tmp_path / "celeba/identity_CelebA.txt").write_text("000001.jpg 5\n")
    message = r"identity_CelebA\.txt: has no line for 000002, 000003, 000004, 000005, 000006, \.\.\. \(11 in all\)"
    with pytest.raises(DataError, match=message):
        _ = CelebHair(root).manifest


def test_masks_without_a_picture_are_errors(root, tmp_path):
    for number in range(1, 8):
        (tmp_path / f"celeba/img_align_celeba/{stem(number)}.jpg").unlink()
    message = (
        r"segmentation_masks: 7 masks have no picture in img_align_celeba: "
        r"000001\.bmp, 000002\.bmp, 000003\.bmp, 000004\.bmp, 000005\.bmp, \.\.\. \(7 in all\)\. Restore those\."
    )
    with pytest.raises(DataError, match=message):
        _ = CelebHair(root).manifest
    survey = CelebHair(root).survey()
    assert len(survey.manifest) == 5 and len(survey.errors) == 1


def test_two_files_of_one_stem(root, tmp_path):
    write_picture(tmp_path / "celeba/img_align_celeba/000003.png", np.zeros((4, 3, 3), np.uint8))
    with pytest.raises(DataError, match=r"img_align_celeba: more than one file of the same stem: 000003\. Keep one"):
        _ = CelebHair(root).manifest


def test_folders_that_are_missing(tmp_path):
    with pytest.raises(DataError, match=r"/no: no such folder\. Expected img_align_celeba/NNNNNN\.jpg \(https://mmlab"):
        _ = CelebHair(str(tmp_path / "no")).manifest
    root = write_tree(tmp_path / "a", [1], "Img/img_align_celeba_png", ".png")
    message = r"/img_align_celeba: no such folder\. Found Img/img_align_celeba_png: set data\.pictures=Img/img_align_c"
    with pytest.raises(DataError, match=message):
        _ = CelebHair(root).manifest
    assert len(CelebHair(root, pictures="Img/img_align_celeba_png").manifest) == 1
    with pytest.raises(DataError, match=r"/masks: no such folder\. Expected"):
        _ = CelebHair(root, pictures="Img/img_align_celeba_png", masks="masks").manifest


def test_the_folder_of_archive_parts_that_is_named_like_an_archive(tmp_path):
    root = write_tree(tmp_path, [1], "img_align_celeba_png", ".png")
    trap = tmp_path / "img_align_celeba_png.7z"
    trap.mkdir()
    for number in range(1, 17):
        (trap / f"img_align_celeba_png.7z.{number:03d}").touch()
    message = (
        r"img_align_celeba_png\.7z: holds archives, not pictures: img_align_celeba_png\.7z\.001, .*\(16 in all\)\. "
        r"Unpack img_align_celeba_png\.7z\.001\. Found img_align_celeba_png: set data\.pictures=img_align_celeba_png\."
    )
    with pytest.raises(DataError, match=message):
        _ = CelebHair(root, pictures="img_align_celeba_png.7z").manifest
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="/empty: holds no pictures"):
        _ = CelebHair(root, pictures="empty").manifest


def test_sizes_must_agree_and_files_be_readable(root, tmp_path):
    write_picture(tmp_path / "celeba/segmentation_masks/000001.bmp", CODES[:3])
    (tmp_path / "celeba/img_align_celeba/000002.jpg").write_bytes(b"no")
    dataset = CelebHair(root)
    with pytest.raises(DataError, match=r"000001\.bmp: the mask is 3 x 3, its picture 4 x 3\. Expected the same size"):
        dataset.read(dataset.manifest, 0)
    with pytest.raises(PictureError, match=r"000002\.jpg: not a picture"):
        dataset.read(dataset.manifest, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "foo"}, r"data\.split=foo: expected one of report, identity, celeba\."),
        ({"foreground": []}, r"data\.foreground=\[\]: expected a list of one or more of face, hair\."),
        ({"foreground": ["face", "nose"]}, r"data\.foreground=\['face', 'nose'\]: expected"),
        ({"foreground": "face"}, r"data\.foreground=face: expected a list"),
        ({"foreground": ["hair"], "merge": True}, r"data\.merge=True: expected false where foreground is hair alone\."),
        ({"unknown_values": "x"}, r"data\.unknown_values=x: expected error, background or ignore\."),
        ({"counts": [1]}, r"data\.counts=\[1\]"),
        ({"fractions": [1]}, r"data\.fractions=\[1\]"),
        ({"seed": -2}, r"data\.seed=-2"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        CelebHair("x", **arguments)


@pytest.mark.parametrize(
    "content",
    [
        b"000001.jpg 5\r\n000002.jpg 7\r\n",
        b"000001.jpg 5\n000002.jpg 7",
        b"image identity\n000001.jpg   5\n000002.jpg\t7\n",
        b"img label\r\n000001.png 5 \r\n\r\n000002.png 7",
        b"\xef\xbb\xbfimage_id,identity\n000001.jpg,5\n000002.jpg,7\n",
    ],
)
def test_lists_of_celeba_in_all_their_forms(content, tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    assert read_numbers(path) == {"000001": 5, "000002": 7}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("000001.jpg 5\n000002.jpg\n", r"list\.txt: line 2 is '000002\.jpg', expected a name and a number\."),
        ("000001.jpg 5\n000001.png 6\n", r"list\.txt: line 2 gives 000001 the number 6, before it had 5\."),
        ("header line\n", r"list\.txt: no lines\. Expected a name and a number in each\."),
    ],
)
def test_lists_of_celeba_that_are_wrong(content, message, tmp_path):
    (tmp_path / "list.txt").write_text(content)
    with pytest.raises(DataError, match=message):
        read_numbers(tmp_path / "list.txt")
