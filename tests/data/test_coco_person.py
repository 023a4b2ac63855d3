import json
import pickle

import numpy as np
import pytest
from PIL import Image

from bareface.data.coco_person import CocoPerson
from bareface.data.inspection import inspect
from bareface.errors import DataError
from bareface.io.pictures import write_picture
from data.trees.coco_person import BODY, HEIGHT, WIDTH, person, write
from data.trees.shapes import box, noise

ALL = {"people": None, "head": False, "min_share": 0, "crowd": "allow"}
BODY_MASK = box(HEIGHT, WIDTH, *BODY) > 0


@pytest.fixture
def root(tmp_path):
    return write(tmp_path)


def numbers(dataset):
    return [int(key[-16:-4]) for key in dataset.manifest.column("key")]


def row_of(dataset, number):
    return numbers(dataset).index(number)


def mask_of(dataset, number):
    return dataset.read(dataset.manifest, row_of(dataset, number)).mask


def test_portraits_are_chosen(root):
    dataset = CocoPerson(root)
    assert dataset.classes == ("background", "person")
    assert numbers(dataset) == [*range(1, 11), 101, 102, 103]
    row = dataset.manifest.row(0)
    assert row["key"] == "train2017/000000000001.jpg"
    assert (row["height"], row["width"], row["people"]) == (HEIGHT, WIDTH, 1)
    assert row["share"] == pytest.approx(144 / 480)


@pytest.mark.parametrize("number", [1, 9, 10])
def test_polygons_packed_and_plain_run_lengths_give_the_same_mask(root, number):
    mask = mask_of(CocoPerson(root), number)
    np.testing.assert_array_equal(mask, BODY_MASK)
    assert mask.dtype == np.uint8


def test_the_dog_is_background_and_everybody_is_person(root):
    mask = mask_of(CocoPerson(root, **ALL), 20)
    np.testing.assert_array_equal(mask, BODY_MASK | (box(HEIGHT, WIDTH, 0, 0, 4, 4) > 0))


def test_crowds_are_ignored_not_people(root):
    mask = mask_of(CocoPerson(root, **ALL), 21)
    assert [mask[0, 0], mask[8, 8], mask[8, 15], mask[0, 15]] == [255, 1, 1, 0]  # who is drawn in a crowd is a person


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, range(1, 11)),
        ({"people": 2}, [20]),
        ({"people": None}, [*range(1, 11), 20]),
        ({"head": False}, [*range(1, 11), 22]),
        ({"min_share": 0.0}, [*range(1, 11), 23]),
        ({"crowd": "allow"}, [*range(1, 11), 21]),
        (ALL, [*range(1, 11), 20, 21, 22, 23]),
    ],
)
def test_filters(root, changed, expected):
    assert [number for number in numbers(CocoPerson(root, **changed)) if number < 100] == list(expected)


def test_filters_that_nothing_passes(root):
    with pytest.raises(DataError, match=r"no samples found\. Person or background in the pictures of COCO"):
        _ = CocoPerson(root, min_share=0.31).manifest


def test_what_is_left_out_is_counted(root, tmp_path):
    assert CocoPerson(root).survey().warnings == [
        f"{tmp_path}/train2017: 10 of 15 pictures are used; left out: 1 with another number of people, 1 with a crowd, "
        "1 without a visible head, 1 of people below a share of 0.05, 1 of a crowd alone."
    ]


def test_splits(root):
    dataset = CocoPerson(root, val_fraction=0.2)
    stages = {stage: set(part.column("key").tolist()) for stage, part in dataset.splits.items()}
    assert [len(keys) for keys in stages.values()] == [8, 2, 3] and len(set.union(*stages.values())) == 13
    assert all(key.startswith("val2017/") for key in stages["test"])
    assert [len(part) for part in CocoPerson(root, val_fraction=0).splits.values()] == [10, 0, 3]
    vals = {tuple(CocoPerson(root, seed=seed).splits["val"].column("key").tolist()) for seed in range(5)}
    assert len(vals) > 1


def test_other_trees(tmp_path):
    dataset = CocoPerson(
        write(tmp_path, {"a": {1: [person()], 2: [person()]}, "b": {3: [person()]}}), train_tree="a", test_tree="b"
    )
    assert [len(part) for part in dataset.splits.values()] == [1, 1, 1]


def test_the_manifest_goes_to_workers(root):
    dataset = pickle.loads(pickle.dumps(CocoPerson(root)))
    assert mask_of(dataset, 9).sum() == 144


def test_the_head_needs_key_points(tmp_path):
    root = write(tmp_path, key_points=False)
    with pytest.raises(
        DataError, match=r"person_keypoints_train2017\.json: no such file\. .*\. Or set data\.head=false\."
    ):
        _ = CocoPerson(root).manifest
    assert 22 in numbers(CocoPerson(root, head=False))


def test_pictures_that_are_missing(root, tmp_path):
    (tmp_path / "train2017/000000000003.jpg").unlink()
    (tmp_path / "train2017/000000000020.jpg").unlink()  # not chosen
    survey = CocoPerson(root).survey()
    assert survey.errors == [
        f"{tmp_path}/train2017: 1 pictures that instances_train2017.json names are missing: 000000000003.jpg. "
        "Restore those."
    ]
    assert len(survey.manifest) == 12


def test_pictures_that_exif_turns(root, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise(1, HEIGHT, WIDTH)).save(tmp_path / "train2017/000000000001.jpg", exif=exif)
    dataset = CocoPerson(root)
    record = dataset.read(dataset.manifest, 0)
    assert record.image.shape == (WIDTH, HEIGHT, 3)
    np.testing.assert_array_equal(record.mask, np.rot90(BODY_MASK, -1))


@pytest.mark.parametrize("width", [WIDTH, HEIGHT], ids=["wide", "square"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_masks_turn_with_their_pictures(tmp_path, orientation, width):
    root = write(tmp_path, {"train2017": {1: [person((0, 0, 8, 16))], 2: [person()]}, "val2017": {3: [person()]}})

    def resize(content):
        content["images"][0]["width"] = width

    change(tmp_path / "annotations/instances_train2017.json", resize)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(box(HEIGHT, width, 0, 0, 8, 16))
    stored.save(tmp_path / "train2017/000000000001.jpg", exif=exif, quality=95)
    dataset = CocoPerson(root)
    record = dataset.read(dataset.manifest, 0)
    np.testing.assert_array_equal(record.mask == 1, record.image[..., 0] > 127)
    assert record.mask.sum() == 8 * 16


def test_annotations_of_the_picture_as_it_is_shown_are_not_turned(tmp_path):
    root = write(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(noise(1, WIDTH, HEIGHT))  # 20 x 24 once it is turned, as its annotation says
    stored.save(tmp_path / "train2017/000000000001.jpg", exif=exif)
    np.testing.assert_array_equal(mask_of(CocoPerson(root), 1), BODY_MASK)


def test_sizes_must_agree(root, tmp_path):
    write_picture(tmp_path / "train2017/000000000001.jpg", noise(1, 10, 12))
    dataset = CocoPerson(root)
    with pytest.raises(DataError, match=r"001\.jpg: the picture is 10 x 12, its annotation says 20 x 24\. Restore the"):
        dataset.read(dataset.manifest, 0)


def change(path, edit):
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_segmentations_that_are_wrong(root, tmp_path):
    def edit(content):
        persons = [entry for entry in content["annotations"] if entry["category_id"] == 7]
        persons[0]["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": [5]}

    change(tmp_path / "annotations/instances_train2017.json", edit)
    dataset = CocoPerson(root)
    message = r"001\.jpg: run lengths of 5 pixels, expected 20 x 24 = 480\. Correct its annotation\."
    with pytest.raises(DataError, match=message):
        dataset.read(dataset.manifest, 0)


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("instances", lambda content: content["categories"].pop(), r"expected one category named person, found dog\."),
        ("instances", lambda content: content.pop("images"), r"train2017\.json: no 'images' where COCO has one\."),
        ("instances", lambda content: content["annotations"][1].pop("area"), r"train2017\.json: no 'area' where COCO"),
        ("instances", lambda content: content.update(annotations=None), r"train2017\.json: not as COCO's: 'NoneType' "),
        ("person_keypoints", lambda content: content["categories"][0].pop("keypoints"), r"no key points of persons"),
        ("person_keypoints", lambda content: content["annotations"][0].pop("keypoints"), r"no key points of persons"),
    ],
)
def test_annotations_that_are_wrong(root, tmp_path, name, edit, message):
    change(tmp_path / f"annotations/{name}_train2017.json", edit)
    with pytest.raises(DataError, match=message):
        _ = CocoPerson(root).manifest


def test_annotations_that_are_no_json(root, tmp_path):
    path = tmp_path / "annotations/instances_val2017.json"
    path.write_text('{"images": [')
    with pytest.raises(DataError, match=r"instances_val2017\.json: not a JSON file \(.*\)\. Restore it\."):
        _ = CocoPerson(root).manifest
    path.write_text("[]")
    with pytest.raises(DataError, match=r"instances_val2017\.json: holds a list, expected images, annotations and cat"):
        _ = CocoPerson(root).manifest


def test_folders_that_are_missing(root, tmp_path):
    with pytest.raises(
        DataError, match=r"/no: no such folder\. Expected train2017/, val2017/ and annotations/instances"
    ):
        _ = CocoPerson(str(tmp_path / "no")).manifest
    with pytest.raises(DataError, match=r"/train2014: no such folder\. Expected"):
        _ = CocoPerson(root, train_tree="train2014").manifest
    (tmp_path / "annotations/instances_val2017.json").unlink()
    with pytest.raises(
        DataError, match=r"instances_val2017\.json: no such file\. It comes with COCO \(annotations_trai"
    ):
        _ = CocoPerson(root).manifest


def test_inspection(root):
    found = inspect(CocoPerson(root), 0)
    assert found.ok and found.samples == 13 and found.class_shares["person"] == pytest.approx(144 / 480)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"people": 0}, r"data\.people=0: expected at least 1, or null for any number\."),
        ({"min_share": 1.5}, r"data\.min_share=1\.5: expected 0 <= share <= 1\."),
        ({"crowd": "maybe"}, r"data\.crowd=maybe: expected allow or leave_out\."),
        ({"val_fraction": 1}, r"data\.val_fraction=1: expected 0 <= v < 1"),
        ({"test_tree": "train2017"}, r"data\.test_tree=train2017: expected another folder than data\.train_tree\."),
        ({"seed": -2}, r"data\.seed=-2"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        CocoPerson("x", **arguments)
