"""Every configuration file: it composes, and its keys are what its class takes."""

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import nn

from bareface.io import checkpoint
from bareface.pipeline.backdrops import BACKDROPS
from bareface.segmentation.losses.dice import DiceLoss
from bareface.segmentation.losses.lovasz import LovaszLoss
from bareface.segmentation.segmenter import NETWORKS
from bareface.tasks.conf_tree import conf_folder
from bareface.tasks.launch import register_resolvers
from bareface.tasks.values import check_types

CONF = conf_folder()
BY_CODE = {"classes", "identities", "segmenter", "recogniser", "dataset", "train_transform", "eval_transform"}
BY_CODE |= {"embedding_size", "params", "optimizer", "self", "args", "kwargs", "network", "backbone", "head"}
BY_CODE |= {"labels", "batch_size", "seed"}
"""Arguments that no file gives: they depend on the data, or on each other."""
STUDIES = {"matte_growth"}
"""Sweeps of bareface pipeline."""
RECOGNITION = ("backbone", "head", "metrics", "sampler", "shown")
RECOGNITION_LOSSES = ("softmax", "triplet", "triplet_semihard")


def setup_module() -> None:
    register_resolvers()


def composed(task: str, *overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(task, overrides=list(overrides))


def commands() -> Iterator[tuple[str, ...]]:
    """A command line for every file under conf/."""
    for path in sorted(CONF.rglob("*.yaml")):
        group, name = path.parent.relative_to(CONF).as_posix(), path.stem
        if group == ".":
            yield (name,)
        elif group == "hydra":
            yield ("train",)
        elif group == "experiment":
            yield ("pipeline" if "study" in name else "train", f"experiment={name}")
        elif group == "sweep":
            yield ("pipeline" if name in STUDIES else "train", f"sweep={name}")
        elif group == "published":
            yield ("convert", f"published={name}")
        elif group in ("conditions", "matte") or (group, name) == ("callbacks", "predict"):
            yield ("pipeline", f"{group}={name}")
        elif group == "detector":
            yield ("detect", f"{group}={name}")
        elif group in RECOGNITION or name == "recognition" or (group == "loss" and name in RECOGNITION_LOSSES):
            other = [] if group == "module" else ["module=recognition"]
            yield ("train", *other, f"{group}={name}")
        else:
            yield ("train", f"{group}={name}")


def targets(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if "_target_" in node:
            yield path, node
        for key, child in node.items():
            yield from targets(child, f"{path}.{key}" if path else str(key))


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_key_is_an_argument_of_its_class(command: tuple[str, ...]) -> None:
    plain: Any = OmegaConf.to_container(composed(*command), resolve=False)
    found = list(targets(plain))
    assert found or command == ("describe",)
    for path, node in found:
        module, _, name = node["_target_"].rpartition(".")
        signature = inspect.signature(getattr(importlib.import_module(module), name))
        given = {key for key in node if not key.startswith("_")}
        assert given <= signature.parameters.keys(), f"{path}: {given - signature.parameters.keys()} is not taken"
        needed = {key for key, value in signature.parameters.items() if value.default is value.empty}
        assert needed - given - BY_CODE == set(), f"{path}: nothing gives {needed - given - BY_CODE}"


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF / "network").glob("*.yaml")))
def test_every_network_can_be_built(name: str) -> None:
    spec: Any = OmegaConf.to_container(composed("train", f"network={name}").network, resolve=True)
    with torch.device("cpu" if name == "segformer" else "meta"), torch.no_grad():  # its encoder reads numbers it makes
        network = checkpoint.build(spec, NETWORKS, classes=3).eval()
        assert network(torch.zeros(1, 3, 64, 48)).shape == (1, 3, 64, 48)


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF / "loss").glob("*.yaml")))
def test_every_loss_can_be_built(name: str) -> None:
    loss = instantiate(composed("train", f"loss={name}").loss, _convert_="all")
    assert isinstance(loss, nn.Module)
    if hasattr(loss, "name_classes"):
        loss.name_classes(("background", "face", "hair"))
    if type(loss).__module__.startswith("bareface.segmentation."):
        value = loss(torch.zeros(1, 3, 4, 4), torch.arange(16).reshape(1, 4, 4) % 3)
        assert value.shape == () and 0.1 < value < 5, "undecided scores are neither right nor very wrong"


def test_every_experiment_is_run_by_a_test() -> None:
    files = [path for path in CONF.parent.glob("tests/*/test_*.py") if path.parent.name != "configs"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    names = {path.stem for path in (CONF / "experiment").glob("*.yaml")}
    assert {name for name in names if not re.search(rf"(experiment=|[\"']){name}[\"', ]", text)} == set()


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_value_is_of_the_type_that_its_class_asks_for(command: tuple[str, ...]) -> None:
    check_types(composed(*command, "run=x"))


def test_every_backdrop_is_named_where_it_is_chosen() -> None:
    (line,) = re.findall("^backdrop: .*$", (CONF / "pipeline.yaml").read_text(), re.MULTILINE)
    assert set(BACKDROPS) <= set(re.findall(r"\w+", line.partition("#")[2])) and "folder" in line


def test_another_sum_of_losses_as_the_readme_writes_it() -> None:
    taken = ("~loss.losses.cross_entropy", "~loss.weights.cross_entropy")
    put = ("+loss@loss.losses.lovasz=lovasz", "+loss.weights.lovasz=0.5")
    loss = instantiate(composed("train", "loss=dice_cross_entropy", *taken, *put).loss, _convert_="all")
    assert [type(part) for part in loss.losses.values()] == [DiceLoss, LovaszLoss]
    assert loss.weights == {"dice": 1.0, "lovasz": 0.5}


def test_the_segmentation_of_the_report() -> None:
    cfg = composed("train", "experiment=report_segmentation", "data.root=x")
    assert cfg.network._target_.endswith("UNetMobileNetV2") and cfg.loss._target_.endswith("DiceLoss")
    assert cfg.optimizer._target_ == "torch.optim.SGD"
    assert (cfg.optimizer.lr, cfg.optimizer.momentum, cfg.optimizer.weight_decay) == (1e-2, 0.9, 1e-8)
    assert cfg.scheduler._target_.endswith("StepLR") and (cfg.scheduler.step_size, cfg.scheduler.gamma) == (100, 1.0)
    assert (cfg.loader.batch_size, cfg.trainer.max_epochs, cfg.size) == (16, 300, 320)
    train = cfg.transforms.train
    assert (train.size, train.noise_std, train.flip_hor, train.rotate, train.angle) == (320, 3, 0.5, 0.0, 10)
    assert train.crop_range == [0.9, 1.0]
    assert (cfg.data.split, cfg.data.counts) == ("report", [3000, 200, 200])


def test_the_recognition_of_the_report() -> None:
    cfg = composed("train", "experiment=report_recognition", "data.root=x")
    assert cfg.backbone._target_.endswith("ResNet50")
    assert cfg.optimizer._target_ == "torch.optim.SGD"
    assert (cfg.optimizer.lr, cfg.optimizer.momentum, cfg.optimizer.weight_decay) == (1e-1, 0.9, 0)
    assert cfg.scheduler._target_.endswith("StepLR") and cfg.trainer.max_epochs == 100
    train = cfg.transforms.train
    assert (train.shorter, train.crop, train.flip_hor, train.gray) == (256, 224, 0.5, 0.2)
