"""``bareface convert``: published weights become a checkpoint that every other task takes."""

import logging
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bareface.callbacks.checkpoint_io import SafeCheckpointIO
from bareface.errors import CheckpointError
from bareface.module import versions
from bareface.recognition.published.weights import PublishedWeights
from bareface.tasks import build
from bareface.tasks.launch import conf_folder

log = logging.getLogger(__name__)


def convert(cfg: DictConfig) -> dict[str, float]:
    """Writes the checkpoint.

    Raises:
        CheckpointError: The file does not fit; where another option of ``published`` fits, the message names it.
    """
    published: PublishedWeights = build.plain(cfg.published)
    path, out = Path(cfg.file), Path(cfg.out)
    try:
        recogniser = published.recogniser(path, None if cfg.names is None else Path(cfg.names))
    except CheckpointError as error:
        fitting = [f"published={name}" for name, option in options().items() if option.fits(path)]
        remedy = f"Use {' or '.join(fitting)}." if fitting else "No option of published fits."
        raise CheckpointError(f"{error} {remedy}") from error
    card = {**recogniser.card, "versions": versions()}
    state = {f"recogniser.{name}": value for name, value in recogniser.state_dict().items()}
    SafeCheckpointIO().save_checkpoint({"card": card, "state_dict": state}, out)
    log.info("Written: %s", out)
    parameters = sum(parameter.numel() for parameter in recogniser.parameters())
    return {"identities": len(recogniser.identities), "parameters": parameters}


def options() -> dict[str, PublishedWeights]:
    """Every option of ``conf/published``."""
    found = {}
    for path in sorted((conf_folder() / "published").glob("*.yaml")):
        spec: Any = OmegaConf.load(path)
        (default,) = spec.pop("defaults")
        backbone = OmegaConf.load(conf_folder() / "backbone" / f"{default['/backbone@backbone']}.yaml")
        found[path.stem] = build.plain(OmegaConf.merge({"backbone": backbone}, spec))
    return found
