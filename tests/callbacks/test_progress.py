"""The bar: how long it is, where it ends, and what it leaves behind."""

import logging
import os
import pty
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytorch_lightning as pl
import torch
from callbacks.tiny import mask_data, segmentation, trainer
from pytorch_lightning.callbacks import ModelCheckpoint

from bareface.callbacks.progress import Progress, total_batches

INF = float("inf")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    written = capsys.readouterr().err
    assert "\r" not in written
    return [line for line in written.splitlines() if "[" in line and ("it/s" in line or "s/it" in line)]


@pytest.mark.parametrize(
    ("batches", "epochs", "steps", "accumulate", "expected"),
    [
        (10, 5, -1, 1, 50),
        (10, -1, -1, 1, None),
        (10, None, 13, 1, 13),
        (10, 1, 13, 1, 10),
        (10, -1, 7, 4, 24),  # an epoch has 3 steps (of 4, 4 and 2 batches): two epochs, and one step of 4 batches
        (INF, 5, -1, 1, None),
        (INF, -1, 8, 2, 16),
        (10, 0, -1, 1, 0),
    ],
)
def test_total(batches: float, epochs: int | None, steps: int, accumulate: int, expected: int | None) -> None:
    asked = SimpleNamespace(
        num_training_batches=batches, max_epochs=epochs, max_steps=steps, accumulate_grad_batches=accumulate
    )
    assert total_batches(asked) == expected


def test_one_bar_of_all_epochs_ends_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trainer(tmp_path, [Progress("val/loss", line_seconds=1000)], enable_progress_bar=True)
    run.fit(segmentation(), mask_data())
    first, last = lines(capsys)  # the interval is long: only the two ends, and none for the validation
    assert first.startswith("Training:   0% 0/6 ")
    assert last.startswith("Training: 100% 6/6 ")
    assert "epoch 2/2" in last
    assert f"val/loss {run.callback_metrics['val/loss']:.4f}" in last


def test_lines_come_at_the_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainer(tmp_path, [Progress(line_seconds=0)], enable_progress_bar=True).fit(segmentation(), mask_data())
    found = lines(capsys)
    assert any("validating 1/1" in line for line in found)
    assert [line.split()[2] for line in found] == ["0/6", "1/6", "2/6", "3/6", "3/6", "4/6", "5/6", "6/6", "6/6", "6/6"]


def test_limited_batches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trainer(tmp_path, [Progress()], enable_progress_bar=True, limit_train_batches=2, max_epochs=3)
    run.fit(segmentation(), mask_data())
    assert lines(capsys)[-1].startswith("Training: 100% 6/6 ")


def test_the_loss_is_that_of_the_step_whatever_is_accumulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = segmentation()
    module.loss.forward = lambda logits, target: logits.sum() * 0 + 1.5
    trainer(tmp_path, [Progress()], enable_progress_bar=True, accumulate_grad_batches=3).fit(module, mask_data())
    assert "loss 1.5" in lines(capsys)[-1]


@pytest.mark.parametrize(("every", "where"), [({"every_n_epochs": 1}, "3/9"), ({"every_n_train_steps": 2}, "2/9")])
def test_a_resumed_run_begins_where_it_stood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], every: dict[str, int], where: str
) -> None:
    keep = ModelCheckpoint(tmp_path, filename="at", **every)
    first = trainer(tmp_path, [keep], enable_checkpointing=True, max_epochs=1)
    first.fit(segmentation(), mask_data())
    capsys.readouterr()
    resumed = trainer(tmp_path, [Progress(line_seconds=1000)], enable_progress_bar=True, max_epochs=3)
    resumed.fit(segmentation(), mask_data(), ckpt_path=str(tmp_path / "at.ckpt"))
    begin, end = lines(capsys)
    assert begin.split()[2] == where
    assert end.startswith("Training: 100% 9/9 ")


def test_an_unknown_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stop = pl.callbacks.LambdaCallback(
        on_train_batch_end=lambda trainer, *_: setattr(trainer, "should_stop", trainer.global_step >= 4)
    )
    run = trainer(tmp_path, [Progress(), stop], enable_progress_bar=True, max_epochs=-1)
    run.fit(segmentation(), mask_data())
    last = lines(capsys)[-1]
    assert last.startswith("Training: 4it [")
    assert "epoch 2," in last


def test_test_validate_and_predict_have_one_bar_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trainer(tmp_path, [Progress(line_seconds=1000)], enable_progress_bar=True)
    run.test(segmentation(), mask_data(batch_size=4), verbose=False)
    run.validate(segmentation(), mask_data(batch_size=4), verbose=False)
    found = lines(capsys)
    assert [line.split(" [")[0] for line in found] == [
        "Testing:   0% 0/2",
        "Testing: 100% 2/2",
        "Validating:   0% 0/2",
        "Validating: 100% 2/2",
    ]


def test_other_processes_are_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.disable()
    trainer(tmp_path, [progress], enable_progress_bar=True).fit(segmentation(), mask_data())
    assert lines(capsys) == []


@contextmanager
def terminal() -> Iterator[int]:
    controller, side = pty.openpty()
    termios.tcsetwinsize(side, (24, 100))
    with os.fdopen(side, "w") as stderr, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        yield controller
    os.close(controller)


def read(controller: int) -> str:
    sys.stderr.flush()
    os.set_blocking(controller, False)
    parts = []
    try:
        while part := os.read(controller, 65536):
            parts.append(part)
    except BlockingIOError:
        pass
    return b"".join(parts).decode()


def test_a_terminal_gets_a_bar_that_is_redrawn_in_place(tmp_path: Path) -> None:
    with terminal() as controller:
        trainer(tmp_path, [Progress()], enable_progress_bar=True).fit(segmentation(), mask_data())
        written = read(controller)
    assert "█" in written
    assert written.endswith("\r\n")
    last = written.rstrip("\r\n").rpartition("\r")[2]
    assert last.startswith("Training: 100%")
    assert len(last) <= 100


def test_an_interrupt_leaves_the_cursor_on_a_new_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.signal", lambda *arguments: None)  # Lightning would ignore Ctrl-C from here on
    module = segmentation()
    step = module.training_step

    def interrupted(batch: dict[str, object], batch_idx: int) -> torch.Tensor | None:
        if batch_idx == 1:
            raise KeyboardInterrupt
        return step(batch, batch_idx)

    monkeypatch.setattr(module, "training_step", interrupted)
    with terminal() as controller:
        with pytest.raises(SystemExit):
            trainer(tmp_path, [Progress()], enable_progress_bar=True).fit(module, mask_data())
        written = read(controller)
        print("next line", file=sys.stderr)
        assert read(controller) == "next line\r\n"
    assert written.endswith("\r\n")
    last = written.rstrip("\r\n").rpartition("\r")[2]
    assert "1/6" in last
    assert "epoch 1/2" in last


def test_a_message_stands_above_the_bar_on_a_line_of_its_own(tmp_path: Path) -> None:
    remark = pl.callbacks.LambdaCallback(on_train_batch_end=lambda *_: logging.getLogger("remark").warning("a remark"))
    with terminal() as controller:
        handler = logging.StreamHandler(sys.stderr)
        logging.getLogger().addHandler(handler)
        trainer(tmp_path, [Progress(), remark], enable_progress_bar=True, max_epochs=1).fit(segmentation(), mask_data())
        written = read(controller)
        assert handler in logging.getLogger().handlers
        logging.getLogger().removeHandler(handler)
    assert [line.rpartition("\r")[2] for line in written.split("\r\n")].count("a remark") == 3
