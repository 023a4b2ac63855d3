import json

import numpy as np
import pyarrow as pa
import pytest

from bareface.data.celebhair import CelebHair
from bareface.data.dataset import DataSet, Record
from bareface.data.identity_folder import IdentityFolder
from bareface.data.inspection import inspect
from bareface.data.manifest import Manifest
from bareface.data.mask_folder import MaskFolder
from bareface.errors import DataError
from bareface.io.pictures import write_picture

MASK = np.array([[0, 128, 255, 255]], np.uint8)


def write_celebhair(root, count=10):
    for name in ("img_align_celeba", "segmentation_masks"):
        (root / name).mkdir(parents=True)
    for number in range(count):
        write_picture(root / f"img_align_celeba/{number:06d}.png", np.full((1, 4, 3), number, np.uint8))
        write_picture(root / f"segmentation_masks/{number:06d}.bmp", MASK)
    return CelebHair(str(root), counts=[5, 2, 2])


def test_a_data_set_in_order(tmp_path):
    found = inspect(write_celebhair(tmp_path), workers=0)
    assert found.ok
    assert found.to_dict() == {
        "ok": True,
        "root": str(tmp_path),
        "samples": 10,
        "stages": {"train": 5, "val": 2, "test": 2, "none": 1},
        "faulty": {},
        "unknown_values": {},
        "sizes": {
            "height": {"min": 1, "median": 1.0, "max": 1}, "width": {"min": 4, "median": 4.0, "max": 4}, "distinct": 1,
        },
        "lone_identities": [],
        "duplicates": [],
        "class_shares": {"background": 0.25, "face": 0.25, "hair": 0.5, "ignore": 0.0},
        "errors": [],
        "warnings": [],
    }  # fmt: skip
    json.dumps(found.to_dict())


def test_a_class_that_never_occurs(tmp_path):
    dataset = write_celebhair(tmp_path)
    for path in (tmp_path / "segmentation_masks").iterdir():
        write_picture(path, np.array([[0, 0, 255, 255]], np.uint8))
    found = inspect(dataset, workers=0)
    assert found.ok and found.class_shares["face"] == 0
    rule = "Nothing can be learnt of it; check the masks, or leave the class out."
    assert found.warnings == [f"{tmp_path}: no mask has a pixel of face. {rule}"]


def damage(root):
    (root / "img_align_celeba/000001.png").write_bytes(b"no")
    (root / "segmentation_masks/000002.bmp").unlink()
    (root / "segmentation_masks/000002.bmp").write_bytes(b"")
    write_picture(root / "segmentation_masks/000003.bmp", np.array([[0, 7, 255, 255]], np.uint8))
    write_picture(root / "segmentation_masks/000004.bmp", np.array([[7, 9, 0, 0]], np.uint8))
    write_picture(root / "img_align_celeba/000008.png", np.zeros((1, 4, 3), np.uint8))  # the same as 000000
    (root / "img_align_celeba/000009.png").unlink()
    write_picture(root / "img_align_celeba/000007.png", np.full((2, 8, 3), 3, np.uint8))
    write_picture(root / "segmentation_masks/000007.bmp", np.repeat(np.repeat(MASK, 2, 0), 2, 1))


@pytest.mark.parametrize("workers", [0, 2])
def test_it_goes_on_after_errors(tmp_path, workers):
    dataset = write_celebhair(tmp_path)
    damage(tmp_path)
    found = inspect(dataset, workers)
    assert not found.ok
    assert found.samples == 9
    assert list(found.faulty) == ["img_align_celeba/000001.png", "img_align_celeba/000002.png"]
    assert "not a picture of a known format" in found.faulty["img_align_celeba/000001.png"]
    assert "000002.bmp: an empty file" in found.faulty["img_align_celeba/000002.png"]
    assert found.unknown_values == {7: 2, 9: 1}
    assert found.to_dict()["unknown_values"] == {"7": 2, "9": 1}
    assert found.duplicates == [["img_align_celeba/000000.png", "img_align_celeba/000008.png"]]
    assert found.sizes["distinct"] == 2 and found.sizes["width"] == {"min": 4, "median": 4.0, "max": 8}
    # five masks of 4 pixels in order, one of 16, one with a 7, one with a 7 and a 9
    total = 4 * 4 + 16 + 4 + 4
    assert found.class_shares == {
        "background": (4 + 4 + 1 + 2) / total, "face": (4 + 4) / total,
        "hair": (8 + 8 + 2) / total, "ignore": (1 + 2) / total,
    }  # fmt: skip
    assert [line.removeprefix(str(tmp_path)) for line in found.errors] == [
        "/segmentation_masks: 1 masks have no picture in img_align_celeba: 000009.bmp. Restore those.",
        f": 2 samples cannot be read: img_align_celeba/000001.png ({found.faulty['img_align_celeba/000001.png']}),"
        " ... (2 in all).",
    ]
    assert [line.removeprefix(str(tmp_path)) for line in found.warnings] == [
        ": masks hold values without a class: 7 in 2 files, 9 in 1 files.",
        ": the same file in more than one stage: img_align_celeba/000000.png = img_align_celeba/000008.png.",
    ]


def test_unknown_values_that_are_errors_are_counted_too(tmp_path):
    write_celebhair(tmp_path)
    damage(tmp_path)
    found = inspect(CelebHair(str(tmp_path), counts=[5, 2, 2], unknown_values="error"), 0)
    assert found.unknown_values == {7: 2, 9: 1}
    assert "mask values 7, 9, expected only 0, 128, 255" in found.faulty["img_align_celeba/000004.png"]


def test_missing_partners_do_not_stop_it(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for number in range(10):
        write_picture(tmp_path / f"images/{number}.png", np.zeros((2, 2, 3), np.uint8))
        if number != 4:
            write_picture(tmp_path / f"masks/{number}.png", np.full((2, 2), 255, np.uint8))
    found = inspect(MaskFolder(str(tmp_path)), 0)
    assert found.samples == 9 and found.class_shares["person"] == 1
    assert found.errors == [f"{tmp_path}: 1 images without a mask: 4.png. Add the others, or remove these."]
    assert len(found.duplicates) == 1 and len(found.duplicates[0]) == 9


def test_people_of_one_picture(tmp_path):
    for name, count in (("ada", 5), ("bob", 1), ("eve", 1)):
        (tmp_path / name).mkdir()
        for number in range(count):
            write_picture(tmp_path / f"{name}/{number}.png", np.full((2, 2, 3), ord(name[0]) + number, np.uint8))
    found = inspect(IdentityFolder(str(tmp_path)), 0)
    assert found.ok and found.lone_identities == ["bob", "eve"]
    assert found.warnings == [f"{tmp_path}: identities of fewer than 2 pictures cannot be tested: bob, eve."]
    assert found.class_shares == {}


def test_what_stops_it_is_reported(tmp_path):
    found = inspect(CelebHair(str(tmp_path / "no")), 0)
    assert not found.ok and found.samples == 0
    assert found.errors[0].startswith(f"{tmp_path}/no: no such folder. Expected")
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    assert inspect(MaskFolder(str(tmp_path)), 0).errors == [f"{tmp_path}: no samples found."]


def test_splits_that_fail_or_are_empty(tmp_path):
    write_celebhair(tmp_path)
    found = inspect(CelebHair(str(tmp_path)), 0)
    assert "3000 + 200 + 200 = 3400 samples asked for, there are 10" in found.errors[0]
    assert found.sizes["distinct"] == 1 and found.stages == {}
    found = inspect(CelebHair(str(tmp_path), counts=[8, 2, 0]), 0)
    assert found.errors == [f"{tmp_path}: the split gives no test pictures. Choose another data.split."]


class Bare(DataSet):
    """A data set that knows no surveys."""

    def __init__(self, root, fails):
        self.root, self.fails = root, fails

    def index(self):
        if self.fails:
            raise DataError("index is wrong")
        return Manifest(pa.table({"key": ["a.png", "b.png"]}))

    def split(self, manifest):
        return {"train": manifest.take([0]), "val": manifest.take([]), "test": manifest.take([1])}

    def read(self, manifest, row):
        return Record(np.zeros((3, 2 + row, 3), np.uint8))


def test_any_data_set_can_be_inspected(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.png").write_text(name)
    found = inspect(Bare(tmp_path, False), 0)
    assert found.ok and found.sizes["distinct"] == 2 and found.stages == {"train": 1, "val": 0, "test": 1, "none": 0}
    assert inspect(Bare(tmp_path, True), 0).errors == ["index is wrong"]
