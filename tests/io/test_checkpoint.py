"""Checkpoints: what is refused, and that nothing of it runs."""

import os
from pathlib import Path

import pytest
import torch

from bareface.callbacks.checkpoint_io import SafeCheckpointIO
from bareface.errors import CheckpointError
from bareface.io import checkpoint


class Evil:
    """Unpickles to a call."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> object:
        return (os.mkdir, (str(self.marker),))


def test_a_checkpoint_that_would_run_code_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    path, marker = tmp_path / "evil.ckpt", tmp_path / "ran"
    torch.save({"card": Evil(marker), "state_dict": {}}, path)
    with pytest.raises(CheckpointError, match=r"evil.ckpt: holds more than tensors and plain values.*refused"):
        checkpoint.load(path)
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 half a zip"])
def test_what_is_not_a_checkpoint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="x.ckpt: not a checkpoint"):
        checkpoint.load(path)


def test_a_damaged_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "x.ckpt"
    torch.save({"card": {"task": "segmentation"}, "state_dict": {"a": torch.rand(1000)}}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match="x.ckpt: not a checkpoint, or a damaged one"):
        checkpoint.load(path)


def test_weights_without_a_card(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1)}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="not a checkpoint written by bareface"):
        checkpoint.load(tmp_path / "x.ckpt")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no.ckpt: no such checkpoint. Give the path"):
        checkpoint.load(tmp_path / "no.ckpt")


def test_checkpoint_of_another_task(tmp_path: Path) -> None:
    torch.save({"card": {"task": "recognition"}, "state_dict": {}}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="a checkpoint of recognition. Expected one of segmentation"):
        checkpoint.load_model(tmp_path / "x.ckpt", "segmentation", "segmenter.")


def test_weights_of_another_shape_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="weights do not fit the network in bias, weight"):
        checkpoint.fill(torch.nn.Linear(2, 3), {"weight": torch.zeros(4, 2), "bias": torch.zeros(4)}, tmp_path)


@pytest.mark.parametrize(
    "target", ["os.system", "torch.nn.Linear", "bareface.io.checkpoint.load", "bareface.io.no.Such"]
)
def test_a_card_cannot_name_just_anything(target: str) -> None:
    with pytest.raises(
        CheckpointError, match=f"_target_={target}: expected an nn.Module class of the package bareface"
    ):
        checkpoint.build({"_target_": target}, "bareface")


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "last.ckpt"
    writer = SafeCheckpointIO()
    card = {"task": "segmentation"}
    writer.save_checkpoint({"card": card, "state_dict": {"a": torch.zeros(1)}}, path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(
            OSError, match="last.ckpt: the checkpoint could not be written; the previous one, if any, is kept"
        ):
            writer.save_checkpoint({"card": card, "state_dict": {"a": torch.ones(1_000_000)}}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert writer.load_checkpoint(path)["state_dict"]["a"].tolist() == [0]
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]
