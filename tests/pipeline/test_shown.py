"""What training shows: the conditions' composites, worked out by hand, drawn anew in each epoch."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from numpy.typing import NDArray

from bareface.data.datamodule import DataModule
from bareface.data.dataset import IdentityDataSet, Record, Stage
from bareface.data.manifest import Manifest
from bareface.data.matte_cache import MatteCard
from bareface.data.matte_writer import MatteWriter
from bareface.data.samples import Samples, Skipped, collate
from bareface.data.transforms import Letterbox, RecognitionAugmentation
from bareface.errors import DataError
from bareface.pipeline.conditions import Removed
from bareface.pipeline.matte import Matte
from bareface.pipeline.matte_maker import MatteMaker, segmenter_fingerprint
from bareface.pipeline.mattes import Mattes
from bareface.pipeline.photos import Photos
from bareface.pipeline.random_backdrops import RandomBackdrops
from bareface.pipeline.removed_backdrops import RemovedBackdrops
from bareface.pipeline.shown import ShownWithMatte, faces_digest
from bareface.segmentation.segmenter import Segmenter

SIZES = [(16, 16), (24, 32), (40, 20)]
CANVAS = 16


class Squares(IdentityDataSet):
    """Photos with a red square of the face in them, in front of their person's own grey: 40, 80, 120, ..."""

    classes = ("background", "face")
    root = Path("drawn")
    identities = tuple("abcdefghij")

    def __init__(self, photos: int = 6, without: Sequence[int] = (), textured: bool = False) -> None:
        self.photos, self.without, self.textured = photos, without, textured

    def index(self) -> Manifest:
        labels = pa.array([number % 3 for number in range(self.photos)], pa.int32())
        return Manifest(pa.table({"key": [f"{number:03d}" for number in range(self.photos)], "label": labels}))

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        return {"train": manifest, "val": manifest.take([0]), "test": manifest.take([0])}

    def read(self, manifest: Manifest, row: int) -> Record:
        number = int(manifest.key(row))
        height, width = SIZES[number % 3]
        image = np.full((height, width, 3), 40 * (1 + number % 3), np.uint8)
        if self.textured:
            image = np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)
        mask = np.zeros((height, width), np.uint8)
        inside = np.s_[height // 4 : height // 2, width // 4 : width // 2]
        if number not in self.without:
            image[inside], mask[inside] = (255, 0, 0), 1
        return Record(image, mask)


def made(folder: Path, dataset: IdentityDataSet, matte: Matte | None = None, **about: Any) -> str:
    """A folder of the mattes of a data set's own masks."""
    card = MatteCard(**{**CARD, **about})  # type: ignore[arg-type]
    with MatteWriter(folder, card) as writer:
        maker = MatteMaker(None, "mask", dataset.classes, "face", Matte() if matte is None else matte, writer)
        samples = Samples(dataset, dataset.manifest, Letterbox(card.canvas))
        for row in range(len(samples)):
            maker.predict_step(collate([samples[row]]), row)  # type: ignore[arg-type]
    return str(folder)


CARD: dict[str, Any] = {
    "source": "mask",
    "segmenter": None,
    "foreground": "face",
    "matte": {},
    "canvas": CANVAS,
    "faces": None,
    "framing": None,
    "root": "drawn",
}


def seen(shown: ShownWithMatte, dataset: IdentityDataSet, epoch: int = 1) -> Samples:
    samples = Samples(dataset, shown.matched(dataset.manifest), Letterbox(CANVAS), shown=shown)
    samples.begin(epoch)
    return samples


def picture(samples: Samples, row: int) -> NDArray[np.int64]:
    """(H, W, 3), padding cut off."""
    sample: Any = samples[row]
    top, left, height, width = sample["content"].tolist()
    return np.asarray(sample["image"].permute(1, 2, 0)[top : top + height, left : left + width].numpy(), np.int64)


def of_face(shown: NDArray[np.int64]) -> NDArray[np.bool_]:
    return (shown == (255, 0, 0)).all(2)


@pytest.mark.parametrize("backdrop", ["black", "white", "grey", "mean", "blur", "noise"])
def test_training_shows_what_the_condition_of_the_same_name_shows(backdrop: str, tmp_path: Path) -> None:
    dataset, matte = Squares(textured=True), Matte(grow=0.1, feather=0.4)
    samples = seen(RemovedBackdrops(made(tmp_path / "m", dataset, matte), "face", backdrop), dataset)
    batch: Any = collate([Samples(dataset, dataset.manifest, Letterbox(CANVAS))[row] for row in range(6)])
    photos = Photos(batch["image"].float(), batch["content"], batch["key"])
    mattes = Mattes(photos, matte, "mask", mask_classes=dataset.classes, mask=batch["mask"])
    assert ((mattes("face") > 0.01) & (mattes("face") < 0.99)).any(), "soft edges are put to the test, too"
    expected = Removed("face", backdrop)(photos, mattes)
    again: Any = collate([samples[row] for row in range(6)])
    assert torch.equal(again["content"], batch["content"])
    error = (again["image"].float() - expected).abs() * photos.shown
    assert error.max() <= 1.0, "half a grey value of rounding, and half of a matte in 255 steps"
    assert "mask" not in again


def test_photo_and_matte_are_cropped_and_mirrored_together(tmp_path: Path) -> None:
    dataset = Squares()
    shown = RemovedBackdrops(made(tmp_path / "m", dataset), "face", "white")
    augmented = RecognitionAugmentation(16, 12, 0.5, 0.0, 0.0, 0.0, 0.0, [0.8, 1.0])
    samples = Samples(dataset, shown.matched(dataset.manifest), augmented, shown=shown)
    torch.manual_seed(0)
    columns = set()
    for _ in range(20):
        image = np.asarray(samples[0]["image"].permute(1, 2, 0).numpy(), np.int64)  # type: ignore[index]
        assert (image[..., 0] == 255).all(), "red in front of white: nothing of the grey of 40 is left"
        assert (np.abs(image[..., 1] - image[..., 2]) <= 1).all() and image[..., 1].min() == 0
        columns.add(int((image[..., 1] == 0).any(0).argmax()))
    assert len(columns) > 3, "the face is not always in the same place"


def test_colours_are_drawn_from_seed_key_and_epoch(tmp_path: Path) -> None:
    dataset = Squares()
    folder = made(tmp_path / "m", dataset)

    def colours(seed: int, epoch: int) -> list[tuple[int, ...]]:
        samples = seen(RandomBackdrops(folder, "face", ["colour"], 1.0, seed), dataset, epoch)
        found = []
        for row in range(6):
            shown = picture(samples, row)
            face = of_face(shown)
            assert (face == of_face(picture(Samples(dataset, dataset.manifest, Letterbox(CANVAS)), row))).all()
            assert len(np.unique(shown[~face], axis=0)) == 1, "one colour"
            found.append(tuple(shown[~face][0].tolist()))
        return found

    first = colours(0, 1)
    assert len(set(first)) == 6 and colours(0, 1) == first
    assert not set(first) & set(colours(0, 2)) and not set(first) & set(colours(1, 1))


def test_as_many_get_a_backdrop_as_the_probability_says(tmp_path: Path) -> None:
    dataset = Squares(6)
    shown = RandomBackdrops(made(tmp_path / "m", dataset), "face", ["white"], 0.25, 0)
    samples = seen(shown, dataset)
    changed = []
    for epoch in range(100):
        samples.begin(epoch)
        changed += [int((picture(samples, row)[-1, -1] == 255).all()) for row in range(6)]
    assert sum(changed) == pytest.approx(150, abs=4 * (600 * 0.25 * 0.75) ** 0.5)
    assert shown.text == "random backdrops white with probability 0.25, face"


def test_the_background_of_another_persons_photo(tmp_path: Path) -> None:
    dataset = Squares()
    samples = seen(RandomBackdrops(made(tmp_path / "m", dataset), "face", ["photo"], 1.0, 0), dataset)
    lent: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    for epoch in range(12):
        samples.begin(epoch)
        for row in range(6):
            shown = picture(samples, row)
            greys = np.unique(shown[~of_face(shown)])
            assert len(greys) == 1, "its own foreground is tiled away"
            lent[row % 3].add(int(greys[0]))
    assert lent == {0: {80, 120}, 1: {40, 120}, 2: {40, 80}}


def test_noise_comes_anew_in_each_epoch(tmp_path: Path) -> None:
    dataset = Squares()
    samples = seen(RandomBackdrops(made(tmp_path / "m", dataset), "face", ["noise"], 1.0, 0), dataset)
    first = picture(samples, 0)
    assert (picture(samples, 0) == first).all()
    samples.begin(2)
    assert (picture(samples, 0) != first).any(2).sum() > 200


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_draws_do_not_depend_on_the_workers(workers: int, tmp_path: Path) -> None:
    dataset = Squares(12)
    shown = RandomBackdrops(made(tmp_path / "m", dataset), "face", ["colour"], 1.0, 0)
    canvas = Letterbox(CANVAS)
    loader = DataModule(dataset, canvas, canvas, 4, workers, "raise", 0, shown=shown).train_dataloader()
    samples = seen(shown, dataset)
    for epoch in (1, 2, 3):
        batches = list(loader)
        samples.begin(epoch)
        assert sorted(key for batch in batches for key in batch["key"]) == dataset.manifest.column("key").tolist()
        for batch in batches:
            for key, image in zip(batch["key"], batch["image"], strict=True):
                assert torch.equal(image, samples[int(key)]["image"])  # type: ignore[index]


def test_stages_that_are_not_named_show_photos_as_they_are(tmp_path: Path) -> None:
    dataset = Squares()
    folder, canvas = made(tmp_path / "m", dataset), Letterbox(CANVAS)
    for shown, stages in (
        (RandomBackdrops(folder, "face", ["white"], 1.0, 0), {"train"}),
        (RemovedBackdrops(folder, "face", "white"), {"train", "val", "test"}),
    ):
        data = DataModule(dataset, canvas, canvas, 4, 0, "raise", 0, shown=shown)
        for stage in ("train", "val", "test"):
            corner = picture(data.samples(stage, augment=False), 0)[-1, -1].tolist()  # type: ignore[arg-type]
            assert corner == [255 if stage in stages else 40] * 3


def test_an_empty_matte_is_left_out_or_shown_as_it_is_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = Squares(without=[1, 4])
    folder = made(tmp_path / "m", dataset)
    removed = RemovedBackdrops(folder, "face", "white")
    skipped = seen(removed, dataset)[4]
    assert skipped == Skipped("004", "no face found; left out.")
    backdrops = RandomBackdrops(folder, "face", ["white"], 1.0, 0)
    assert (picture(seen(backdrops, dataset), 4) == 80).all()
    for shown, fate in ((removed, "left out"), (backdrops, "shown as they are")):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            shown.check(dataset, CANVAS, None, "box, fail")
        said = [record.getMessage() for record in caplog.records]
        assert said[0] == f"mattes: 2 train photos have an empty one and are {fate}: 001, 004"


def test_a_photo_without_a_matte_is_left_out_and_its_reason_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = Squares()
    with MatteWriter(tmp_path / "m", MatteCard(**CARD)) as writer:
        for key in dataset.manifest.column("key").tolist():
            writer.add_without(key, "truncated.")
    shown = RemovedBackdrops(str(tmp_path / "m"), "face", "black")
    with caplog.at_level(logging.WARNING):
        shown.check(dataset, CANVAS, None, "box, fail")
    assert caplog.records[0].getMessage().startswith("mattes: 6 train photos have no matte and are left out: 000, 001")
    assert seen(shown, dataset)[0] == Skipped("000", "no matte: truncated.")


def test_mattes_of_something_else_are_refused(tmp_path: Path) -> None:
    dataset = Squares()
    folder = made(tmp_path / "m", dataset)
    shown = RemovedBackdrops(folder, "face", "black")
    shown.check(dataset, CANVAS, None, "box, fail")
    with pytest.raises(
        ValueError, match=r"^shown.foreground=face\+hair: its mattes keep face \(.*\). Ask for that, or"
    ):
        RemovedBackdrops(folder, "face+hair", "black").check(dataset, CANVAS, None, "box, fail")
    with pytest.raises(ValueError, match="made on 16 pixels, the recogniser's canvas is 24. Make others with bareface"):
        shown.check(dataset, 24, None, "box, fail")
    (tmp_path / "faces.parquet").write_bytes(b"x")
    with pytest.raises(
        ValueError, match=r"made of whole photos, loader.faces=.*parquet and loader.framing=box, fail cut"
    ):
        shown.check(dataset, CANVAS, str(tmp_path / "faces.parquet"), "box, fail")
    more = Squares(13)
    with pytest.raises(
        DataError, match=r"7 of 13 train photos have no matte: 006, 007, 008, 009, 010, ... \(7 in all\)"
    ):
        shown.check(more, CANVAS, None, "box, fail")


def test_mattes_of_other_faces_are_refused(tmp_path: Path) -> None:
    faces = tmp_path / "faces.parquet"
    faces.write_bytes(b"x")
    dataset = Squares()
    folder = made(tmp_path / "m", dataset, faces=faces_digest(str(faces)), framing="box, fail")
    shown = RemovedBackdrops(folder, "face", "black")
    shown.check(dataset, CANVAS, str(faces), "box, fail")
    with pytest.raises(ValueError, match="made of faces cut with framing=box, fail, loader.faces=None"):
        shown.check(dataset, CANVAS, None, "box, fail")
    faces.write_bytes(b"y")
    with pytest.raises(ValueError, match="the same loader.faces and loader.framing"):
        shown.check(dataset, CANVAS, str(faces), "box, fail")


def test_mattes_of_another_segmenter_are_refused(tmp_path: Path) -> None:
    dataset = Squares()
    marks = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        network = {"_target_": "bareface.segmentation.networks.unet.UNetMobileNetV2"}
        normalise = {"mean": [120.0] * 3, "std": [64.0] * 3}
        segmenter = Segmenter(network, normalise, 32, ["background", "face"])
        state = {f"segmenter.{name}": value for name, value in segmenter.state_dict().items()}
        torch.save({"card": {**segmenter.card, "versions": {}}, "state_dict": state}, tmp_path / f"{seed}.ckpt")
        marks.append(segmenter_fingerprint(segmenter))
    folder = made(tmp_path / "m", dataset, segmenter=marks[0])
    RemovedBackdrops(folder, "face", "black", str(tmp_path / "0.ckpt")).check(dataset, CANVAS, None, "box, fail")
    found = f"made of the segmenter {marks[0][:12]}, not of shown.segmenter=.*1.ckpt \\({marks[1][:12]}\\). Make others"
    with pytest.raises(ValueError, match=found):
        RemovedBackdrops(folder, "face", "black", str(tmp_path / "1.ckpt")).check(dataset, CANVAS, None, "box, fail")
    of_masks = made(tmp_path / "masks", dataset)
    with pytest.raises(ValueError, match="made of masks, not of shown.segmenter="):
        RemovedBackdrops(of_masks, "face", "black", str(tmp_path / "1.ckpt")).check(dataset, CANVAS, None, "box, fail")


def test_another_photo_under_the_same_key_is_refused(tmp_path: Path) -> None:
    shown = RemovedBackdrops(made(tmp_path / "m", Squares()), "face", "black")
    with pytest.raises(DataError, match=r"^000: not the photo that its matte was made of \(.*m\). Run bareface mattes"):
        seen(shown, Squares(textured=True))[0]


def test_words_and_numbers_that_are_none() -> None:
    with pytest.raises(
        FileNotFoundError, match="backdrop=blak: no such file. Give a picture, a folder of pictures, or"
    ):
        RemovedBackdrops("m", "face", "blak")
    with pytest.raises(
        FileNotFoundError, match="^shown.backdrops: nois: no such backdrop and no such file. Did you mean noise"
    ):
        RandomBackdrops("m", "face", ["colour", "nois"], 0.5, 0)
    with pytest.raises(ValueError, match=r"shown.backdrops=\[\]: expected one or more"):
        RandomBackdrops("m", "face", [], 0.5, 0)
    for probability in (0, 1.5):
        with pytest.raises(ValueError, match=f"shown.probability={probability}: expected 0 < probability <= 1"):
            RandomBackdrops("m", "face", ["colour"], probability, 0)
    for stages in ([], ["train", "tset"]):
        with pytest.raises(ValueError, match=r"shown.stages=\[.*\]: expected one or more of train, val, test"):
            RemovedBackdrops("m", "face", "black", None, stages)  # type: ignore[arg-type]
