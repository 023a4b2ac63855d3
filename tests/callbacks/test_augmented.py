"""The sheet of augmented training pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from callbacks import tiny
from callbacks.tiny import identity_data, mask_data, recognition, segmentation, trainer
from PIL import Image
from pytorch_lightning import seed_everything
from pytorch_lightning.loggers import TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.data import DataLoader

from bareface.callbacks.augmented import AugmentedSheet
from bareface.data.transforms import Letterbox
from bareface.segmentation.figures import STRIPES, colours


def sheet(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_a_sheet_of_masks(tmp_path: Path) -> None:
    path = tmp_path / "figures" / "augmented.png"
    trainer(tmp_path, [AugmentedSheet(path, 6)], max_epochs=1).fit(segmentation(), mask_data())
    picture = sheet(path)
    height, width = picture.shape[:2]
    assert 300 <= height <= 1920
    assert 400 <= width <= 1920
    assert width > height
    grey = (picture[..., 0] == picture[..., 1]) & (picture[..., 1] == picture[..., 2])
    for value in STRIPES:  # padding is shown as ignored
        assert (grey & (picture[..., 0] == value)).mean() > 0.02
    assert (picture == 255).all(axis=2).mean() < 0.6
    for colour in colours(3)[1:]:  # both classes are in the legend
        assert (picture == colour).all(axis=2).sum() >= 150


def test_a_sheet_of_identities_has_no_legend_but_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(names: tuple[str, ...]) -> np.ndarray:
        monkeypatch.setattr(tiny.People, "identities", names)
        trainer(tmp_path, [AugmentedSheet(tmp_path / "a.png", 4)], max_epochs=1).fit(recognition(), identity_data())
        return sheet(tmp_path / "a.png")

    one, same, other = draw(("A", "B", "C")), draw(("A", "B", "C")), draw(("A", "B", "longer"))
    assert np.array_equal(one, same)
    assert one.shape == other.shape
    assert not np.array_equal(one, other)
    assert not (one == colours(2)[1]).all(axis=2).any()


def test_the_number_of_pictures_is_what_was_asked_or_what_there_is(tmp_path: Path) -> None:
    areas = []
    for count in (1, 6, 18, 99):  # 18 pictures train
        trainer(tmp_path, [AugmentedSheet(tmp_path / "a.png", count)], max_epochs=0).fit(segmentation(), mask_data())
        areas.append((sheet(tmp_path / "a.png") != 255).any(axis=2).sum())
    assert areas[0] < areas[1] < areas[2] == areas[3]


def test_training_is_the_same_with_and_without(tmp_path: Path) -> None:
    results = []
    for callbacks in ([], [AugmentedSheet(tmp_path / "a.png", 9)]):
        seed_everything(5, verbose=False)
        run = trainer(tmp_path, callbacks)
        run.fit(segmentation(), mask_data())
        results.append({name: float(value) for name, value in run.callback_metrics.items()})
    assert results[0] == results[1]
    assert results[0]["train/loss"] > 0


def test_unreadable_pictures_are_left_out(tmp_path: Path) -> None:
    broken = tuple(f"{number:03d}.png" for number in range(30) if number % 5 < 3 and number != 6)
    data = mask_data(batch_size=2, on_error="skip", broken=broken)
    trainer(tmp_path, [AugmentedSheet(tmp_path / "a.png", 9)], max_epochs=0).fit(segmentation(), data)
    only = sheet(tmp_path / "a.png")
    trainer(tmp_path, [AugmentedSheet(tmp_path / "b.png", 1)], max_epochs=0).fit(segmentation(), mask_data())
    assert only.shape == sheet(tmp_path / "b.png").shape


def test_synthetic_pictures_are_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = []
    for module in ("bareface.data.mask_folder", "bareface.data.synthetic.masks"):
        monkeypatch.setattr(tiny.Faces, "__module__", module)
        trainer(tmp_path, [AugmentedSheet(tmp_path / "a.png", 12)], max_epochs=0).fit(segmentation(), mask_data())
        pictures.append(sheet(tmp_path / "a.png"))
    photos, rendered = pictures
    changed = np.argwhere((photos != rendered).any(axis=2))
    assert len(changed) > 50
    assert changed[:, 0].max() < 45  # the note stands in the head of the sheet, at the right
    assert changed[:, 1].min() > photos.shape[1] / 2


def test_tensorboard_gets_the_sheet(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name="logs", version="tensorboard")
    run = trainer(tmp_path, [AugmentedSheet(tmp_path / "a.png", 2)], logger=logger, max_epochs=1)
    run.fit(segmentation(), mask_data())
    events = EventAccumulator(logger.log_dir)
    events.Reload()
    (image,) = events.Images("figures/augmented")
    assert (image.height, image.width) == sheet(tmp_path / "a.png").shape[:2]


def test_loaders_without_a_data_module_are_refused(tmp_path: Path) -> None:
    loader = DataLoader(torch.zeros(2, 1))
    with pytest.raises(ValueError, match=r"callbacks\.augmented: needs a DataModule\. .*callbacks\.augmented=null"):
        trainer(tmp_path, [AugmentedSheet(tmp_path / "a.png", 2)]).fit(segmentation(), loader, loader)


def test_no_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match=r"callbacks\.augmented\.pictures=0: expected at least 1\. null"):
        AugmentedSheet("a.png", 0)


def test_the_sheet_shows_what_the_training_transform_makes(tmp_path: Path) -> None:
    shapes = []
    for size in (48, 96):
        data = mask_data()
        data.train_transform = Letterbox(size)
        trainer(tmp_path, [AugmentedSheet(tmp_path / "a.png", 4)], max_epochs=0).fit(segmentation(), data)
        shapes.append(sheet(tmp_path / "a.png").shape)
    assert shapes[0] != shapes[1]
