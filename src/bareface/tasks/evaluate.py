"""``bareface evaluate``: tests a checkpoint on a data set."""

import logging
import re
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from bareface.data.dataset import DataSet, IdentityDataSet
from bareface.module import TrainingModule
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.segmenter import Segmenter
from bareface.tasks import build
from bareface.tasks.run import is_first_process, write_json
from bareface.tasks.train import numbers

log = logging.getLogger(__name__)


def evaluate(cfg: DictConfig) -> dict[str, float]:
    """Tests a checkpoint; the model comes from the checkpoint, the data from the configuration.

    What was tested is in ``card.json``: ``config.yaml`` says what the options of a training would have been.

    Raises:
        ValueError: The configuration contradicts the checkpoint.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    dataset: DataSet = build.plain(cfg.data)
    path = Path(cfg.ckpt_path)
    if "segmenter" in cfg:
        segmenter = Segmenter.load(path)
        _check_given(cfg.segmenter, "segmenter", segmenter.card)
        _same("classes of the data", list(getattr(dataset, "classes", ())), list(segmenter.classes))
        module: TrainingModule = build.plain(cfg.module, segmenter=segmenter)
    else:
        recogniser = Recogniser.load(path)
        _check_given(cfg.recogniser, "recogniser", recogniser.card)
        if not isinstance(dataset, IdentityDataSet):
            raise ValueError(f"data={type(dataset).__name__} has no identities. Use data=identity_folder or the like.")
        if cfg.shown is None and "shown" in recogniser.card:
            trained = f"this recogniser was trained on {recogniser.card['shown']}"
            log.warning("%s", f"shown=null: {trained}; photos are shown as they are.")
        module = build.plain(cfg.module, recogniser=recogniser, identities=list(dataset.identities))
    canvas = module.card["size" if "segmenter" in cfg else "canvas"]
    data = build.evaluation_data(cfg, dataset, canvas, module.card.get("framing"))
    build.balance_as_trained(module, path)
    if cfg.compile:
        module.network.compile()
    if is_first_process():
        write_json(Path(cfg.run) / "card.json", module.card)
    trainer = build.trainer(cfg, build.each(cfg.logger))
    trainer.test(module, data, verbose=False)
    return numbers(trainer.callback_metrics)


def _check_given(node: DictConfig, name: str, card: dict[str, Any]) -> None:
    """Refuses options of the command line that say of the model what its checkpoint does not."""
    configured: Any = OmegaConf.to_container(node)
    for key in configured.keys() & card.keys():
        for option in HydraConfig.get().overrides.task:
            place = re.split("[=@]", option.lstrip("+~"))[0].removeprefix(f"{name}.").split(".")[0]
            if place == key and configured[key] != card[key]:
                trained = card[key].get("_target_", card[key]) if isinstance(card[key], dict) else card[key]
                raise ValueError(f"{option}: the checkpoint's {key} is {_short(trained)}. Leave the option out.")


def _same(name: str, configured: object, trained: object) -> None:
    if configured != trained:
        raise ValueError(f"{name}: {_short(configured)}, but the checkpoint's is {_short(trained)}. Give the same.")


def _short(value: object) -> str:
    return f"{len(value)} names" if isinstance(value, list) and len(value) > 5 else str(value)
