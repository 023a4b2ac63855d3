"""Pictures come to a recogniser as they are cut for it: of photos, or before."""

import logging
from pathlib import Path

import pytest
import torch
from e2e.conftest import bareface

from bareface.recognition.recogniser import Recogniser

DATA = ["data=synthetic_identities", "data.identities=6", "data.photos=10", "data.fractions=[0.5,0.2,0.3]"]
DATA += ["data.height=40", "data.width=40", "loader.num_workers=0"]
TASKS = {
    "extract": ["recogniser={}"],
    "assess": ["recogniser={}", "fars=[0.1]", "fpirs=[0.5]", "ranks=[1]", "baseline=null"],
    "evaluate": ["module=recognition", "metrics=embedding", "ckpt_path={}", "logger.tensorboard=null"],
    "pipeline": ["recogniser={}", "mattes_from=mask", "samples=0", "logger.tensorboard=null"],
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ``aligned.ckpt``, ``box.ckpt`` and ``picture.ckpt``."""
    folder = tmp_path_factory.mktemp("models")
    for framing in ("aligned", "box", "picture"):
        model = Recogniser(
            backbone={"_target_": "bareface.recognition.backbones.resnet.ResNet18"},
            head={"_target_": "bareface.recognition.heads.linear.Linear"},
            normalise={"mean": [120.0, 120.0, 120.0], "std": [64.0, 64.0, 64.0]},
            shorter=32,
            crop=32,
            canvas=32,
            identities=[f"n00000{number}" for number in range(1, 7)],
            framing=framing,  # type: ignore[arg-type]
        )
        state = {f"recogniser.{name}": value for name, value in model.state_dict().items()}
        torch.save({"card": {**model.card, "versions": {}}, "state_dict": state}, folder / f"{framing}.ckpt")
    return folder


def command(task: str, model: Path, folder: Path) -> list[str]:
    places = [f"data.root={model.parent / 'drawn'}", f"runs={folder}"]
    return [task, *(option.format(f"'{model}'") for option in TASKS[task]), *DATA, *places]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    ("framing", "answer"),
    [
        ("aligned", "loader.framing=box: this recogniser has framing=aligned. Set loader.framing=aligned."),
        ("picture", "loader.faces=faces.parquet: this recogniser has framing=picture. Set loader.faces=null."),
    ],
)
def test_faces_that_are_cut_otherwise_are_refused(
    task: str, framing: str, answer: str, models: Path, tmp_path: Path
) -> None:
    done = bareface(*command(task, models / f"{framing}.ckpt", tmp_path), "loader.faces=faces.parquet")
    assert done.status == 1 and done.stderr.splitlines()[-1].endswith(answer), done.stderr
    assert not list(tmp_path.rglob("*.part")), "nothing half written stays"


def test_faces_that_are_cut_as_in_training_are_taken(models: Path, tmp_path: Path) -> None:
    done = bareface(*command("extract", models / "box.ckpt", tmp_path), "loader.faces=/nowhere/faces.parquet")
    assert "/nowhere/faces.parquet: no such table of faces." in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("framing", ["aligned", "picture"])
def test_whole_pictures_are_said_to_be_taken_as_cut_already(
    framing: str, models: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    done = bareface(*command("assess", models / f"{framing}.ckpt", tmp_path))
    assert done.status == 0, done.stderr
    note = "loader.faces=null: this recogniser has framing=aligned; the pictures are taken as cut already."
    said = int(framing == "aligned")
    assert [record.getMessage() for record in caplog.records].count(note) == said
    assert (done.folder / "protocols.md").read_text().count(note) == said
