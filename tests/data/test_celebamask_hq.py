import numpy as np
import pytest

from bareface.data.celebamask_hq import PARTS, CelebAMaskHQ
from bareface.data.celebamask_hq_lists import read_mapping
from bareface.data.inspection import inspect
from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture
from data.trees.celebamask_hq import BOXES, original, write
from data.trees.shapes import box


@pytest.fixture
def root(tmp_path):
    return write(tmp_path)


def counts(dataset):
    return [len(dataset.splits[stage]) for stage in ("train", "val", "test")]


def test_pairs_by_number(root):
    dataset = CelebAMaskHQ(root)
    assert len(dataset.manifest) == 12
    row = dataset.manifest.row(2)  # keys are sorted as text: 0, 1, 10, 11, 2, ...
    present = sum(1 << PARTS.index(part) for part in BOXES)
    assert row == {
        "key": "CelebA-HQ-img/10.jpg", "number": 10, "parts": present, "celeba": "001070", "identity": 5,
    }  # fmt: skip
    assert dataset.origins(dataset.manifest)[2] == "001070"


def test_masks_lie_in_folders_of_2000(tmp_path):
    dataset = CelebAMaskHQ(write(tmp_path, [1999, 2000, 29999]))
    assert (tmp_path / "CelebAMask-HQ-mask-anno/14/29999_hair.png").is_file()
    assert dataset.manifest.column("number").tolist() == [1999, 2000, 29999]
    assert all((dataset.read(dataset.manifest, row).mask == 2).any() for row in range(3))


def test_classes_by_name_at_known_pixels(root):
    dataset = CelebAMaskHQ(root, size=32)
    assert dataset.classes == ("background", "face", "hair")
    mask = dataset.read(dataset.manifest, 0).mask
    points = {"skin": (24, 16), "nose": (18, 16), "eye under hair": (13, 11), "ear": (16, 6)}
    assert [mask[point] for point in points.values()] == [1, 1, 1, 1]
    assert [mask[10, 16], mask[2, 16], mask[30, 16], mask[20, 0]] == [2, 0, 0, 0]  # hair over skin, hat, neck, nothing
    assert mask[6, 16] == 2 and mask[3, 16] == 0  # the hat, which is background, covers hair


def test_the_official_classes(root):
    dataset = CelebAMaskHQ(root, size=32, parts=None)
    assert len(dataset.classes) == 19
    assert (dataset.classes[1], dataset.classes[4], dataset.classes[13]) == ("skin", "l_eye", "hair")
    assert (dataset.classes[3], dataset.classes[14:16], dataset.classes[18]) == ("eye_g", ("hat", "ear_r"), "cloth")
    mask = dataset.read(dataset.manifest, 0).mask
    assert [mask[24, 16], mask[18, 16], mask[13, 11], mask[16, 6], mask[10, 16], mask[2, 16], mask[30, 16]] == [
        1, 2, 4, 8, 13, 14, 17,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "classes", "values"),
    [
        ({"foreground": ["hair"]}, ("background", "hair"), [0, 1]),
        ({"foreground": ["hair", "face"], "merge": True}, ("background", "face+hair"), [1, 1]),
        ({"parts": {"hair": "hair", "skin": "ignore"}}, ("background", "hair"), [255, 1]),
        ({"parts": {"hair": "top", "skin": "top"}}, ("background", "top"), [1, 1]),
        ({"parts": {"hair": "hair", "skin": "skin"}}, ("background", "hair", "skin"), [2, 1]),
    ],
)
def test_other_classes(root, arguments, classes, values):
    dataset = CelebAMaskHQ(root, size=32, **arguments)
    assert dataset.classes == classes
    mask = dataset.read(dataset.manifest, 0).mask
    assert [mask[24, 16], mask[10, 16]] == values


def test_size(root):
    for size, side in ((32, 32), (None, 64), (16, 16), (128, 128)):
        dataset = CelebAMaskHQ(root, size=size)
        record = dataset.read(dataset.manifest, 0)
        assert record.image.shape == (side, side, 3) and record.mask.shape == (side, side)
        assert set(np.unique(record.mask)) == {0, 1, 2} and record.mask.dtype == np.uint8
        assert record.mask[side * 5 // 16, side // 2] == 2


def test_any_value_above_0_marks_a_part(root, tmp_path):
    faint = box(32, 32, 0, 20, 6, 32) // 255
    write_picture(tmp_path / "CelebAMask-HQ-mask-anno/0/00000_hair.png", faint)
    mask = CelebAMaskHQ(root, size=32).read(CelebAMaskHQ(root).manifest, 0).mask
    assert mask[5, 30] == 2 and mask[6, 31] == 0


def test_pictures_are_averaged_when_they_shrink(root, tmp_path):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, ::2] = 200
    write_picture(tmp_path / "CelebA-HQ-img/0.jpg", picture)
    image = CelebAMaskHQ(root, size=32).read(CelebAMaskHQ(root).manifest, 0).image
    assert abs(image.astype(int) - 100).max() < 12


def test_known_bad_samples_are_left_out_and_counted(tmp_path):
    root = write(tmp_path, [234, 235, 481, 482])
    dataset = CelebAMaskHQ(root)
    assert dataset.manifest.column("number").tolist() == [234, 482]
    assert dataset.survey().warnings == [
        f"{tmp_path}: 2 known bad samples are left out: 235.jpg (the same picture as 234), "
        "481.jpg (the hair is not marked)."
    ]
    everything = CelebAMaskHQ(root, skip_known_bad=False)
    assert len(everything.manifest) == 4 and everything.survey().warnings == []


def test_celeba_split(root):
    dataset = CelebAMaskHQ(root)
    assert counts(dataset) == [6, 3, 3]
    assert dataset.splits["test"].column("number").tolist() == [11, 3, 7]


def test_identity_split(root):
    dataset = CelebAMaskHQ(root, split="identity", fractions=[0.5, 0.25, 0.25])
    people = {stage: set(part.column("identity").tolist()) for stage, part in dataset.splits.items()}
    assert sorted(person for stage in people.values() for person in stage) == [0, 1, 2, 3, 4, 5]  # nobody twice
    tests = {
        tuple(
            CelebAMaskHQ(root, split="identity", fractions=[0.5, 0.25, 0.25], seed=seed)
            .splits["test"].column("number").tolist()
        )
        for seed in range(4)
    }  # fmt: skip
    assert len(tests) > 1


def test_random_split_needs_no_file(tmp_path):
    root = write(tmp_path, identities=False, partition=False)
    (tmp_path / "CelebA-HQ-to-CelebA-mapping.txt").unlink()
    dataset = CelebAMaskHQ(root, split="random", fractions=[0.5, 0.25, 0.25])
    assert counts(dataset) == [6, 3, 3] and not dataset.manifest.has("celeba")
    assert dataset.origins(dataset.manifest) == [None] * 12
    assert dataset.survey().warnings == [
        f"{tmp_path}: no CelebA-HQ-to-CelebA-mapping.txt, so pictures shared with other data sets cannot be told."
    ]
    tests = {
        tuple(CelebAMaskHQ(root, split="random", seed=seed).splits["test"].column("key").tolist()) for seed in range(4)
    }
    assert len(tests) > 1


def test_splits_that_need_a_file(tmp_path):
    root = write(tmp_path, identities=False, partition=False)
    with pytest.raises(
        DataError, match=r"data\.split=celeba: needs .*/list_eval_partition\.txt or .*/Eval/list_eval_pa"
    ):
        _ = CelebAMaskHQ(root).splits
    with pytest.raises(
        DataError, match=r"data\.split=identity: needs .*/identity_CelebA\.txt or .*/Anno/identity_Cele"
    ):
        _ = CelebAMaskHQ(root, split="identity").splits
    (tmp_path / "CelebA-HQ-to-CelebA-mapping.txt").unlink()
    with pytest.raises(DataError, match=r"data\.split=celeba: needs .*/CelebA-HQ-to-CelebA-mapping\.txt, which comes"):
        _ = CelebAMaskHQ(root).splits


def test_the_lists_of_celeba_may_lie_elsewhere(tmp_path):
    root = write(tmp_path / "hq", partition=False, identities=False)
    for folder, name in (("Eval", "list_eval_partition.txt"), ("Anno", "identity_CelebA.txt")):
        (tmp_path / "celeba" / folder).mkdir(parents=True)
        lines = "".join(f"{original(number):06d}.jpg {number // 5}\n" for number in range(12))
        (tmp_path / "celeba" / folder / name).write_text(lines)
    dataset = CelebAMaskHQ(root, celeba=str(tmp_path / "celeba"))
    assert counts(dataset) == [5, 5, 2] and dataset.manifest.has("identity")


@pytest.mark.parametrize("header", [True, False])
def test_mappings_in_both_forms(tmp_path, header):
    write(tmp_path, [0, 5, 29999], header=header)
    mapping = read_mapping(tmp_path / "CelebA-HQ-to-CelebA-mapping.txt")
    assert mapping == {0: "001000", 5: "001035", 29999: "210993"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0 119613 119614.jpg\n1 5\n", r"map\.txt: line 2 is '1 5', expected one like '0 119613 119614\.jpg'\."),
        ("0 119614 119614.jpg\n", r"map\.txt: line 1 gives orig_idx 119614 and 119614\.jpg, expected 119613, which is"),
        ("0 4 000005.jpg\n0 5 000006.jpg\n", r"map\.txt: line 2 is the second one of 0\. Use the official file\."),
        ("idx orig_idx orig_file\n", r"map\.txt: no lines\. Expected one like"),
    ],
)
def test_mappings_that_are_wrong(content, message, tmp_path):
    (tmp_path / "map.txt").write_text(content)
    with pytest.raises(DataError, match=message):
        read_mapping(tmp_path / "map.txt")


def test_a_mapping_without_the_picture(root, tmp_path):
    path = tmp_path / "CelebA-HQ-to-CelebA-mapping.txt"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    with pytest.raises(DataError, match=r"mapping\.txt: has no line for 10, 11\. Use the official file\."):
        _ = CelebAMaskHQ(root).manifest


def test_what_is_wrong_with_the_files(root, tmp_path):
    masks = tmp_path / "CelebAMask-HQ-mask-anno"
    for part in BOXES:
        (masks / f"0/00003_{part}.png").unlink()
    (tmp_path / "CelebA-HQ-img/4.jpg").unlink()
    (masks / "0/00005_hair.png").rename(masks / "00005_hair.png")
    (masks / "1").mkdir()
    (masks / "0/00006_hair.png").rename(masks / "1/00006_hair.png")
    write_picture(masks / "0/00007_moustache.png", box(32, 32, 0, 0, 1, 1))
    write_picture(tmp_path / "CelebA-HQ-img/cover.jpg", np.zeros((4, 4, 3), np.uint8))
    write_picture(tmp_path / "CelebA-HQ-img/00008.jpg", np.zeros((4, 4, 3), np.uint8))
    (masks / "0/notes.txt").touch()
    survey = CelebAMaskHQ(root).survey()
    assert survey.errors == [
        f"{tmp_path}/CelebA-HQ-img: more than one picture of a number: 8.jpg. Keep one of each.",
        f"{masks}: 2 masks lie in a wrong folder: ./00005_hair.png, 1/00006_hair.png. "
        "Expected the masks of picture k in the folder k // 2000; move them there.",
        f"{masks}: 1 masks have no picture in CelebA-HQ-img: 00004. Restore those.",
        f"{masks}: 1 pictures have no part at all: 3.jpg. Restore their masks.",
    ]
    assert survey.warnings == [
        f"{tmp_path}/CelebA-HQ-img: 1 files of other names are left out: cover.jpg.",
        f"{masks}/0: 1 files of other names are left out: 00007_moustache.png.",
        f"{masks}/0: 1 entries that are no pictures are left out.",
    ]
    assert len(survey.manifest) == 10
    with pytest.raises(DataError, match=r"more than one picture.* \(3 more errors: see bareface check\)"):
        _ = CelebAMaskHQ(root).manifest


def test_sizes_must_be_squares_and_agree(root, tmp_path):
    masks = tmp_path / "CelebAMask-HQ-mask-anno/0"
    write_picture(masks / "00000_hair.png", box(16, 16, 0, 0, 1, 1))
    write_picture(tmp_path / "CelebA-HQ-img/1.jpg", np.zeros((64, 48, 3), np.uint8))
    (masks / "00002_skin.png").write_bytes(b"no")
    dataset = CelebAMaskHQ(root)
    with pytest.raises(
        DataError, match=r"00000_hair\.png: the mask is 16 x 16, the parts before it 32 x 32\. Expected"
    ):
        dataset.read(dataset.manifest, 0)
    with pytest.raises(DataError, match=r"/1\.jpg: the picture is 64 x 48, its masks are 32 x 32\. Expected squares"):
        dataset.read(dataset.manifest, 1)
    with pytest.raises(PictureError, match=r"00002_skin\.png: not a picture"):
        dataset.read(dataset.manifest, 4)


def test_masks_of_equal_colour_channels_are_read(root, tmp_path):
    white = np.repeat(box(32, 32, 0, 0, 32, 32)[..., None], 3, axis=2)
    write_picture(tmp_path / "CelebAMask-HQ-mask-anno/0/00000_hair.png", white)
    dataset = CelebAMaskHQ(root, foreground=["hair"])
    assert dataset.read(dataset.manifest, 0).mask[400, 5] == 1


def test_folders_that_are_missing(tmp_path):
    with pytest.raises(
        DataError, match=r"/no: no such folder\. Expected CelebA-HQ-img/0\.jpg and CelebAMask-HQ-mask-a"
    ):
        _ = CelebAMaskHQ(str(tmp_path / "no")).manifest
    root = write(tmp_path)
    with pytest.raises(DataError, match=r"/labels: no such folder\. Expected"):
        _ = CelebAMaskHQ(root, masks="labels").manifest
    with pytest.raises(DataError, match=r"/images: no such folder\. Expected"):
        _ = CelebAMaskHQ(root, pictures="images").manifest


def test_inspection(root):
    found = inspect(CelebAMaskHQ(root, size=32), 0)
    assert found.ok and found.samples == 12 and found.stages == {"train": 6, "val": 3, "test": 3, "none": 0}
    assert found.class_shares["hair"] == pytest.approx((12 - 4) * 20 / 32**2, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "foo"}, r"data\.split=foo: expected one of celeba, identity, random\."),
        ({"size": 0}, r"data\.size=0: expected at least 1, or null for that of the picture\."),
        (
            {"parts": {"beard": "hair"}},
            r"data\.parts=\{'beard': 'hair'\}: beard is no part\. Expected some of skin, nose",
        ),
        (
            {"parts": {"hair": "ignore"}},
            r"data\.parts=\{'hair': 'ignore'\}: expected a class other than background and",
        ),
        ({"foreground": ["nose"]}, r"data\.foreground=\['nose'\]: expected a list of one or more of face, hair\."),
        ({"foreground": []}, r"data\.foreground=\[\]: expected a list"),
        ({"foreground": ["hair"], "merge": True}, r"data\.merge=True: expected false where foreground is hair alone\."),
        ({"fractions": [1]}, r"data\.fractions=\[1\]"),
        ({"seed": -2}, r"data\.seed=-2"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        CelebAMaskHQ("x", **arguments)
