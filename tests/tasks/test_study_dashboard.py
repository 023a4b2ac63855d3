"""A study on dashboards: what W&B, TensorBoard and the CSV file really hold. Nothing leaves this machine."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from tasks.study_example import example
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from bareface.errors import PictureError
from bareface.io.pictures import write_picture
from bareface.pipeline.results import Shown
from bareface.tasks.dashboard import wandb_logger
from bareface.tasks.study_dashboard import headline_numbers, publish_study

TILES = {"original": "figures/photos/a_original.png", "matte": "figures/photos/a_matte.png"}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("WANDB_DATA_DIR", raising=False)
    yield
    wandb.finish()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Of the files of a run those that dashboards show."""
    folder = tmp_path / "run"
    (folder / "figures/photos").mkdir(parents=True)
    for number, name in enumerate(("figures/changes.png", *TILES.values())):
        write_picture(folder / name, np.full((6, 8, 3), 40 * number, np.uint8))
    return folder


def shown(tiles: dict[str, str], key: str = "n1/1.jpg") -> Shown:
    return Shown(key, "n1", "flipped", tiles, {"original": "n1", "removed": "n2"}, "IoU of the matte 41 %")


def tables(folder: Path) -> dict[str, Any]:
    """The tables of an offline run, from its files."""
    (place,) = (folder / "wandb").glob("offline-run-*/files/media/table/study")
    return {path.name.partition("_")[0]: json.loads(path.read_text()) for path in place.glob("*.table.json")}


def test_headlines_are_the_first_quantity_with_its_intervals_and_the_contrasts() -> None:
    found = headline_numbers(example({"removed": -0.2}, ("a",), gap=0.03))
    assert found == pytest.approx(
        {
            "study/a/original/top1": 0.9,
            "study/a/original/top1_low": 0.85,
            "study/a/original/top1_high": 0.95,
            "study/a/removed/top1": 0.7,
            "study/a/removed/top1_low": 0.65,
            "study/a/removed/top1_high": 0.75,
            "study/a/removed/top1_change": -0.2,
            "study/a/removed/top1_change_low": -0.25,
            "study/a/removed/top1_change_high": -0.15,
            "study/a/BG-Gap/same_minus_other": 0.03,
            "study/a/BG-Gap/same_minus_other_low": -0.02,
            "study/a/BG-Gap/same_minus_other_high": 0.08,
        }
    )
    few = headline_numbers(example({"removed": float("nan")}, half=None))
    assert few == {"study/recogniser/original/top1": 0.9}, "what is not known is not logged"


def test_wandb_gets_tables_pictures_and_a_summary(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = wandb_logger("bareface", "a name", "sweep_7", [], "offline", run)
    study = example(
        {"removed": -0.2}, gap=0.03, shown=[shown(TILES), shown({"original": TILES["original"]}, "n1/2.jpg")]
    )
    publish_study([made], study, run)
    summary = dict(made.experiment.summary)
    assert (made.experiment.group, summary["study/recogniser/removed/top1_change"]) == ("sweep_7", -0.2)
    found = tables(run)
    findings = [dict(zip(found["findings"]["columns"], row, strict=True)) for row in found["findings"]["data"]]
    assert [(row["condition"], row["quantity"], row["change"]) for row in findings] == [
        ("original", "top1", None),
        ("original", "loss", None),
        ("removed", "top1", -0.2),
        ("removed", "loss", 0.2),
    ]
    assert findings[2]["change_low"] == -0.25 and findings[2]["holm"] == 0.004
    contrast = dict(zip(found["contrasts"]["columns"], found["contrasts"]["data"][0], strict=True))
    assert (contrast["question"], contrast["change"], contrast["against_condition"]) == ("BG-Gap", 0.03, "other")
    assert found["people"] == {
        "columns": ["recogniser", "identity", "group", "photos", "top1: original", "top1: removed"],
        "data": [["recogniser", "n1", "f", 9, 1.0, 0.5], ["recogniser", "n2", "", 10, 0.75, 0.25]],
    }
    assert found["photos"] == {
        "columns": [
            *("key", "identity", "kind", "note", "shown: original", "shown: matte"),
            *("predicted: original", "predicted: removed"),
        ],
        "data": [
            ["n1/1.jpg", "n1", "flipped", "IoU of the matte 41 %", "Image", "Image", "n1", "n2"],
            ["n1/2.jpg", "n1", "flipped", "IoU of the matte 41 %", "Image", None, "n1", "n2"],
        ],
    }
    (place,) = (run / "wandb").glob("offline-run-*")
    assert list(place.glob("files/media/images/figures/changes_*.png"))
    copies = [path.read_bytes() for path in place.glob("artifacts/staging/*")]
    assert all((run / tile).read_bytes() in copies for tile in TILES.values()), "the photos stay with the run"
    assert "WANDB_DATA_DIR" not in os.environ
    assert capfd.readouterr() == ("", "")


def test_a_place_that_the_user_gave_for_copies_stays(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "mine"))
    publish_study(
        [wandb_logger("p", "n", None, [], "offline", run)], example({"removed": -0.2}, shown=[shown(TILES)]), run
    )
    assert len(list((tmp_path / "mine/artifacts/staging").iterdir())) > 2
    assert os.environ["WANDB_DATA_DIR"] == str(tmp_path / "mine")


def test_other_loggers_get_the_numbers_and_tensorboard_the_figures(run: Path) -> None:
    plain = CSVLogger(run, name="logs", version="csv")
    plain.log_metrics({"test/segmenter/miou": 0.5})
    plain.save()
    board = TensorBoardLogger(run, name="logs", version="tensorboard")
    publish_study([plain, board], example({"removed": -0.2}, gap=0.03), run)
    with (run / "logs/csv/metrics.csv").open() as file:
        *_, last = csv.DictReader(file)
    assert last["study/recogniser/removed/top1_change"] == "-0.2"
    events = EventAccumulator(board.log_dir)
    events.Reload()
    assert events.Tags()["images"] == ["figures/changes"], "tiles of photos are not figures"
    assert (events.Images("figures/changes")[0].height, events.Images("figures/changes")[0].width) == (6, 8)
    assert events.Scalars("study/recogniser/removed/top1")[0].value == pytest.approx(0.7)


def test_a_study_without_people_photos_or_contrasts(run: Path) -> None:
    made = wandb_logger("bareface", "a name", None, [], "offline", run)
    publish_study([made], example({"removed": -0.2}), run)
    assert sorted(tables(run)) == ["findings", "people"]


def test_files_that_are_missing_or_damaged(run: Path) -> None:
    made = wandb_logger("bareface", "a name", None, [], "offline", run)
    with pytest.raises(FileNotFoundError, match="No such file or directory: '.*nowhere.png'"):
        publish_study([made], example({"removed": -0.2}, shown=[shown({"original": "nowhere.png"})]), run)
    (run / "figures/changes.png").write_bytes(b"no picture")
    board = TensorBoardLogger(run, name="logs", version="tensorboard")
    with pytest.raises(PictureError, match=r"figures/changes\.png"):
        publish_study([board], example({"removed": -0.2}), run)
