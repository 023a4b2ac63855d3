import numpy as np
import pytest

from bareface.data.inspection import inspect
from bareface.data.lfw import LFW
from bareface.data.lfw_pairs import read_pairs
from bareface.errors import DataError
from data.trees.lfw import PEOPLE, pair_lines, write

PICTURES = sum(PEOPLE.values())


def vggface2_meta(tmp_path, train=("person a", "Pérson-D", "Nobody"), test=("Person_G",)):
    """identity_meta.csv with these people, spelt in other ways than LFW does."""
    rows = [f'n{number:06d}, "{name}", 9, {int(name in train)}, f\n' for number, name in enumerate([*train, *test])]
    path = tmp_path / "identity_meta.csv"
    path.write_text("Class_ID, Name, Sample_Num, Flag, Gender\n" + "".join(rows))
    return str(path)


@pytest.mark.parametrize("pictures", ["lfw", "lfw_funneled", "lfw-deepfunneled", "."])
def test_the_usual_folders(tmp_path, pictures):
    dataset = LFW(write(tmp_path, pictures=pictures))
    prefix = "" if pictures == "." else f"{pictures}/"
    assert len(dataset.manifest) == PICTURES == 43
    assert dataset.manifest.row(3) == {"key": f"{prefix}Person_B/Person_B_0001.jpg", "label": 1}
    assert dataset.identities == tuple(PEOPLE)
    assert dataset.read(dataset.manifest, 0).image.shape == (8, 8, 3)
    assert {stage: len(part) for stage, part in dataset.splits.items()} == {"train": 0, "val": 0, "test": 43}
    assert inspect(dataset, 0).ok


def test_the_folder_can_be_named(tmp_path):
    root = write(tmp_path)
    write(tmp_path, pictures="lfw_funneled")
    with pytest.raises(DataError, match=r": has lfw, lfw_funneled\. Set data\.pictures to one of them\."):
        _ = LFW(root).manifest
    assert LFW(root, pictures="lfw_funneled").manifest.key(0) == "lfw_funneled/Person_A/Person_A_0001.jpg"
    with pytest.raises(DataError, match=r"/aligned: no such folder\. Expected lfw/NAME/NAME_0001\.jpg"):
        _ = LFW(root, pictures="aligned").manifest


def test_pairs_in_the_order_of_the_file(tmp_path):
    pairs = LFW(write(tmp_path)).pairs
    assert len(pairs) == 20
    assert pairs.mated.tolist() == [True, False] * 10
    assert pairs.fold.tolist() == [fold for fold in range(10) for _ in range(2)]
    assert pairs.first[:3].tolist() == ["lfw/Person_A/Person_A_0001.jpg"] * 2 + ["lfw/Person_C/Person_C_0001.jpg"]
    assert pairs.second[:2].tolist() == ["lfw/Person_A/Person_A_0002.jpg", "lfw/Person_B/Person_B_0002.jpg"]


def test_aligned_copies_in_png(tmp_path):
    dataset = LFW(write(tmp_path, suffix=".png"))
    assert dataset.pairs.first[0] == "lfw/Person_A/Person_A_0001.png"


def test_without_pairs(tmp_path):
    dataset = LFW(write(tmp_path), pairs=None)
    (tmp_path / "pairs.txt").unlink()
    assert len(dataset.manifest) == 43
    with pytest.raises(DataError, match=r"data\.pairs=null: there are no pairs\. Set data\.pairs=pairs\.txt\."):
        _ = dataset.pairs
    with pytest.raises(DataError, match=r"pairs\.txt: cannot be read \(No such file or directory\)\. It comes with"):
        _ = LFW(str(tmp_path)).manifest


def test_pairs_that_name_missing_pictures(tmp_path):
    root = write(tmp_path)
    for name in "BDFHJL":
        (tmp_path / f"lfw/Person_{name}/Person_{name}_0002.jpg").unlink()
    message = (
        r"pairs\.txt: names 6 pictures that are not in .*/lfw: Person_B/Person_B_0002\.jpg, "
        r"Person_D/Person_D_0002\.jpg, .*, Person_J/Person_J_0002\.jpg, \.\.\. \(6 in all\)\. Restore them\."
    )
    with pytest.raises(DataError, match=message) as caught:
        _ = LFW(root).manifest
    assert "\n" not in str(caught.value) and "Person_L" not in str(caught.value)
    found = inspect(LFW(root), 0)
    assert len(found.errors) == 1 and found.samples == 37


def test_without_the_people_of_vggface2_train(tmp_path):
    dataset = LFW(write(tmp_path), overlap="exclude", vggface2_meta=vggface2_meta(tmp_path))
    assert len(dataset.manifest) == 43 - 3 - 3  # A and D have three pictures each; G is in VGGFace2-test
    assert "Person_A" not in dataset.identities and "Person_G" in dataset.identities
    pairs = dataset.pairs
    # fold 0 loses both of its pairs, for both show A; fold 1 loses the one of C and D
    assert len(pairs) == 17 and pairs.fold[:3].tolist() == [1, 2, 2] and pairs.mated[:3].tolist() == [True, True, False]
    assert not np.char.find(np.concatenate([pairs.first, pairs.second]), "Person_A").max() > 0
    assert inspect(dataset, 0).ok


def test_only_the_people_of_vggface2_train(tmp_path):
    dataset = LFW(write(tmp_path), overlap="only", vggface2_meta=vggface2_meta(tmp_path))
    pairs = dataset.pairs
    assert pairs.mated.tolist() == [True, False, False] and pairs.fold.tolist() == [0, 0, 1]
    keys = dataset.manifest.column("key").tolist()
    assert [key.rpartition("/")[2] for key in keys] == [
        "Person_A_0001.jpg", "Person_A_0002.jpg", "Person_A_0003.jpg", "Person_B_0002.jpg", "Person_C_0001.jpg",
        "Person_D_0001.jpg", "Person_D_0002.jpg", "Person_D_0003.jpg",
    ]  # fmt: skip
    assert dataset.identities == ("Person_A", "Person_B", "Person_C", "Person_D")
    assert set(pairs.first.tolist()) | set(pairs.second.tolist()) <= set(keys)


def test_an_overlap_that_leaves_no_pair(tmp_path):
    meta = vggface2_meta(tmp_path, train=["Nobody"])
    with pytest.raises(DataError, match=r"data\.overlap=only: leaves none of the 20 pairs\. Use include\."):
        _ = LFW(write(tmp_path), overlap="only", vggface2_meta=meta).manifest


def test_the_meta_file_must_be_there(tmp_path):
    dataset = LFW(write(tmp_path), overlap="exclude", vggface2_meta=str(tmp_path / "no.csv"))
    with pytest.raises(DataError, match=r"data\.vggface2_meta=.*/no\.csv: no such file\. It comes with VGGFace2"):
        _ = dataset.manifest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"overlap": "some"}, r"data\.overlap=some: expected one of include, exclude, only\."),
        ({"overlap": "only"}, r"data\.vggface2_meta=None: expected identity_meta\.csv of VGGFace2 with"),
        ({"vggface2_meta": "x.csv"}, r"data\.vggface2_meta=x\.csv: expected .*, and null with include\."),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        LFW("x", **arguments)


def test_other_entries_and_roots_that_are_wrong(tmp_path):
    root = write(tmp_path)
    (tmp_path / "lfw/Person_A/notes.txt").touch()
    assert LFW(root).survey().warnings == [
        f"{tmp_path}/lfw: 1 entries of the folders that are no pictures are left out."
    ]
    with pytest.raises(DataError, match=r"/no: no such folder\. Expected lfw/NAME/NAME_0001\.jpg"):
        _ = LFW(str(tmp_path / "no")).manifest


def test_two_files_of_one_picture(tmp_path):
    root = write(tmp_path)
    (tmp_path / "lfw/Person_A/Person_A_0001.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"Person_A: more than one file of the same stem: Person_A_0001\. Keep one"):
        _ = LFW(root).manifest


def written(tmp_path, lines, end="\n", last="\n"):
    path = tmp_path / "pairs.txt"
    path.write_bytes((end.join(lines) + last).encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_ends_of_lines(tmp_path, end, last):
    path = written(tmp_path, pair_lines(), end, end if last else "")
    pairs = read_pairs(path)
    assert len(pairs) == 20 and pairs.second[-1] == "Person_T/Person_T_0002.jpg"


def test_other_numbers_of_folds_and_pairs(tmp_path):
    lines = ["2", "A\t1\t2", "B\t3\t10", "A\t1\tB\t2", "B\t1\tC\t2"]
    pairs = read_pairs(written(tmp_path, lines))
    assert pairs.fold.tolist() == [0] * 4 and pairs.mated.tolist() == [True, True, False, False]
    assert pairs.second[1] == "B/B_0010.jpg"
    lines = ["2\t1", "A\t1\t2", "A\t1\tB\t2", "B\t3\t10", "B\t1\tC\t2"]
    assert read_pairs(written(tmp_path, lines)).fold.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("place", "line", "message"),
    [
        (0, "10 1", r"line 1 is '10 1', expected folds, a tab, pairs of each kind, e\.g\. 10<TAB>300\."),
        (0, "", r"line 1 is '', expected folds"),
        (0, "10\t0", r"line 1 is '10\\t0', expected folds"),
        (0, "10\t2", r"21 lines, but 10 folds of 2 \+ 2 pairs need 41\. Use the file as published\."),
        (0, "9\t1", r"21 lines, but 9 folds of 1 \+ 1 pairs need 19\."),
        (1, "Person_A 1 2", r"line 2 is 'Person_A 1 2', expected NAME<TAB>1<TAB>4, a mated pair\."),
        (1, "Person_A\t1\tPerson_B\t2", r"line 2 is .*, expected NAME<TAB>1<TAB>4, a mated pair\."),
        (2, "Person_A\t1\t2", r"line 3 is .*, expected NAME<TAB>1<TAB>OTHER<TAB>2\."),
        (2, "Person_A\t1\tPerson_B\tx", r"line 3 is .*, expected NAME<TAB>1<TAB>OTHER<TAB>2\."),
        (2, "Person_A\t1\tPerson_B\t0", r"line 3 is .*, expected NAME<TAB>1<TAB>OTHER<TAB>2\."),
        (2, "Person_A\t1\tPerson_A\t2", r"line 3 is a pair of Person_A where two people are expected\."),
        (3, "Person_A\t2\t2", r"line 4 is a pair of a picture with itself\. Remove the line\."),
        (3, "", r"line 4 is '', expected NAME<TAB>1<TAB>4"),
    ],
)
def test_lines_that_are_wrong(tmp_path, place, line, message):
    lines = pair_lines()
    lines[place] = line
    with pytest.raises(DataError, match=rf"pairs\.txt: {message}"):
        read_pairs(written(tmp_path, lines))


def test_a_list_that_is_cut_off_or_no_text(tmp_path):
    with pytest.raises(DataError, match=r"pairs\.txt: 15 lines, but 10 folds of 1 \+ 1 pairs need 21\."):
        read_pairs(written(tmp_path, pair_lines()[:15]))
    path = tmp_path / "pairs.txt"
    path.write_bytes(b"\xff\xfe1")
    with pytest.raises(DataError, match=r"pairs\.txt: not a text in UTF-8\. Use the pairs\.txt of LFW\."):
        read_pairs(path)
