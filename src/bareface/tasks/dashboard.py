"""Weights & Biases without surprises, and the configuration on every dashboard."""

import logging
import netrc
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import wandb
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger

log = logging.getLogger(__name__)
MODES = ("auto", "online", "offline")
PUBLIC = {"api.wandb.ai", "api.forge.coreweave.com"}  # two names of one server


def wandb_logger(
    project: str, name: str, group: str | None, tags: Sequence[str], mode: str, folder: str | Path
) -> WandbLogger:
    """A logger that never asks for anything, prints nothing, and uploads neither code nor git state nor checkpoints.

    The run itself begins with the first thing that is logged; ``finish_dashboard`` of the job ends it.

    Args:
        project: Name of the project at W&B.
        name: Name of the run at W&B.
        group: Runs of one group are shown together. None: the jobs of a Hydra multirun share the name of the sweep's
            folder, any other run has no group.
        tags: Labels of the run.
        mode: ``online`` or ``offline`` whatever the environment says; ``auto`` is what the environment variable
            WANDB_MODE says, and without it online when logged in, else offline.
        folder: The run's files go to ``folder/wandb``.

    Raises:
        ValueError: ``mode`` is unknown, or online without a login.
    """
    if mode not in MODES:
        raise ValueError(f"logger.wandb.mode={mode}: expected {', '.join(MODES)}.")
    asked = os.environ.get("WANDB_MODE", "") if mode == "auto" else mode
    if asked == "online" and not logged_in():
        source = "WANDB_MODE" if mode == "auto" else "logger.wandb.mode"
        raise ValueError(f"{source}=online: not logged in. Run wandb login, set WANDB_API_KEY, or use offline.")
    chosen = asked or ("online" if logged_in() else "offline")
    first: dict[str, Any] = {"silent": True, "mode": chosen}
    wandb.setup(wandb.Settings(**first))  # else it sends usage data before it learns of "offline"
    return WandbLogger(
        project=project,
        name=name,
        save_dir=folder,
        log_model=False,
        group=_sweep() if group is None else group,
        tags=list(tags),
        mode=chosen,
        save_code=False,
        settings=wandb.Settings(silent=True, console="off", disable_git=True, disable_code=True),
    )


def logged_in() -> bool:
    """Whether W&B finds a key without asking: in the environment, its settings, or the netrc file. Uses no network."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    settings = wandb.setup(wandb.Settings(silent=True)).settings  # silent from the first, or it remarks on Lightning
    if settings.api_key:
        return True
    host = urlsplit(settings.base_url).netloc
    files = [os.environ["NETRC"]] if os.environ.get("NETRC") else ["~/.netrc", "~/_netrc"]
    for file in map(Path, files):
        try:
            known = netrc.netrc(str(file.expanduser())).hosts
        except (OSError, netrc.NetrcParseError):
            continue
        return not (PUBLIC if host in PUBLIC else {host}).isdisjoint(known)
    return False


def _sweep() -> str | None:
    if HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN:
        return Path(HydraConfig.get().sweep.dir).name
    return None


def log_configuration(loggers: Sequence[Logger], cfg_plain: object, model_facts: Mapping[str, float]) -> None:
    """Puts the configuration and facts about the model on every dashboard, and says where W&B's run is.

    W&B gets the tree; the others get one entry a leaf, as ``loader/batch_size``. Nothing of it enters a checkpoint.

    Args:
        loggers: The Trainer's.
        cfg_plain: The resolved configuration: dictionaries, lists and plain values.
        model_facts: E.g. the number of parameters; appears under ``model``.

    Raises:
        TypeError: The configuration is no dictionary.
        ValueError: W&B refuses the run, or cannot be reached.
    """
    if not isinstance(cfg_plain, dict):
        raise TypeError(f"cfg_plain is a {type(cfg_plain).__name__}: expected a dictionary of plain values.")
    facts = {f"model/{name}": value for name, value in model_facts.items()}
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            run = _begin(logger)
            logger.log_hyperparams({**cfg_plain, "model": dict(model_facts)})
            where = (
                f"offline; to upload: wandb sync {Path(run.dir).parent}" if run.offline else run.url or "switched off"
            )
            log.info("%s", f"Weights & Biases: {where}")
        elif isinstance(logger, TensorBoardLogger):
            logger.log_hyperparams(dict(leaves(cfg_plain)), metrics=facts)
        else:
            logger.log_hyperparams({**dict(leaves(cfg_plain)), **facts})


def _begin(logger: WandbLogger) -> Any:
    try:
        return logger.experiment
    except wandb.Error as error:
        raise ValueError(f"logger.wandb: {error} Or use logger.wandb.mode=offline.") from error


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested dictionaries; a list is a leaf.

    >>> dict(leaves({"loader": {"batch_size": 16}, "seed": 0}))
    {'loader/batch_size': 16, 'seed': 0}
    """
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value
