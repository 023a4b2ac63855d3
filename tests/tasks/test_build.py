"""From a configuration to a module where other people are tested than trained on."""

import pytest
import pytorch_lightning as pl
from callbacks.tiny import People, identity_data, trainer
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from omegaconf import DictConfig

from bareface.data.dataset import Stage
from bareface.data.manifest import Manifest
from bareface.tasks import build
from bareface.tasks.conf_tree import conf_folder
from bareface.tasks.launch import register_resolvers

TINY = ["module=recognition", "shorter=36", "crop=32", "canvas=48", "optimizer.lr=1e-3", "run=x", "head=arcface"]


class Disjoint(People):
    """The second and third person train, the first one and the second's other pictures do not."""

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        label, row = manifest.column("label"), range(len(manifest))
        tested = [number for number in row if label[number] == 0 or (label[number] == 1 and number % 2)]
        train = [number for number in row if number not in tested]
        return {"train": manifest.take(train), "val": manifest.take(tested), "test": manifest.take(tested)}


def composed(*overrides: str) -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        return compose("train", overrides=[*TINY, *overrides])


def test_the_head_knows_those_alone_who_are_trained_on(tmp_path: pytest.TempPathFactory) -> None:
    module = build.training_module(composed("metrics=embedding"), Disjoint())
    assert module.recogniser.identities == ("Björk", "n000123")
    assert module.labels.tolist() == [-1, 0, 1] and module.recogniser.head.weight.shape == (2, 512)
    data = identity_data()
    data.dataset = Disjoint()
    run: pl.Trainer = trainer(tmp_path, max_epochs=1)
    run.fit(module, data)
    names = {name for name in run.callback_metrics if "/" in name}
    assert names == {"train/loss", "val/auc", "val/eer", "val/rank1"}


def test_others_have_no_closed_set() -> None:
    with pytest.raises(
        InstantiationException, match=r"metrics=closed_set: the data has 1 identities that .*: Ada Lovelace\. "
    ):
        build.training_module(composed(), Disjoint())
    assert build.training_module(composed(), People()).recogniser.identities == People.identities
