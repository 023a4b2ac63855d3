"""``bareface evaluate``: tests a checkpoint on a data set."""

from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig

from bareface.data.dataset import DataSet, IdentityDataSet
from bareface.module import TrainingModule
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.segmenter import Segmenter
from bareface.tasks import build
from bareface.tasks.train import numbers


def evaluate(cfg: DictConfig) -> dict[str, float]:
    """Tests a checkpoint; the model comes from the checkpoint, the data from the configuration.

    Raises:
        ValueError: The configuration contradicts the checkpoint.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    dataset: DataSet = build.plain(cfg.data)
    path = Path(cfg.ckpt_path)
    if "segmenter" in cfg:
        segmenter = Segmenter.load(path)
        _same("size", cfg.size, segmenter.size)
        _same("classes of the data", list(getattr(dataset, "classes", ())), list(segmenter.classes))
        module: TrainingModule = build.plain(cfg.module, segmenter=segmenter)
    else:
        recogniser = Recogniser.load(path)
        _same("canvas", cfg.canvas, recogniser.canvas)
        if not isinstance(dataset, IdentityDataSet):
            raise ValueError(f"data={type(dataset).__name__} has no identities. Use data=identity_folder or the like.")
        module = build.plain(cfg.module, recogniser=recogniser, identities=list(dataset.identities))
    data = build.data_module(cfg, dataset)
    build.balance_as_trained(module, path)
    if cfg.compile:
        module.network.compile()
    trainer = build.trainer(cfg, build.each(cfg.logger))
    trainer.test(module, data, verbose=False)
    return numbers(trainer.callback_metrics)


def _same(name: str, configured: object, trained: object) -> None:
    if configured != trained:
        raise ValueError(f"{name}: {_short(configured)}, but the checkpoint's is {_short(trained)}. Give the same.")


def _short(value: object) -> str:
    return f"{len(value)} names" if isinstance(value, list) and len(value) > 5 else str(value)
