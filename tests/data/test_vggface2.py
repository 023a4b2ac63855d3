import numpy as np
import pytest

from bareface.data.vggface2 import VGGFace2
from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture

PEOPLE = {"n000002": 10, "n000003": 4, "n000009": 1, "n000010": 20}


def write_tree(root, people=PEOPLE, tree="train", size=(30, 40)):
    names = []
    for identity, pictures in people.items():
        (root / tree / identity).mkdir(parents=True)
        for number in range(1, pictures + 1):
            names.append(f"{identity}/{number:04d}_01.jpg")
            write_picture(root / tree / names[-1], np.full((*size, 3), int(identity[1:]) % 20 * 10 + number, np.uint8))
    return names


@pytest.fixture
def root(tmp_path):
    write_tree(tmp_path)
    write_tree(tmp_path, {"n000001": 3, "n000029": 2}, "test")
    return tmp_path


def write_list(root, names, name="train_list.txt", prefix="", end="\n"):
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_bytes("".join(prefix + line + end for line in names).encode())


def names_of(dataset):
    return dataset.manifest.column("key").tolist()


def test_walk(root):
    (root / "train/n000002/.DS_Store").touch()
    (root / "train/n000002/notes.txt").touch()
    dataset = VGGFace2(str(root))
    assert len(dataset.manifest) == 35
    assert dataset.manifest.row(10) == {"key": "train/n000003/0001_01.jpg", "label": 1}
    assert dataset.manifest.column("label").dtype == np.int32
    assert dataset.identities == ("n000002", "n000003", "n000009", "n000010")
    assert abs(int(dataset.read(dataset.manifest, 10).image[0, 0, 0]) - 31) <= 1
    assert dataset.classes == () and dataset.read(dataset.manifest, 10).mask is None


def test_the_test_tree(root):
    dataset = VGGFace2(str(root), tree="test")
    assert dataset.identities == ("n000001", "n000029") and len(dataset.manifest) == 5


@pytest.mark.parametrize("name", ["train_list.txt", "train.txt", "meta/train_list.txt"])
@pytest.mark.parametrize("prefix", ["", "train/"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_list_files(root, name, prefix, end):
    walked = names_of(VGGFace2(str(root)))
    listed = [key.removeprefix("train/") for key in walked][:14]
    write_list(root, listed, name, prefix, end)
    assert names_of(VGGFace2(str(root))) == walked[:14]
    assert names_of(VGGFace2(str(root), use_lists=False)) == walked


def test_a_list_that_is_not_sorted(root):
    names = [key.removeprefix("train/") for key in names_of(VGGFace2(str(root)))]
    write_list(root, names[::-1])
    dataset = VGGFace2(str(root))
    assert names_of(dataset) == [f"train/{name}" for name in names]
    assert dataset.identities[dataset.manifest.row(34)["label"]] == "n000010"
    sample = VGGFace2(str(root), identities=3, pictures_per_identity=2)
    write_list(root, names)
    assert names_of(VGGFace2(str(root), identities=3, pictures_per_identity=2)) == names_of(sample)


def test_lists_that_are_wrong(root):
    write_list(root, ["n000002/0001_01.jpg", "n2/1.jpg", "n000002"])
    with pytest.raises(
        DataError, match=r"train_list\.txt: lines that are not like n000001/0001_01\.jpg: n2/1\.jpg, n000002\."
    ):
        _ = VGGFace2(str(root)).manifest
    write_list(root, ["n000002/0001_01.jpg\t5"])
    with pytest.raises(DataError, match=r"train_list\.txt: unreadable \(.+\)\. Use the published file"):
        _ = VGGFace2(str(root)).manifest
    write_list(root, ["n000002/0001_01.jpg"] * 2)
    with pytest.raises(DataError, match=r"keys that occur more than once: train/n000002/0001_01\.jpg"):
        _ = VGGFace2(str(root)).manifest
    write_list(root, ["n000002/0001_01.jpg", *(f"n00010{digit}/0001_01.jpg" for digit in range(7))])
    message = (
        r"no folder in .*/train: n000100, n000101, n000102, n000103, n000104, \.\.\. \(7 in all\)\. .*use_lists=false"
    )
    with pytest.raises(DataError, match=message):
        _ = VGGFace2(str(root)).manifest


def test_a_listed_picture_that_is_missing_is_an_error_when_it_is_read(root):
    write_list(root, ["n000002/0001_01.jpg", "n000002/0099_01.jpg"])
    dataset = VGGFace2(str(root))
    dataset.read(dataset.manifest, 0)
    with pytest.raises(PictureError, match=r"train/n000002/0099_01\.jpg: no such file"):
        dataset.read(dataset.manifest, 1)


def test_sample_of_identities(root):
    dataset = VGGFace2(str(root), identities=2)
    assert len(dataset.identities) == 2
    assert set(dataset.manifest.column("label").tolist()) == {0, 1}
    assert len(dataset.manifest) == sum(PEOPLE[name] for name in dataset.identities)
    for row in range(len(dataset.manifest)):
        assert dataset.identities[dataset.manifest.row(row)["label"]] in dataset.manifest.key(row)
    assert VGGFace2(str(root), identities=2).identities == dataset.identities
    assert len({VGGFace2(str(root), identities=2, seed=seed).identities for seed in range(6)}) > 1
    with pytest.raises(DataError, match=r"data\.identities=5: there are 4\. Ask for fewer\."):
        _ = VGGFace2(str(root), identities=5).manifest


def test_sample_of_pictures(root):
    dataset = VGGFace2(str(root), pictures_per_identity=3)
    assert np.bincount(dataset.manifest.column("label")).tolist() == [3, 3, 1, 3]
    assert names_of(dataset) == sorted(names_of(dataset))
    other = VGGFace2(str(root), pictures_per_identity=3, seed=1)
    assert names_of(other) != names_of(dataset) == names_of(VGGFace2(str(root), pictures_per_identity=3))


def test_split_is_closed(root):
    splits = VGGFace2(str(root), fractions=[0.6, 0.2, 0.2]).splits
    counts = {stage: np.bincount(part.column("label"), minlength=4).tolist() for stage, part in splits.items()}
    assert counts == {"train": [6, 2, 1, 12], "val": [2, 1, 0, 4], "test": [2, 1, 0, 4]}
    assert splits["test"].column("key").tolist() != VGGFace2(str(root), seed=1).splits["test"].column("key").tolist()


def write_boxes(root, rows, header=True, name="bb_landmark/loose_bb_train.csv"):
    (root / name).parent.mkdir(exist_ok=True)
    lines = ["NAME_ID,X,Y,W,H"] * header + [f'"{key}",{",".join(map(str, box))}' for key, box in rows]
    (root / name).write_text("\n".join(lines) + "\n")


BOX = (18, 13, 4, 8)  # 10.4 high from 11.8, 9.1 wide from 15.45


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("order", [1, -1])
def test_tight_crop(root, header, order):
    stems = [key.removeprefix("train/").removesuffix(".jpg") for key in names_of(VGGFace2(str(root)))]
    write_boxes(root, [(stem, (row, *BOX[1:])) for row, stem in enumerate(stems)][::order], header)
    stored = np.arange(1200, dtype=np.int64).reshape(30, 40) % 251
    write_picture(root / "train/n000009/0001_01.jpg", np.dstack([stored] * 3).astype(np.uint8))
    dataset = VGGFace2(str(root), crop="tight")
    assert dataset.manifest.row(5)["x"] == 5 and dataset.manifest.row(5)["h"] == 8
    row = names_of(dataset).index("train/n000009/0001_01.jpg")
    assert row == 14  # x = 14: from 14 + 2 - 4.55 = 11.45
    full = VGGFace2(str(root)).read(dataset.manifest, row).image
    np.testing.assert_array_equal(dataset.read(dataset.manifest, row).image, full[12:22, 11:21])


def test_tight_crop_of_a_sample_needs_the_boxes_of_the_sample_only(root):
    sampled = [key[6:-4] for key in names_of(VGGFace2(str(root), identities=2))]
    write_boxes(root, [(stem, BOX) for stem in sampled], name="loose_bb_train.csv")
    assert VGGFace2(str(root), identities=2, crop="tight").manifest.row(0)["w"] == 4
    with pytest.raises(
        DataError, match=r"loose_bb_train\.csv: no box of n0.*\. Use the file that belongs to these pictures"
    ):
        _ = VGGFace2(str(root), crop="tight").manifest


def test_boxes_that_are_wrong(root):
    with pytest.raises(
        DataError, match=r"loose_bb_train\.csv: no such file\. Take it from bb_landmark/.*data\.crop=none"
    ):
        _ = VGGFace2(str(root), crop="tight").manifest
    stems = [key[6:-4] for key in names_of(VGGFace2(str(root)))]
    write_boxes(root, [(stem, (90, 0, 5, 5)) for stem in stems])
    dataset = VGGFace2(str(root), crop="tight")
    message = r"n000002/0001_01\.jpg: box \[90, 0, 5, 5\]: lies outside .* 30 x 40\. Correct loose_bb_train\.csv\."
    with pytest.raises(DataError, match=message):
        dataset.read(dataset.manifest, 0)
    write_boxes(root, [(stem, ("a", 0, 5, 5)) for stem in stems])
    with pytest.raises(DataError, match=r"loose_bb_train\.csv: unreadable \("):
        _ = VGGFace2(str(root), crop="tight").manifest


def test_masks(root):
    codes = np.zeros((30, 40), np.uint8)
    codes[12:, 11:] = 128
    codes[13:, 12:] = 255
    (root / "masks/train/n000009").mkdir(parents=True)
    write_picture(root / "masks/train/n000009/0001_01.png", codes)
    write_boxes(root, [(key[6:-4], (14, *BOX[1:])) for key in names_of(VGGFace2(str(root)))])
    dataset = VGGFace2(str(root), masks="masks", crop="tight")
    assert dataset.classes == ("background", "face", "hair")
    row = names_of(dataset).index("train/n000009/0001_01.jpg")
    assert dataset.manifest.row(row)["mask"] == "masks/train/n000009/0001_01.png"
    record = dataset.read(dataset.manifest, row)
    assert record.mask.shape == record.image.shape[:2]
    assert record.mask[:2, :3].tolist() == [[1, 1, 1], [1, 2, 2]]
    with pytest.raises(PictureError, match=r"masks/train/n000002/0001_01\.png: no such file"):
        dataset.read(dataset.manifest, 0)


def test_meta(root):
    rows = ["Class_ID, Name, Sample_Num, Flag, Gender", 'n000002, "A", 10, 1, m', 'n000003, "B", 4, 0, f']
    assert VGGFace2(str(root)).meta is None
    (root / "identity_meta.csv").write_text("\n".join(rows))
    dataset = VGGFace2(str(root))
    assert dataset.meta.genders == ("m", "f") and dataset.meta.class_names == ("n000002",)
    survey = dataset.survey()
    assert not survey.errors
    message = "identities that identity_meta.csv does not put there: n000003, n000009, n000010."
    assert survey.warnings[-1].endswith(message)
    (root / "identity_meta.csv").write_text("nonsense")
    assert "line 1 is 'nonsense'" in VGGFace2(str(root)).survey().warnings[0]  # training does not need it


def test_roots_that_are_wrong(tmp_path):
    with pytest.raises(DataError, match=r"/no: no such folder\. Expected train/n000002/0001_01\.jpg and so on"):
        _ = VGGFace2(str(tmp_path / "no")).manifest
    with pytest.raises(DataError, match=r"/train: no such folder\. Expected train/"):
        _ = VGGFace2(str(tmp_path)).manifest
    (tmp_path / "train/n000001").mkdir(parents=True)
    with pytest.raises(DataError, match=r"no samples found\. VGGFace2: a folder an identity"):
        _ = VGGFace2(str(tmp_path)).manifest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tree": "val"}, r"data\.tree=val: expected train or test\."),
        ({"crop": "loose"}, r"data\.crop=loose: expected none or tight\."),
        ({"identities": 0}, r"data\.identities=0: expected at least 1, or null for all\."),
        ({"pictures_per_identity": 0}, r"data\.pictures_per_identity=0: expected at least 1"),
        ({"fractions": [1, 1, 1]}, r"data\.fractions=\[1, 1, 1\]"),
        ({"seed": -1}, r"data\.seed=-1"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        VGGFace2("x", **arguments)


def test_nobody_is_in_two_stages(root):
    dataset = VGGFace2(str(root), split="disjoint", fractions=[0.4, 0.3, 0.3])
    people = [set(part.column("label").tolist()) for part in dataset.splits.values()]
    assert sorted(label for part in people for label in part) == [0, 1, 2, 3] and all(people)
    with pytest.raises(ValueError, match=r"data\.split=folders: expected fractions or disjoint\."):
        VGGFace2("x", split="folders")
