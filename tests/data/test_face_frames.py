"""Data sets whose pictures are cut to their faces."""

import re
import shutil

import numpy as np
import pytest

from bareface.data.datamodule import DataModule
from bareface.data.dataset import Record
from bareface.data.face_frames import FaceFrames
from bareface.data.identity_folder import IdentityFolder
from bareface.data.mask_folder import MaskFolder
from bareface.data.transforms import Letterbox
from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture


def colour(person, number):
    return np.full((100, 80, 3), 40 * number + 100 * person, np.uint8)


@pytest.fixture
def root(tmp_path):
    """Two people, four pictures each; the face is marked with 255 and its mask with 128."""
    for person, name in enumerate(("ada", "bob")):
        for number in range(4):
            image, mask = colour(person, number), np.zeros((100, 80), np.uint8)
            image[30:70, 20:55], mask[30:70, 20:55] = 255, 128
            for folder, array in ((tmp_path / "p", image), (tmp_path / "p/masks", mask)):
                (folder / name).mkdir(parents=True, exist_ok=True)
                write_picture(folder / name / f"{number}.png", array)
    return tmp_path / "p"


def table(path, rows):
    path.write_text("key,x1,y1,x2,y2,height,width,reason\n" + "\n".join(rows) + "\n")
    return str(path)


def module(root, faces, workers=0, **options):
    dataset = IdentityFolder(str(root), split="first", first=2, masks="masks")
    letterbox = Letterbox(64)
    options = {"on_error": "raise", "seed": 0} | options
    return DataModule(dataset, letterbox, letterbox, batch_size=3, num_workers=workers, faces=faces, **options)


def all_faces(but=()):
    keys = [f"{name}/{number}.png" for name in ("ada", "bob") for number in range(4)]
    return [f"{key},,,,,100,80,no face found." if key in but else f"{key},20,30,55,70,100,80," for key in keys]


def test_picture_and_mask_are_cut_to_the_face(root, tmp_path):
    data = module(root, table(tmp_path / "f.csv", all_faces()))
    record = data.samples("test", augment=False).record(0)
    assert record.image.shape == (52, 45, 3)  # 1.3 x 40 high; that x 112/128 = 45.5 wide, from 14.75 to 60.25
    assert record.image.shape[:2] == record.mask.shape
    assert (record.image == 255).sum() == 3 * 40 * 35 and (record.mask == 1).sum() == 40 * 35


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_without_a_face_is_skipped_and_named_though_errors_end_the_run(root, tmp_path, workers):
    data = module(root, table(tmp_path / "f.csv", all_faces(but={"ada/3.png"})), workers)
    batches = list(data.stage_dataloader("test"))
    keys = [key for batch in batches for key in batch["key"]]
    skipped = [pair for batch in batches for pair in batch["skipped"]]
    assert keys == ["ada/2.png", "bob/2.png", "bob/3.png"] and skipped == [("ada/3.png", "no face found.")]
    assert len(keys) + len(skipped) == len(data.dataset.splits["test"])


def test_the_whole_picture_only_where_asked(root, tmp_path):
    data = module(root, table(tmp_path / "f.csv", all_faces(but={"ada/3.png"})), on_no_face="whole")
    samples = data.samples("test", augment=False)
    assert [samples.record(row).image.shape[0] for row in range(4)] == [52, 100, 52, 52]


def test_boxes_cannot_be_aligned(root, tmp_path):
    data = module(root, table(tmp_path / "f.csv", all_faces()), framing="aligned")
    skipped = [pair for batch in data.stage_dataloader("test") for pair in batch["skipped"]]
    assert len(skipped) == 4 and all("no landmarks, so the face cannot be aligned" in reason for _, reason in skipped)


def test_a_broken_picture_is_still_an_error(root, tmp_path):
    data = module(root, table(tmp_path / "f.csv", all_faces(but={"ada/3.png"})))
    (root / "ada/3.png").write_bytes(b"broken")
    with pytest.raises(PictureError, match=r"ada/3\.png: not a picture"):
        list(data.stage_dataloader("test"))


def test_the_classes_are_counted_on_the_faces(root, tmp_path):
    """Two training pictures, of one no face is known: 52 x 45 pixels, 40 x 35 of them in the mask."""
    for picture in ("0", "1", "2"):
        for source, folder in (("ada", "images"), ("masks/ada", "masks")):
            (tmp_path / folder).mkdir(exist_ok=True)
            shutil.copy(root / source / f"{picture}.png", tmp_path / folder / f"{picture}.png")
    dataset = MaskFolder(str(tmp_path), split="order", counts=[2, 0, 1])
    keys = dataset.manifest.column("key").tolist()
    rows = [f"{keys[0]},20,30,55,70,100,80,", *(f"{key},,,,,,,no face found." for key in keys[1:])]
    letterbox = Letterbox(64)
    data = DataModule(dataset, letterbox, letterbox, 1, 0, "raise", 0, faces=table(tmp_path / "f.csv", rows))
    assert data.class_counts(5) == [52 * 45 - 40 * 35, 40 * 35]


def test_tables_that_do_not_fit_the_data(root, tmp_path):
    with pytest.raises(DataError, match=r"f\.csv: says nothing of ada/2\.png, ada/3\.png\. Run bareface detect on"):
        module(root, table(tmp_path / "f.csv", all_faces()[4:])).samples("test", augment=False)
    with pytest.raises(DataError, match=r"f\.csv: several faces of ada/3\.png\. Write it with choice=largest or"):
        module(root, table(tmp_path / "f.csv", [*all_faces(), all_faces()[3]])).samples("test", augment=False)
    with pytest.raises(DataError, match=r"f\.csv: none of these 4 pictures has a face\. Try another detector\."):
        nobody = {f"{name}/{number}.png" for name in ("ada", "bob") for number in range(4)}
        module(root, table(tmp_path / "f.csv", all_faces(but=nobody))).samples("test", augment=False)
    other = [row.replace(",100,80,", ",50,40,") for row in all_faces()]
    with pytest.raises(DataError, match=r"ada/2\.png: 100 x 80 pixels, its face was found in 50 x 40\. Run bareface"):
        module(root, table(tmp_path / "f.csv", other)).samples("test", augment=False).record(0)


@pytest.mark.parametrize(
    ("words", "message"),
    [(("picture",), "loader.framing=picture: expected box or aligned."), (("box", "skip"), "loader.on_no_face=skip: ")],
)
def test_words_that_are_not_known(words, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        FaceFrames(*words)


def test_without_a_table_pictures_stay_whole(root):
    assert isinstance(module(root, None).samples("test", augment=False).record(0), Record)
    assert module(root, None).samples("test", augment=False).record(0).image.shape == (100, 80, 3)
