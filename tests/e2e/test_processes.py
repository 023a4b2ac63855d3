"""Two processes on the CPU compute what one does, and show no picture twice."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from e2e.conftest import MASKS, PEOPLE, PLAIN, Done, bareface

TWO = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
SHARED = ["head=partial_fc", "head.sample_rate=0.7", "sampler=balanced"]
UNEVEN = ["data.identities=5", "data.photos=9", "trainer.precision=32-true", "data.fractions=[0.5,0.2,0.3]"]


def start(*arguments: str) -> Done:
    """The command in processes of its own, as the second one is started by the first."""
    command = [sys.executable, "-m", "bareface", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    lines = done.stdout.splitlines()
    return Done(done.returncode, Path(lines[-1] if lines else "."), done.stdout, done.stderr)


@pytest.fixture(scope="module")
def recognition(data: Path) -> Done:
    places = (f"data.root={data}", f"runs={data / 'two'}")
    return start("train", "experiment=demo_recognition", *PEOPLE, *PLAIN, *UNEVEN, *TWO, *places)


def test_a_training_of_two_processes_tests_every_picture_once(recognition: Done, data: Path) -> None:
    assert recognition.status == 0, recognition.stderr
    photos = len((recognition.folder / "splits/test.txt").read_text().split())
    assert photos % 2 == 1  # or the processes have nothing to share unevenly
    checkpoint = f"ckpt_path='{recognition.folder / 'checkpoints/best.ckpt'}'"
    places = (checkpoint, f"data.root={data}", f"runs={data / 'two'}")
    alone = bareface("evaluate", "experiment=demo_recognition", *PEOPLE, *UNEVEN, *places)
    assert alone.status == 0, alone.stderr
    expected = {name: value for name, value in recognition.results.items() if name.startswith("test/")}
    assert alone.results == pytest.approx(expected, abs=1e-5)


def test_a_segmentation_of_two_processes_tests_every_picture_once(data: Path) -> None:
    drawn = ["data.identities=5", "data.photos=3", "data.fractions=[0.6,0.2,0.2]", "trainer.precision=32-true"]
    drawn.append("loss=cross_entropy")  # a mean over pixels, which does not depend on what is in a batch together
    options = ["experiment=demo_segmentation", *MASKS, *drawn, f"data.root={data}", f"runs={data / 'two'}"]
    two = start("train", *options, *TWO)
    assert two.status == 0, two.stderr
    alone = bareface("evaluate", *options, f"ckpt_path='{two.folder / 'checkpoints/best.ckpt'}'")
    assert alone.status == 0, alone.stderr
    expected = {name: value for name, value in two.results.items() if name.startswith("test/")}
    assert alone.results == pytest.approx(expected, abs=1e-5, nan_ok=True)
    tables = [pq.read_table(run.folder / "pictures.parquet").to_pandas() for run in (alone, two)]
    assert len(tables[0]) == 3  # or the processes have nothing to share unevenly
    pd.testing.assert_frame_equal(*tables)


def test_the_pipeline_of_two_processes_gives_the_outcomes_of_one(recognition: Done, data: Path) -> None:
    people = [option for option in PEOPLE if not option.startswith(("trainer.max", "shorter", "crop"))]
    options = [
        *people,
        *UNEVEN,
        "data.background_bias=0.5",
        "mattes_from=mask",
        "conditions=study",
        f"data.root={data}",
        f"runs={data / 'two'}",
    ]
    options.append(f"recogniser='{recognition.folder / 'checkpoints/best.ckpt'}'")
    alone, two = bareface("pipeline", *options), start("pipeline", *options, *TWO)
    assert alone.status == two.status == 0, alone.stderr + two.stderr
    tables = [pq.read_table(run.folder / "outcomes.parquet").to_pandas() for run in (alone, two)]
    first, second = (table.sort_values(["key", "condition"], ignore_index=True) for table in tables)
    near = ["loss", "moved"]  # sums of another batch are rounded otherwise
    assert first.drop(columns=near).equals(second.drop(columns=near)) and set(first.matte_iou[1:3]) == {1.0}
    assert first[near].to_numpy() == pytest.approx(second[near].to_numpy(), abs=1e-4)
    tiles = [{path.name: path.read_bytes() for path in run.folder.rglob("photos/*.png")} for run in (alone, two)]
    assert tiles[0] and tiles[0] == tiles[1]
    assert {path.name for path in (two.folder / "parts").iterdir()} == {"asked.json", "passed.json"}
    exact = [{name: value for name, value in run.results.items() if "top" in name} for run in (alone, two)]
    assert exact[0] and exact[0] == exact[1]


def test_a_head_that_two_processes_share_is_whole_in_the_checkpoint(data: Path) -> None:
    options = [
        "experiment=demo_recognition",
        "scheduler=step",
        *PEOPLE,
        *PLAIN,
        *UNEVEN,
        *SHARED,
    ]  # cosine would end at 0
    options += [f"data.root={data}", f"runs={data / 'shared'}"]
    alone = bareface("train", *options)
    assert alone.status == 0, alone.stderr
    more = ("trainer.max_epochs=2", f"ckpt_path='{alone.folder / 'checkpoints/last.ckpt'}'")
    two = start("train", *options, *TWO, *more)
    assert two.status == 0, two.stderr
    checkpoint = two.folder / "checkpoints/last.ckpt"
    again = bareface("evaluate", *options, f"ckpt_path='{two.folder / 'checkpoints/best.ckpt'}'")
    assert again.status == 0, again.stderr
    expected = {name: value for name, value in two.results.items() if name.startswith("test/")}
    assert again.results == pytest.approx(expected, abs=1e-5)
    before, after = (
        torch.load(path, weights_only=True) for path in (alone.folder / "checkpoints/last.ckpt", checkpoint)
    )
    weights = [each["state_dict"]["recogniser.head.weight"] for each in (before, after)]
    assert weights[0].shape == weights[1].shape == (5, 512)
    assert (weights[0] != weights[1]).any(1).all(), "every identity's centre has moved, whichever process held it"
    momentum = list(after["optimizer_states"][0]["state"].values())[-1]["momentum_buffer"]
    assert momentum.shape == (5, 512) and momentum.any(1).all()
