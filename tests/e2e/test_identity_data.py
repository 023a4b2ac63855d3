"""The data sets of people through the command: tiny trees in their layouts."""

import json
from pathlib import Path

import pytest

from data.trees import celeba, insightface, lfw
from e2e.conftest import PLAIN, bareface

SAMPLES = {"lfw": 43, "celeba_identities": 24, "insightface_record": 24, "verification_bin": 40}
TRAIN = ["module=recognition", "backbone=resnet18", "trainer.max_epochs=1", "loader.batch_size=4", "canvas=24"]
TRAIN += ["shorter=20", "crop=16", *PLAIN]


def write(name: str, root: Path) -> str:
    root.mkdir()
    if name == "lfw":
        lfw.write(root)
    elif name == "celeba_identities":
        celeba.write(root, {person: (person % 3, 8) for person in (3, 5, 10)})
    elif name == "insightface_record":
        insightface.write(root, people=[8] * 3)
    else:
        insightface.write_bin(root / "lfw.bin")
    return str(root)


@pytest.mark.parametrize("name", SAMPLES)
def test_check(name: str, tmp_path: Path) -> None:
    root = write(name, tmp_path / "data")
    run = bareface("check", f"data={name}", f"data.root={root}", "workers=0", f"runs={tmp_path}")
    assert run.status == 0, run.stdout + run.stderr
    found = json.loads((run.folder / "check.json").read_text())
    assert found["ok"] and found["samples"] == SAMPLES[name]


def test_trainings_and_embeddings_of_what_is_tested_on(tmp_path: Path) -> None:
    for name in ("celeba_identities", "insightface_record"):
        options = [f"data={name}", f"data.root={write(name, tmp_path / name)}", "data.split=fractions"]
        options += ["data.fractions=[0.6,0.2,0.2]", f"loader.num_workers={2 * (name == 'insightface_record')}"]
        run = bareface("train", *TRAIN, *options, f"runs={tmp_path / 'runs'}")
        assert run.status == 0, run.stderr
        assert 0 <= run.results["test/top1"] <= 1
    weights = f"recogniser='{run.folder / 'checkpoints/best.ckpt'}'"
    for name in ("lfw", "verification_bin"):
        options = [f"data={name}", f"data.root={write(name, tmp_path / name)}", "loader.num_workers=0"]
        done = bareface("extract", weights, *options, f"runs={tmp_path / 'runs'}")
        assert done.status == 0, done.stderr
        assert done.results["pictures"] == SAMPLES[name]


def test_what_comes_with_a_protocol_is_not_trained_on(tmp_path: Path) -> None:
    root = write("lfw", tmp_path / "data")
    options = ["data=lfw", f"data.root={root}", "monitor.metric=epoch", "monitor.mode=max", f"runs={tmp_path}"]
    run = bareface("train", *TRAIN, *options)
    assert run.status == 1
    assert "the split gives no train pictures. Choose another data.split." in run.stderr.splitlines()[-1]
