"""Loss and metrics over the epochs."""

from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from callbacks.tiny import identity_data, mask_data, recognition, segmentation, trainer
from PIL import Image
from pytorch_lightning.callbacks import ModelCheckpoint

from bareface.callbacks.curves import Curves, panels, plot


class Remember(pl.callbacks.ModelCheckpoint):
    """Notes the metrics at the end of each epoch, after everything was logged."""

    def __init__(self) -> None:
        super().__init__(save_top_k=0)
        self.seen: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self.seen.append({name: float(value) for name, value in trainer.callback_metrics.items()})


def test_the_history_is_what_was_logged(tmp_path: Path) -> None:
    curves, remember = Curves(tmp_path / "figures"), Remember()
    run = trainer(tmp_path, [curves, remember], enable_checkpointing=True, max_epochs=3)
    run.fit(segmentation(), mask_data())
    expected = {name: {epoch + 1: seen[name] for epoch, seen in enumerate(remember.seen)} for name in remember.seen[0]}
    left_out = {name for name in expected if "/support/" in name or "/dice/" in name}
    assert len(left_out) == 12, "of three classes in two stages"
    assert curves.history == {name: values for name, values in expected.items() if name not in left_out}
    assert len(set(curves.history["train/loss"].values())) == 3
    assert {"train/miou", "val/miou", "val/iou/hair", "val/loss"} < curves.history.keys()
    for name in ("loss", "metrics"):
        picture = np.asarray(Image.open(tmp_path / "figures" / f"{name}.png"))
        assert max(picture.shape) <= 2000
        assert (picture[..., :3] != 255).any(axis=2).mean() > 0.005


def test_the_history_survives_a_resumption(tmp_path: Path) -> None:
    keep = ModelCheckpoint(tmp_path, filename="at")
    first = Curves(tmp_path / "first")
    trainer(tmp_path, [keep, first], enable_checkpointing=True).fit(segmentation(), mask_data())
    saved = torch.load(tmp_path / "at.ckpt", weights_only=True)["callbacks"]["Curves"]["history"]
    assert saved == first.history
    assert set(saved["train/miou"]) == set(saved["val/miou"]) == {1, 2}
    second = Curves(tmp_path / "second")
    run = trainer(tmp_path, [second], max_epochs=4)
    run.fit(segmentation(), mask_data(), ckpt_path=str(tmp_path / "at.ckpt"))
    assert set(second.history["train/loss"]) == set(second.history["val/loss"]) == {1, 2, 3, 4}
    assert all(second.history[name][epoch] == value for name in saved for epoch, value in saved[name].items())
    assert second.history["train/loss"][4] != second.history["train/loss"][2]


def test_epochs_without_a_validation_have_no_value(tmp_path: Path) -> None:
    curves = Curves(tmp_path)
    trainer(tmp_path, [curves], max_epochs=5, check_val_every_n_epoch=2).fit(segmentation(), mask_data())
    assert set(curves.history["val/loss"]) == {2, 4}
    assert set(curves.history["train/loss"]) == {1, 2, 3, 4, 5}


def test_the_sanity_check_is_no_epoch(tmp_path: Path) -> None:
    curves = Curves(tmp_path)
    trainer(tmp_path, [curves], max_epochs=0, num_sanity_val_steps=1).fit(segmentation(), mask_data())
    assert curves.history == {}
    assert not (tmp_path / "loss.png").exists()


def test_an_interrupted_run_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = segmentation()
    end = module.on_train_epoch_end

    def fail() -> None:
        end()
        if module.current_epoch == 1:
            raise RuntimeError("cut")

    monkeypatch.setattr(module, "on_train_epoch_end", fail)
    curves = Curves(tmp_path / "figures")
    with pytest.raises(RuntimeError, match="cut"):
        trainer(tmp_path, [curves], max_epochs=5).fit(module, mask_data())
    assert set(curves.history["train/loss"]) == {1, 2}
    assert (tmp_path / "figures" / "metrics.png").exists()


def test_it_is_drawn_while_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(Curves, "_draw", lambda self, trainer: drawn.append(trainer.current_epoch))
    trainer(tmp_path, [Curves(tmp_path, seconds=0)], max_epochs=3).fit(segmentation(), mask_data())
    trainer(tmp_path, [Curves(tmp_path, seconds=1000)], max_epochs=3).fit(segmentation(), mask_data())
    assert drawn == [0, 1, 2, 3, 3]


def test_other_tasks_draw_nothing(tmp_path: Path) -> None:
    trainer(tmp_path, [Curves(tmp_path / "figures")]).test(recognition(), identity_data(), verbose=False)
    assert not (tmp_path / "figures").exists()


def test_the_axis_of_one_epoch() -> None:
    (axes,) = plot(panels({"train/loss": {1: 0.5}})).axes
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]


def test_panels_and_lines() -> None:
    history = {"train/top1": {1: 0.25, 2: 0.5}, "val/top1": {2: 0.75}, "val/iou/face": {1: 0.5}, "val/iou/hair": {1: 1}}
    grouped = panels(history)
    assert list(grouped) == ["top1", "iou"]
    first, second = plot(grouped, "synthetic data").axes
    training, validation = first.get_lines()
    assert (training.get_label(), validation.get_label()) == ("training", "validation")
    assert (training.get_linestyle(), validation.get_linestyle()) == ("--", "-")
    assert training.get_xydata().tolist() == [[1, 0.25], [2, 0.5]]
    assert [line.get_label() for line in second.get_lines()] == ["face validation", "hair validation"]
    assert len({line.get_color() for line in second.get_lines()}) == 2
