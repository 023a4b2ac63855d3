import numpy as np
import pytest

from bareface.data.identity_folder import IdentityFolder
from bareface.data.inspection import inspect
from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture


def write_person(folder, count, suffix=".pgm", start=1, width=2):
    folder.mkdir(parents=True)
    for number in range(start, start + count):
        grey = np.full((4, 5), number, np.uint8)
        write_picture(folder / f"{number:0{width}d}{suffix}", grey if suffix == ".pgm" else np.dstack([grey] * 3))


@pytest.fixture
def root(tmp_path):
    for name in ("s01", "s02", "s10"):
        write_person(tmp_path / name, 10)
    return tmp_path


def keys(dataset):
    return {stage: part.column("key").tolist() for stage, part in dataset.splits.items()}


def test_a_folder_a_person(root):
    dataset = IdentityFolder(str(root))
    assert dataset.identities == ("s01", "s02", "s10")
    assert dataset.manifest.row(25) == {"key": "s10/06.pgm", "label": 2}
    record = dataset.read(dataset.manifest, 25)
    assert record.image.tolist() == np.full((4, 5, 3), 6).tolist() and record.mask is None
    assert dataset.classes == ()


def test_keys_are_sorted_where_folder_names_are_not_sorted_like_keys(tmp_path):
    for name in ("a", "a b"):
        write_person(tmp_path / name, 2)
    dataset = IdentityFolder(str(tmp_path))
    assert dataset.manifest.column("key").tolist() == ["a b/01.pgm", "a b/02.pgm", "a/01.pgm", "a/02.pgm"]
    assert [dataset.identities[label] for label in dataset.manifest.column("label")] == ["a b", "a b", "a", "a"]


def test_split_by_fractions(root):
    splits = IdentityFolder(str(root)).splits
    for stage, count in (("train", 7), ("val", 1), ("test", 2)):
        assert np.bincount(splits[stage].column("label")).tolist() == [count] * 3
    assert keys(IdentityFolder(str(root))) == keys(IdentityFolder(str(root)))
    assert keys(IdentityFolder(str(root), seed=1)) != keys(IdentityFolder(str(root)))
    assert len(IdentityFolder(str(root), fractions=[0.5, 0, 0.5]).splits["val"]) == 0


def test_split_by_order(root):
    found = keys(IdentityFolder(str(root), split="first", first=7))
    assert found["train"] == [f"{name}/{number:02d}.pgm" for name in ("s01", "s02", "s10") for number in range(1, 8)]
    assert found["val"] == []
    assert found["test"] == [f"{name}/{number:02d}.pgm" for name in ("s01", "s02", "s10") for number in range(8, 11)]


def test_numbers_in_names_count_as_numbers(tmp_path):
    write_person(tmp_path / "s1", 10, width=1)  # 1.pgm to 10.pgm, as ORL names them
    assert keys(IdentityFolder(str(tmp_path), split="first", first=8))["test"] == ["s1/10.pgm", "s1/9.pgm"]


def test_somebody_with_few_pictures_is_in_train_only(root):
    write_person(root / "s11", 1)
    assert keys(IdentityFolder(str(root)))["train"][-1] == "s11/01.pgm"
    write_person(root / "s12", 3)
    assert [key for key in keys(IdentityFolder(str(root), split="first", first=3))["test"] if "s12" in key] == []


def test_split_by_folders(tmp_path):
    for name in ("ada", "bob"):
        write_person(tmp_path / "train" / name, 3)
    write_person(tmp_path / "test/bob", 2, start=4)
    dataset = IdentityFolder(str(tmp_path), split="folders")
    assert dataset.identities == ("ada", "bob")
    assert dataset.manifest.row(0) == {"key": "test/bob/04.pgm", "label": 1}
    assert {stage: len(part) for stage, part in dataset.splits.items()} == {"train": 6, "val": 0, "test": 2}
    write_person(tmp_path / "val/ada", 1, start=9)
    assert keys(IdentityFolder(str(tmp_path), split="folders"))["val"] == ["val/ada/09.pgm"]
    with pytest.raises(
        DataError, match=r"has train/ and test/, not a folder for each person\. Set data\.split=folders\."
    ):
        _ = IdentityFolder(str(tmp_path)).manifest


def test_split_by_folders_needs_a_closed_set(tmp_path):
    write_person(tmp_path / "train/ada", 3)
    for name in ("eve", "bob"):
        write_person(tmp_path / "test" / name, 3)
    with pytest.raises(
        DataError, match=r"tested but not in train: bob, eve\. Add them to train, or leave them out of test"
    ):
        _ = IdentityFolder(str(tmp_path), split="folders").manifest


def test_split_by_folders_needs_the_folders(root):
    with pytest.raises(DataError, match=r"data\.split=folders needs train/ and test/, a folder a person in each\."):
        _ = IdentityFolder(str(root), split="folders").manifest


def test_what_is_left_out_is_reported(root):
    (root / ".DS_Store").touch()
    (root / "s01/.hidden.jpg").touch()
    (root / "s01/notes.txt").touch()
    (root / "s02/more").mkdir()
    (root / "s20").mkdir()
    write_picture(root / "group.png", np.zeros((2, 2, 3), np.uint8))
    survey = IdentityFolder(str(root)).survey()
    assert len(survey.manifest) == 30 and survey.manifest.column("label").max() == 2
    assert survey.errors == []
    assert survey.warnings == [
        f"{root}: 1 pictures in no person's folder are left out: group.png.",
        f"{root}: 1 folders without pictures are left out: s20.",
        f"{root}: 2 entries of the folders that are no pictures are left out.",
    ]
    assert IdentityFolder(str(root)).identities == ("s01", "s02", "s10")


def test_any_format(tmp_path):
    for name, suffix in (("a", ".png"), ("b", ".bmp"), ("c", ".tif")):
        write_person(tmp_path / name, 2, suffix)
    dataset = IdentityFolder(str(tmp_path))
    assert [dataset.read(dataset.manifest, row).image[0, 0, 0] for row in range(6)] == [1, 2] * 3


def test_masks(root):
    codes = np.zeros((4, 5), np.uint8)
    codes[0, :2] = 128, 255
    for name in ("s01", "s02", "s10"):
        (root / "masks" / name).mkdir(parents=True)
        for number in range(1, 11):
            write_picture(root / f"masks/{name}/{number:02d}.png", codes)
    dataset = IdentityFolder(str(root), masks="masks")
    assert dataset.identities == ("s01", "s02", "s10") and dataset.classes == ("background", "face", "hair")
    assert dataset.manifest.row(0)["mask"] == "masks/s01/01.png"
    assert dataset.read(dataset.manifest, 0).mask[0].tolist() == [1, 2, 0, 0, 0]
    for number in range(1, 7):
        (root / f"masks/s02/{number:02d}.png").unlink()
    message = (
        r"6 pictures without a mask in masks: s02/01\.pgm, .*\(6 in all\)\. Add the masks, or set data\.masks=null\."
    )
    with pytest.raises(DataError, match=message):
        _ = IdentityFolder(str(root), masks="masks").manifest


def test_the_pixel_limit(root):
    dataset = IdentityFolder(str(root), max_pixels=19)
    with pytest.raises(PictureError, match="5 x 4 = 20 pixels, more than the limit of 19"):
        dataset.read(dataset.manifest, 0)


def test_roots_that_are_wrong(tmp_path):
    with pytest.raises(DataError, match=r"/no: no such folder\. Expected a folder for each person"):
        _ = IdentityFolder(str(tmp_path / "no")).manifest
    with pytest.raises(DataError, match=r"no samples found\. Own pictures of people: a folder a person"):
        _ = IdentityFolder(str(tmp_path)).manifest
    (tmp_path / "empty").mkdir()
    (tmp_path / "train/ada").mkdir(parents=True)
    (tmp_path / "train/ada/1.png").touch()
    deeper = r"no samples found, its pictures lie one level deeper, as train/ada/1\.png\. Set data\.root=.*/train\.$"
    with pytest.raises(DataError, match=deeper):
        _ = IdentityFolder(str(tmp_path)).manifest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "foo"}, r"data\.split=foo: expected one of fractions, first, folders, disjoint\."),
        ({"split": "first"}, r"data\.first=None: expected at least 1 with data\.split=first, and null otherwise\."),
        ({"split": "first", "first": 0}, r"data\.first=0: expected at least 1"),
        ({"first": 7}, r"data\.first=7: expected at least 1 with data\.split=first"),
        ({"trained": 3}, r"data\.trained=3: expected at least 1 with data\.split=disjoint, else null\."),
        ({"trained": 0, "split": "disjoint"}, r"data\.trained=0: expected at least 1"),
        ({"fractions": [0.5]}, r"data\.fractions=\[0\.5\]"),
        ({"seed": -1}, r"data\.seed=-1"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        IdentityFolder("x", **arguments)


def test_the_first_people_train_and_the_others_are_tested(tmp_path):
    for name in ("s1", "s2", "s10", "s9"):
        write_person(tmp_path / name, 2)
    dataset = IdentityFolder(str(tmp_path), split="disjoint", trained=3)
    people = {stage: sorted({key.partition("/")[0] for key in found}) for stage, found in keys(dataset).items()}
    assert people == {"train": ["s1", "s2", "s9"], "val": [], "test": ["s10"]}
    assert dataset.identities == ("s1", "s10", "s2", "s9")
    with pytest.raises(DataError, match=r"data\.trained=4: there are 4 people\. Leave some for the test\."):
        _ = IdentityFolder(str(tmp_path), split="disjoint", trained=4).splits


def test_nobody_is_in_two_stages(tmp_path):
    for number in range(10):
        write_person(tmp_path / f"s{number}", 2)
    tests = []
    for seed in range(4):
        found = keys(IdentityFolder(str(tmp_path), split="disjoint", fractions=[0.6, 0.2, 0.2], seed=seed))
        people = {stage: {key.partition("/")[0] for key in found[stage]} for stage in found}
        assert [len(people[stage]) for stage in ("train", "val", "test")] == [6, 2, 2]
        assert len(set.union(*people.values())) == 10
        tests.append(frozenset(people["test"]))
    assert len(set(tests)) > 1


def test_two_spellings_of_one_person_are_reported(root):
    for name in ("Ada_Lovelace", "ada lovelace", "Zoë", "Zoe\u0308"):
        write_person(root / name, 2)
    warning = (
        f"{root}: 2 people seem to be there under two spellings, each counted as an identity of its own: "
        "'Ada_Lovelace' = 'ada lovelace', 'Zoe\u0308' = 'Zoë'. Put the pictures of one person into one folder."
    )
    assert IdentityFolder(str(root)).survey().warnings == [warning]
    found = inspect(IdentityFolder(str(root)), 0)
    assert found.ok and warning in found.warnings
