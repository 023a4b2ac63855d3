import numpy as np
import pytest
from PIL import Image

from bareface.data.mask_folder import MaskFolder, same_shape
from bareface.errors import DataError, PictureError
from bareface.io.pictures import rotated, write_picture

MASK = np.array([[0, 0, 255, 255], [0, 0, 255, 255], [0, 255, 0, 255]], np.uint8)


def write_tree(root, count=10, images="images", masks="masks"):
    for name in (images, masks):
        (root / name).mkdir(parents=True)
    for number in range(count):
        write_picture(root / images / f"{number:03d}.jpg", np.full((3, 4, 3), number, np.uint8))
        write_picture(root / masks / f"{number:03d}.png", MASK)
    return str(root)


@pytest.fixture
def root(tmp_path):
    return write_tree(tmp_path)


def test_pairs_by_stem(root):
    dataset = MaskFolder(root)
    assert dataset.classes == ("background", "person")
    assert dataset.manifest.row(3) == {"key": "images/003.jpg", "mask": "masks/003.png"}
    record = dataset.read(dataset.manifest, 3)
    assert abs(int(record.image[0, 0, 0]) - 3) <= 1
    np.testing.assert_array_equal(record.mask, MASK > 0)


def test_names_of_the_folders_and_of_the_class(tmp_path):
    root = write_tree(tmp_path, 1, "photos", "alpha/png")
    dataset = MaskFolder(root, images="photos", masks="alpha/png", foreground="dog")
    assert dataset.classes == ("background", "dog") and dataset.manifest.row(0)["mask"] == "alpha/png/000.png"


def test_threshold(root, tmp_path):
    soft = np.full((3, 4), 127, np.uint8)
    soft[1] = 128
    write_picture(tmp_path / "masks/000.png", soft)
    dataset = MaskFolder(root)
    assert dataset.read(dataset.manifest, 0).mask.tolist() == [[0] * 4, [1] * 4, [0] * 4]
    write_picture(tmp_path / "masks/000.png", np.zeros((3, 4), np.uint8))
    assert dataset.read(dataset.manifest, 0).mask.sum() == 0


def test_a_mask_of_0_and_1_is_not_taken_for_an_empty_one(root, tmp_path):
    write_picture(tmp_path / "masks/000.png", MASK // 255)
    dataset = MaskFolder(root)
    message = r"000\.png: mask values of 0 to 1, expected black and white\. Set data\.values, e\.g\. \{0: backg"
    with pytest.raises(DataError, match=message):
        dataset.read(dataset.manifest, 0)
    coded = MaskFolder(root, foreground=None, values={0: "background", 1: "person"})
    np.testing.assert_array_equal(coded.read(coded.manifest, 0).mask, MASK > 0)


def test_codes(root, tmp_path):
    codes = np.array([[0, 128, 255, 9], [7, 7, 7, 7], [0, 0, 0, 0]], np.uint8)
    write_picture(tmp_path / "masks/000.png", codes)
    values = {0: "background", 128: "face", 255: "hair", 9: "ignore", 7: "face"}
    dataset = MaskFolder(root, foreground=None, values=values)
    assert dataset.classes == ("background", "face", "hair")
    assert dataset.read(dataset.manifest, 0).mask.tolist() == [[0, 1, 2, 255], [1] * 4, [0] * 4]
    write_picture(tmp_path / "masks/000.png", codes + np.uint8(1))
    with pytest.raises(
        DataError, match=r"000\.png: mask values 1, 8, 10, 129, expected only 0, 7, 9, 128, 255\. Correct"
    ):
        dataset.read(dataset.manifest, 0)


def test_a_mask_of_another_resolution_is_brought_to_the_picture(root, tmp_path):
    write_picture(tmp_path / "images/000.png", np.zeros((60, 80, 3), np.uint8))
    (tmp_path / "images/000.jpg").unlink()
    dataset = MaskFolder(root)
    mask = dataset.read(dataset.manifest, 0).mask
    np.testing.assert_array_equal(mask, np.kron(MASK > 0, np.ones((20, 20))))
    assert mask.dtype == np.uint8
    write_picture(tmp_path / "images/000.png", np.zeros((59, 80, 3), np.uint8))  # a pixel of rounding
    assert dataset.read(dataset.manifest, 0).mask.shape == (59, 80)


def test_a_mask_of_another_shape_is_an_error(root, tmp_path):
    write_picture(tmp_path / "masks/000.png", np.zeros((30, 60), np.uint8))
    write_picture(tmp_path / "masks/001.png", np.zeros((4, 3), np.uint8))
    write_picture(tmp_path / "images/000.jpg", np.zeros((60, 80, 3), np.uint8))
    dataset = MaskFolder(root)
    with pytest.raises(
        DataError, match=r"000\.png: the mask is 30 x 60, its picture 60 x 80\. Expected the same shape"
    ):
        dataset.read(dataset.manifest, 0)


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_mask_of_a_picture_that_exif_turns(root, tmp_path, orientation):
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:20, :20] = 255
    stored = Image.fromarray(picture)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "images/000.jpg", quality=95, exif=exif)
    corner = picture[::2, ::2, 0]
    write_picture(tmp_path / "masks/000.png", corner)  # drawn on the picture as it was stored, at half its size
    dataset = MaskFolder(root)
    record = dataset.read(dataset.manifest, 0)
    assert record.image.shape == ((40, 80, 3) if orientation == 1 else (80, 40, 3))
    np.testing.assert_array_equal(record.mask, record.image[..., 0] > 127)
    write_picture(tmp_path / "masks/000.png", (record.image[::2, ::2, 0] > 127) * np.uint8(255))  # drawn as it is shown
    np.testing.assert_array_equal(dataset.read(dataset.manifest, 0).mask, record.mask)


@pytest.mark.parametrize(("orientation", "side"), [(3, 80), (6, 40)])
def test_a_mask_whose_shape_shows_nothing_was_drawn_on_the_picture_as_one_sees_it(root, tmp_path, orientation, side):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = np.zeros((40, side, 3), np.uint8)
    picture[:16, :8] = 255
    Image.fromarray(picture).save(tmp_path / "images/000.jpg", quality=95, exif=exif)
    shown = rotated(picture[..., 0], orientation)
    write_picture(tmp_path / "masks/000.png", shown)
    dataset = MaskFolder(root)
    record = dataset.read(dataset.manifest, 0)
    np.testing.assert_array_equal(record.image[..., 0] > 127, shown > 127)
    np.testing.assert_array_equal(record.mask, shown > 127)


def test_missing_partners_are_named(root, tmp_path):
    for number in range(7):
        (tmp_path / f"masks/{number:03d}.png").unlink()
    (tmp_path / "images/009.jpg").unlink()
    names = r"000\.jpg, 001\.jpg, 002\.jpg, 003\.jpg, 004\.jpg, \.\.\. \(7 in all\)"
    with pytest.raises(
        DataError, match=rf": 7 images without a mask: {names}\. Add the others.*\(1 more errors: see bareface"
    ):
        _ = MaskFolder(root).manifest
    survey = MaskFolder(root).survey()
    assert [len(survey.manifest), len(survey.errors)] == [2, 2]
    assert survey.errors[1].endswith("1 masks without an image: 009.png. Add the others, or remove these.")


def test_stems_are_compared_whole(tmp_path):
    root = write_tree(tmp_path, 0)
    write_picture(tmp_path / "images/1.jpg", np.zeros((3, 4, 3), np.uint8))
    write_picture(tmp_path / "masks/10.png", MASK)
    with pytest.raises(DataError, match=r"1 images without a mask: 1\.jpg"):
        _ = MaskFolder(root).manifest


def test_what_is_no_picture_is_counted(root, tmp_path):
    (tmp_path / "images/.DS_Store").touch()
    (tmp_path / "images/notes.txt").touch()
    (tmp_path / "images/more.jpg").mkdir()
    survey = MaskFolder(root).survey()
    assert len(survey.manifest) == 10 and not survey.errors
    assert survey.warnings == [f"{tmp_path}/images: 2 entries that are no pictures are left out."]


def counts(dataset):
    return [len(dataset.splits[stage]) for stage in ("train", "val", "test")]


def test_splits(root):
    assert counts(MaskFolder(root)) == [7, 1, 2]
    assert counts(MaskFolder(root, fractions=[0.5, 0, 0.5])) == [5, 0, 5]
    assert counts(MaskFolder(root, counts=[6, 0, 3])) == [6, 0, 3]
    ordered = MaskFolder(root, split="order", counts=[6, 1, 3]).splits
    assert ordered["test"].column("key").tolist() == ["images/007.jpg", "images/008.jpg", "images/009.jpg"]
    tests = {tuple(MaskFolder(root, seed=seed).splits["test"].column("key").tolist()) for seed in range(5)}
    assert len(tests) > 1


def test_the_pixel_limit(root):
    dataset = MaskFolder(root, max_pixels=11)
    with pytest.raises(PictureError, match="4 x 3 = 12 pixels, more than the limit of 11"):
        dataset.read(dataset.manifest, 0)


def test_folders_that_are_missing(tmp_path):
    with pytest.raises(DataError, match=r"/no: no such folder\. Expected images/NAME\.jpg and masks/NAME\.png"):
        _ = MaskFolder(str(tmp_path / "no")).manifest
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match="/masks: no such folder"):
        _ = MaskFolder(str(tmp_path)).manifest
    (tmp_path / "masks").mkdir()
    with pytest.raises(DataError, match=r"no samples found\. Own pictures and masks"):
        _ = MaskFolder(str(tmp_path)).manifest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "foo"}, r"data\.split=foo: expected one of random, order\."),
        ({"foreground": None}, r"data\.foreground=None: expected a name without data\.values, and null with it\."),
        ({"values": {0: "background", 1: "a"}}, r"data\.foreground=person: expected a name without data\.values"),
        (
            {"foreground": None, "values": {0: "background"}},
            r"data\.values=\{0: 'background'\}: expected a code named back",
        ),
        ({"foreground": None, "values": {0: "a"}}, r"data\.values=\{0: 'a'\}: expected a code named background"),
        ({"foreground": None, "values": {0: "background", 256: "a"}}, r"256: 'a'\}: expected codes of 0 to 255"),
        ({"counts": [0, 1, 1]}, r"data\.counts=\[0, 1, 1\]"),
        ({"fractions": [0, 1, 0]}, r"data\.fractions=\[0, 1, 0\]"),
        ({"seed": -1}, r"data\.seed=-1"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaskFolder("x", **arguments)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((375, 667), (449, 800), True),
        ((361, 692), (627, 1200), True),
        ((100, 200), (200, 400), True),
        ((100, 200), (200, 408), False),
        ((200, 100), (200, 400), False),
        ((218, 178), (218, 178), True),
    ],
)
def test_same_shape(one, other, same):
    assert same_shape(one, other) is same is same_shape(other, one)
