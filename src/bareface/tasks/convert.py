"""``bareface convert``: published weights become a checkpoint that every other task takes."""

import logging
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from bareface.errors import CheckpointError
from bareface.io.atomic import atomic_path
from bareface.io.place import check_writable
from bareface.module import versions
from bareface.recognition.published.weights import PublishedWeights
from bareface.tasks import build
from bareface.tasks.conf_tree import conf_folder
from bareface.tasks.values import check_options

log = logging.getLogger(__name__)


def convert(cfg: DictConfig) -> dict[str, float]:
    """Writes the checkpoint.

    Raises:
        CheckpointError: The file does not fit; where another option of ``published`` fits, the message names it.
        OSError: There is no such file, or the checkpoint cannot be written.
    """
    check_options(cfg, {"file": Path, "names": Path | None, "out": Path})
    published: PublishedWeights = build.plain(cfg.published)
    path, out = Path(cfg.file), Path(cfg.out)
    check_writable(out, "out=")
    try:
        recogniser = published.recogniser(path, None if cfg.names is None else Path(cfg.names))
    except CheckpointError as error:
        others = options()
        fitting = [f"published={name}" for name, option in others.items() if option.fits(path)]
        remedy = f" Use {' or '.join(fitting)}." if fitting else " No option of published fits."
        damaged = not fitting and not any(option.reads(path) for option in others.values())
        raise CheckpointError(f"{error}{'' if damaged else remedy}") from error
    card = {**recogniser.card, "versions": versions()}
    state = {f"recogniser.{name}": value for name, value in recogniser.state_dict().items()}
    try:
        with atomic_path(out) as temporary:
            torch.save({"card": card, "state_dict": state}, temporary)
    except (OSError, RuntimeError) as error:  # torch turns a failed write into a RuntimeError
        raise OSError(f"out={out}: could not be written. Free some disk space, or name another place.") from error
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
