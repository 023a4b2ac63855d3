"""What distinguishes runs: the values that options really had, given or not."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from bareface.tasks.conf_tree import conf_folder
from bareface.tasks.runs import PLACES, Run

NO_MATTER = {*PLACES, "ckpt_path", "resume", "compile", "logger", "loader.num_workers"}
NO_MATTER |= {"samples", "sweep", "write_cutouts"}
NO_MATTER_BELOW = ("callbacks.", "logger.", "trainer.limit_", "trainer.enable_", "trainer.log_")
"""Options that leave the model as it is, and the data that is trained on."""


@cache
def card(folder: Path) -> dict[str, Any]:
    """What a run tested, where it took that from a checkpoint and its configuration cannot know; else empty."""
    path = folder / "card.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def setting(run: Run, name: str) -> str:
    """The value that an option had, whether it was given or not; of a group the name of the chosen file.

    A run that tested a checkpoint knows what the checkpoint says, its data and what was given; nothing of a training.
    """
    if card(run.folder) and not name.startswith("data") and name not in card(run.folder):
        return run.overrides.get(name, "")
    if name in card(run.folder):
        described = card(run.folder)[name]
        return _chosen(name, described) if isinstance(described, dict) else _text(described)
    choices = _choices(run.folder)
    if name in choices:
        return _text(choices[name])
    value: Any = run.config
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return run.overrides.get(name, "")
        value = value[part]
    return run.overrides.get(name, "") if isinstance(value, dict) else _text(value)


def differing(runs: Sequence[Run]) -> list[str]:
    """Options that were given to some run, whose values differ between runs, in the order in which they were given."""
    names = dict.fromkeys(name for run in runs for name in run.overrides)
    kept = [name for name in names if name not in NO_MATTER and not name.startswith(NO_MATTER_BELOW)]
    return [name for name in kept if len({setting(run, name) for run in runs}) > 1]


@cache
def _choices(folder: Path) -> dict[str, Any]:
    path = folder / ".hydra/hydra.yaml"
    found = OmegaConf.select(OmegaConf.load(path), "hydra.runtime.choices") if path.is_file() else None
    return {} if found is None else {str(name): value for name, value in found.items()}


def _chosen(group: str, node: dict[str, Any]) -> str:
    """The file of the group that says what the node says, else the name of its class."""
    for path in sorted((conf_folder() / group).glob("*.yaml")):
        if OmegaConf.to_container(OmegaConf.load(path)) == node:
            return path.stem
    return str(node.get("_target_", "")).rpartition(".")[2]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
