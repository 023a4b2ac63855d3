"""A short training with each head, sampler and metric on drawn faces."""

import csv
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir

from bareface.recognition.recogniser import Recogniser
from e2e.conftest import PEOPLE, PLAIN, Done, bareface

CONF = Path(__file__).parents[2] / "conf"
CLASSIFIERS = sorted(path.stem for path in (CONF / "head").glob("*.yaml") if path.stem != "embedding")
TRIPLETS = ["head=embedding", "metrics=embedding", "sampler=pk", "sampler.pictures=2", "data.fractions=[0.5,0.25,0.25]"]


def train(data: Path, *options: str) -> Done:
    places = (f"data.root={data}", f"runs={data / 'heads'}")
    return bareface("train", "module=recognition", *PEOPLE, *PLAIN, *places, *options)


@pytest.mark.parametrize("head", CLASSIFIERS)
def test_a_training_with_a_classifier(head: str, data: Path) -> None:
    run = train(data, f"head={head}", "sampler=balanced", "optimizer.lr=1e-3")
    assert run.status == 0, run.stderr
    assert {"test/loss", "test/top1", "test/top5", "val/top1"} == run.results.keys()
    recogniser = Recogniser.load(run.folder / "checkpoints/best.ckpt")
    assert recogniser(torch.zeros(1, 3, 32, 32, dtype=torch.uint8)).shape == (1, 4)
    with (run.folder / "logs/csv/metrics.csv").open() as file:
        header = next(csv.reader(file))
    assert "train/loss" in header and ("train/top1" in header) == (head != "partial_fc")


@pytest.mark.parametrize("loss", ["triplet", "triplet_semihard"])
def test_a_training_without_one(loss: str, data: Path) -> None:
    run = train(data, f"loss={loss}", *TRIPLETS)
    assert run.status == 0, run.stderr
    assert {"test/auc", "test/eer", "test/rank1", "val/auc"} == run.results.keys()
    options = [*PEOPLE, *TRIPLETS, f"loss={loss}", f"data.root={data}", f"runs={data / 'heads'}"]
    checkpoint = f"ckpt_path='{run.folder / 'checkpoints/best.ckpt'}'"
    again = bareface("evaluate", "module=recognition", *options, checkpoint)
    assert again.status == 0, again.stderr
    expected = {name: value for name, value in run.results.items() if name.startswith("test/")}
    assert again.results == pytest.approx(expected, abs=1e-4)
    strangers = ["data.tree=test", "data.test_identities=3"]  # other people than it was trained on
    other = bareface("evaluate", "module=recognition", *options, *strangers, checkpoint)
    assert other.status == 0, other.stderr
    assert 0 <= other.results["test/auc"] <= 1
    closed = bareface("evaluate", "module=recognition", *PEOPLE, *strangers, f"data.root={data}", checkpoint)
    assert closed.status == 1
    assert "metrics=closed_set: head Embedding scores no identities" in closed.stderr.splitlines()[-1]


def test_the_experiment_of_arcface(data: Path) -> None:
    people = [option for option in PEOPLE if not option.startswith(("shorter", "crop", "canvas"))]
    places = (f"data.root={data}", f"runs={data / 'heads'}")
    run = bareface("train", "experiment=arcface", *people, *PLAIN, *places, "backbone=mobilefacenet")
    assert run.status == 0, run.stderr
    card = torch.load(run.folder / "checkpoints/best.ckpt", weights_only=True)["card"]
    assert card["head"]["margin"] == 0.5 and card["backbone"]["embedding_size"] == 512
    assert card["normalise"] == {"mean": [127.5] * 3, "std": [127.5] * 3, "channels": "rgb"}
    assert [card[name] for name in ("shorter", "crop", "canvas", "framing")] == [112, 112, 112, "aligned"]
    assert "test/top1" in run.results
    with initialize_config_dir(str(CONF), version_base="1.3"):
        backbone = compose("train", overrides=["experiment=arcface"]).backbone
    assert backbone == {"_target_": "bareface.recognition.backbones.iresnet.IResNet50", "embedding_size": 512}


def test_a_backbone_starts_from_a_checkpoint(data: Path) -> None:
    first = train(data, "head=cosface", "optimizer.lr=1e-3")
    given = f"backbone_weights='{first.folder / 'checkpoints/last.ckpt'}'"
    second = train(data, "head=arcface", "optimizer.lr=0", "module.freeze=backbone", given)
    assert second.status == 0, second.stderr
    states = [
        torch.load(run.folder / "checkpoints/last.ckpt", weights_only=True)["state_dict"] for run in (first, second)
    ]
    backbone = [name for name in states[0] if name.startswith("recogniser.backbone.")]
    assert backbone and all(torch.equal(states[0][name], states[1][name]) for name in backbone)
    other = train(data, "backbone=resnet18", "backbone.stem=small", given)
    assert other.status == 1
    message = other.stderr.splitlines()[-1]
    assert "its backbone is" in message and message.endswith("Use the same.")
    missing = train(data, "backbone_weights=/nowhere.ckpt")
    assert "/nowhere.ckpt: no such checkpoint" in missing.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["head=embedding"],
            "metrics=closed_set: head Embedding scores no identities. Use metrics=embedding, and to train loss=triplet "
            "or loss=triplet_semihard; or another head, such as arcface.",
        ),
        (
            ["head=embedding", "loss=triplet"],
            "metrics=closed_set: head Embedding scores no identities. Use metrics=embedding.",
        ),
        (["head=partial_fc", "loss.label_smoothing=0.1"], "loss.label_smoothing=0.1: head PartialFC allows none."),
        (
            ["head=embedding", "metrics=embedding"],
            "loss=softmax: takes scores of identities, head=embedding gives embeddings. Use loss=triplet or ",
        ),
        (["loss=triplet"], "loss=triplet: compares embeddings, head=linear gives scores of identities. Use head=emb"),
        (
            ["metrics=embedding"],
            "monitor.metric=val/auc: needs pairs of pictures, and validation shows nobody twice. Keep people apart "
            "with data.split=disjoint, ",
        ),
        (["sampler=pk", "sampler.pictures=3"], "loader.batch_size=4: expected a multiple of sampler.pictures=3"),
        (["optimizer.lr=1e30"], "expected a number. Lower optimizer.lr, or set trainer.gradient_clip_val."),
    ],
)
def test_refusals_are_one_line(options: list[str], message: str, data: Path) -> None:
    run = train(data, *options)
    assert run.status == 1
    assert message in run.stderr.splitlines()[-1] and "Traceback" not in run.stderr
