import logging
import pickle

import numpy as np
import pytest

from bareface.data.celebamask_hq import CelebAMaskHQ
from bareface.data.celebhair import CelebHair
from bareface.data.combined import Combined
from bareface.data.dataset import STAGES
from bareface.data.figaro1k import Figaro1k
from bareface.data.identity_folder import IdentityFolder
from bareface.data.inspection import inspect
from bareface.data.lfw_parts import LFWParts
from bareface.data.synthetic_masks import SyntheticMasks
from bareface.errors import DataError
from bareface.io.pictures import write_picture
from data.trees import celebamask_hq, figaro1k, lfw_parts
from data.trees.celebamask_hq import original
from data.trees.shapes import noise

CODES = np.repeat(np.array([[0, 128, 255, 0]], np.uint8), 4, axis=0)
MIXED = {"figaro": {"background": "ignore"}}


def write_celebhair(root, numbers):
    for folder in ("img_align_celeba", "segmentation_masks"):
        (root / folder).mkdir(parents=True)
    for number in numbers:
        write_picture(root / f"img_align_celeba/{number:06d}.jpg", noise(number, 4, 4))
        write_picture(root / f"segmentation_masks/{number:06d}.bmp", CODES)
    return str(root)


@pytest.fixture
def celebhair(tmp_path):
    """Ten pictures, six to train on. 1000 and 1028 are also the pictures 0 and 4 of CelebAMask-HQ, both for training;
    1014 and 1021 are 2 (val) and 3 (test); 1077, a test picture here, is 11, a test picture too.
    """
    numbers = [original(number) for number in (0, 2, 3, 4)] + [1001, 1002, 1003, 1004, 1070, 1077]
    return CelebHair(write_celebhair(tmp_path / "celebhair", numbers), counts=[8, 1, 1])


@pytest.fixture
def hq(tmp_path):
    return CelebAMaskHQ(celebamask_hq.write(tmp_path / "hq"), size=32)


@pytest.fixture
def figaro(tmp_path):
    return Figaro1k(figaro1k.write(tmp_path / "figaro"), val_fraction=0.3)


def counts(dataset):
    return [len(dataset.splits[stage]) for stage in STAGES]


def of_source(manifest, name):
    return [key for key in manifest.column("key").tolist() if key.partition("/")[0].partition("#")[0] == name]


def test_keys_sources_and_stages(celebhair, figaro):
    dataset = Combined({"celeb-hair": celebhair, "figaro": figaro}, MIXED)
    assert dataset.classes == ("background", "face", "hair")
    assert len(dataset.manifest) == 10 + 28 and counts(dataset) == [8 + 14, 1 + 7, 1 + 7]
    keys = dataset.manifest.column("key").tolist()
    assert keys == sorted(keys) and "celeb-hair/img_align_celeba/001000.jpg" in keys
    assert dataset.manifest.row(0)["source"] == "celeb-hair"
    for stage in STAGES:
        for name, source in dataset.sources.items():
            own = [f"{name}/{key}" for key in source.splits[stage].column("key")]
            assert of_source(dataset.splits[stage], name) == own
    assert dataset.picture(keys[0]).is_file() and dataset.picture(keys[-1]).is_file()


def test_samples_are_those_of_the_sources(celebhair, hq, figaro):
    dataset = Combined({"a": celebhair, "b": hq, "c": figaro}, overlap="allow")
    for manifest in (dataset.manifest, dataset.splits["test"]):
        for row in range(len(manifest)):
            name, _, key = manifest.key(row).partition("/")
            source = dataset.sources[name]
            place = source.manifest.column("key").tolist().index(key)
            expected, record = source.read(source.manifest, place), dataset.read(manifest, row)
            np.testing.assert_array_equal(record.image, expected.image)
            if name != "c":
                np.testing.assert_array_equal(record.mask, expected.mask)


def test_the_class_map(celebhair, figaro):
    dataset = Combined(
        {"hair": figaro, "both": celebhair}, {"hair": {"background": "ignore"}, "both": {"face": "skin"}}
    )
    assert dataset.classes == ("background", "hair", "skin")
    by_source = {manifest_key.partition("/")[0]: row for row, manifest_key in enumerate(dataset.manifest.column("key"))}
    assert set(np.unique(dataset.read(dataset.manifest, by_source["hair"]).mask)) == {1, 255}
    assert dataset.read(dataset.manifest, by_source["both"]).mask[0].tolist() == [0, 2, 1, 0]
    merged = Combined({"a": celebhair}, {"a": {"face": "head", "hair": "head"}})
    assert merged.classes == ("background", "head")
    assert merged.read(merged.manifest, 0).mask[0].tolist() == [0, 1, 1, 0]


def test_ignored_pixels_stay_ignored(celebhair, tmp_path):
    odd = CODES.copy()
    odd[0, 0] = 7
    write_picture(tmp_path / "celebhair/segmentation_masks/001000.bmp", odd)
    dataset = Combined({"a": celebhair}, {"a": {"face": "ignore"}})
    assert dataset.read(dataset.manifest, 0).mask[0].tolist() == [255, 255, 1, 0]
    assert inspect(dataset, 0).unknown_values == {7: 1}


def test_a_source_that_does_not_know_a_class_is_told(celebhair, figaro, caplog):
    with caplog.at_level(logging.WARNING):
        dataset = Combined({"celebhair": celebhair, "figaro": figaro})
        _ = dataset.manifest
    assert caplog.messages == [
        "data.sources.figaro: does not know face, so where it shows that it teaches background. "
        "Set +data.class_map.figaro={background: ignore}."
    ]
    assert dataset.survey().warnings == caplog.messages
    assert Combined({"celebhair": celebhair, "figaro": figaro}, MIXED).survey().warnings == []


def originals(dataset, stage):
    """The picture of CelebA that each sample of a stage was made from."""
    found = []
    for key in dataset.splits[stage].column("key"):
        name, _, own = key.partition("/")
        number = int(own.rpartition("/")[2].partition(".")[0])
        found.append(number if name == "celebhair" else original(number))
    return found


@pytest.mark.parametrize("names", [("celebhair", "hq"), ("hq", "celebhair")])
def test_shared_pictures_are_kept_once(celebhair, hq, names, caplog):
    both = {"celebhair": celebhair, "hq": hq}
    with caplog.at_level(logging.WARNING):
        dataset = Combined({name: both[name] for name in names})
        stages = {stage: originals(dataset, stage) for stage in STAGES}
    everything = [number for numbers in stages.values() for number in numbers]
    assert len(everything) == len(set(everything)) == 10 + 12 - 6
    assert original(2) in stages["val"] and original(3) in stages["test"]  # not in train, where CelebHair has them
    key = "celebhair/img_align_celeba/001000.jpg"
    assert (key in dataset.splits["train"]) is (names[0] == "celebhair")  # among equal ones the first source
    assert len(caplog.messages) == 1 and "data.overlap=keep_first: 6 pictures are in several sources: " in caplog.text
    assert "celebhair/img_align_celeba/001000.jpg = hq/CelebA-HQ-img/0.jpg" in caplog.text


def test_allowed_copies_never_leak(celebhair, hq):
    dataset = Combined({"celebhair": celebhair, "hq": hq}, overlap="allow")
    stages = {stage: originals(dataset, stage) for stage in STAGES}
    sets = [set(numbers) for numbers in stages.values()]
    assert sum(map(len, sets)) == len(set.union(*sets))  # nobody in two stages
    assert stages["train"].count(original(0)) == 2 and stages["test"].count(original(11)) == 2
    assert original(2) in stages["val"] and original(2) not in stages["train"]


def test_overlap_can_be_an_error(celebhair, hq, figaro):
    message = (
        r"data\.overlap=error: 6 pictures are in several sources: celebhair/img_align_celeba/001000\.jpg = "
        r"hq/CelebA-HQ-img/0\.jpg, .*\(6 in all\)\. Leave a source out, or use data\.overlap=keep_first\."
    )
    with pytest.raises(DataError, match=message):
        _ = Combined({"celebhair": celebhair, "hq": hq}, overlap="error").splits
    assert counts(Combined({"celebhair": celebhair, "figaro": figaro}, MIXED, overlap="error")) == [22, 8, 8]


def test_copies_that_nobody_can_tell_are_an_error_or_a_warning(celebhair, figaro, tmp_path, caplog):
    root = celebamask_hq.write(tmp_path / "hq")
    (tmp_path / "hq/CelebA-HQ-to-CelebA-mapping.txt").unlink()
    hq = CelebAMaskHQ(root, size=32, split="random")
    message = (
        r"data\.overlap=error: data\.sources\.hq has no names of CelebA's pictures, so those that celebhair shares "
        r"with it cannot be told\. Restore the file that bareface check names, or use data\.overlap=keep_first\."
    )
    with pytest.raises(DataError, match=message):
        _ = Combined({"celebhair": celebhair, "hq": hq}, overlap="error").splits
    with caplog.at_level(logging.WARNING):
        assert sum(counts(Combined({"celebhair": celebhair, "hq": hq}))) == 22
    assert "data.sources.hq has no names of CelebA's pictures, so those that celebhair shares with it" in caplog.text
    assert sum(counts(Combined({"hq": hq, "figaro": figaro}, MIXED, overlap="error"))) == 12 + 28


def test_drawn_pictures_are_not_taken_for_those_of_celeba(celebhair, tmp_path):
    drawn = SyntheticMasks(str(tmp_path / "drawn"), identities=10, photos=1, height=32, width=32)
    assert set(drawn.origins(drawn.manifest)) == {None}
    again = CelebHair(str(tmp_path / "celebhair"), counts=[8, 1, 1])
    assert counts(Combined({"a": celebhair, "drawn": drawn}, overlap="error"))[0] == 8 + 8
    assert counts(Combined({"a": celebhair, "again": again})) == [8, 1, 1]


@pytest.mark.parametrize(
    ("weight", "shown"), [(1, [8]), (0.5, [4]), (2, [8, 8]), (2.5, [8, 8, 4]), (0, []), (0.05, []), (0.1, [1])]
)
def test_weights(celebhair, figaro, weight, shown):
    dataset = Combined({"celebhair": celebhair, "figaro": figaro}, MIXED, {"celebhair": weight})
    assert counts(dataset) == [sum(shown) + 14, 8, 8]
    train = dataset.splits["train"]
    keys = of_source(train, "celebhair")
    names = ["celebhair", "celebhair#2", "celebhair#3"]
    assert [sum(key.startswith(f"{name}/") for key in keys) for name in names] == [*shown, 0, 0, 0][:3]
    allowed = set(of_source(Combined({"celebhair": celebhair, "figaro": figaro}).splits["train"], "celebhair"))
    assert {f"celebhair/{key.partition('/')[2]}" for key in keys} <= allowed
    rows = {key: row for row, key in enumerate(train.column("key").tolist())}
    for key in keys:
        first = celebhair.manifest.column("key").tolist().index(key.partition("/")[2])
        np.testing.assert_array_equal(
            dataset.read(train, rows[key]).image, celebhair.read(celebhair.manifest, first).image
        )
        assert dataset.picture(key).is_file()


def test_weights_are_drawn_with_the_seed(celebhair, figaro):
    drawn = [
        tuple(Combined({"a": celebhair, "b": figaro}, weights={"a": 0.5}, seed=seed).splits["train"].column("key"))
        for seed in (0, 0, 1, 2)
    ]
    assert drawn[0] == drawn[1] and len(set(drawn)) > 1
    other = Combined({"b": figaro, "a": celebhair}, weights={"a": 0.5}).splits["train"].column("key")
    assert tuple(other) == drawn[0]  # the order of the sources does not count


def test_it_goes_to_workers(celebhair, figaro):
    dataset = Combined({"a": celebhair, "b": figaro})
    expected = dataset.read(dataset.splits["train"], 9)
    copied = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(copied.read(copied.splits["train"], 9).mask, expected.mask)


def test_columns_of_one_name_and_two_kinds(celebhair, tmp_path):
    (tmp_path / "celebhair/identity_CelebA.txt").write_text("".join(f"{n:06d}.jpg {n}\n" for n in range(2000)))
    people = CelebHair(str(tmp_path / "celebhair"), split="identity", fractions=[0.6, 0.2, 0.2])
    names = LFWParts(lfw_parts.write(tmp_path / "lfw"))
    dataset = Combined({"numbers": people, "names": names})
    assert counts(dataset) == [sum(pair) for pair in zip(counts(people), counts(names), strict=True)]


def test_errors_of_the_sources_are_told(celebhair, figaro, tmp_path):
    (tmp_path / "celebhair/img_align_celeba/001000.jpg").unlink()
    (tmp_path / "figaro/GT/Training/Frame00001-gt.pbm").unlink()
    survey = Combined({"a": celebhair, "b": figaro}, {"b": {"background": "ignore"}}).survey()
    assert survey.errors == [
        f"data.sources.a: {tmp_path}/celebhair/segmentation_masks: 1 masks have no picture in img_align_celeba: "
        "001000.bmp. Restore those.",
        f"data.sources.b: {tmp_path}/figaro: 1 pictures without a mask: Original/Training/Frame00001-org.jpg. "
        "Restore the others.",
    ]
    with pytest.raises(DataError, match=r"data\.sources\.a: .*1 masks have no picture.* \(1 more errors: see bareface"):
        _ = Combined({"a": celebhair, "b": figaro}).manifest


def test_an_empty_source(celebhair, tmp_path):
    empty = CelebHair(write_celebhair(tmp_path / "empty", []))
    write_picture(tmp_path / "empty/img_align_celeba/000001.jpg", noise(1, 4, 4))
    with pytest.raises(
        DataError, match=r"data\.sources\.b: no samples found in .*/empty\. Correct it, or leave it out"
    ):
        _ = Combined({"a": celebhair, "b": empty}).manifest


def test_inspection(celebhair, hq, tmp_path):
    dataset = Combined({"celebhair": celebhair, "hq": hq}, weights={"hq": 2})
    found = inspect(dataset, 0)
    assert found.ok and found.samples == 22 and found.root == str(tmp_path)
    assert found.stages["none"] == 6 and found.stages["train"] == counts(dataset)[0]
    same = (tmp_path / "celebhair/img_align_celeba/001001.jpg").read_bytes()
    (tmp_path / "hq/CelebA-HQ-img/3.jpg").write_bytes(same)  # train here, test there
    assert inspect(dataset, 0).duplicates == [["celebhair/img_align_celeba/001001.jpg", "hq/CelebA-HQ-img/3.jpg"]]


def test_arguments_that_are_wrong(celebhair, figaro, tmp_path):
    sources = {"a": celebhair, "b": figaro}
    wrong = [
        (({},), r"data\.sources=\{\}: expected one data set or more, e\.g\. \+data@data\.sources\.hair=figaro1k\."),
        (({"a/b": celebhair},), r"data\.sources\.a/b: expected a name of letters, digits, _ and -\."),
        (({"a": IdentityFolder(str(tmp_path))},), r"data\.sources\.a=IdentityFolder: expected a single data set with"),
        (({"a": Combined(sources)},), r"data\.sources\.a=Combined: expected a single data set with masks\."),
        ((sources, {"c": {}}), r"data\.class_map\.c: no such source\. Expected one of a, b\."),
        (
            (sources, {"b": {"face": "hair"}}),
            r"data\.class_map\.b\.face: no class of b\. Expected some of background, hair\.",
        ),
        (
            ({"b": figaro}, {"b": {"hair": "ignore"}}),
            r"data\.class_map=\{'b': \{'hair': 'ignore'\}\}: expected a class other than background and ignore\.",
        ),
        ((sources, {}, {"c": 1}), r"data\.weights\.c: no such source\. Expected one of a, b\."),
        ((sources, {}, {"a": -1}), r"data\.weights\.a=-1: expected 0 <= weight < 1000\."),
        ((sources, {}, {}, "x"), r"data\.overlap=x: expected one of keep_first, allow, error\."),
        ((sources, {}, {}, "allow", -2), r"data\.seed=-2"),
    ]
    for arguments, message in wrong:
        with pytest.raises(ValueError, match=message):
            Combined(*arguments)
