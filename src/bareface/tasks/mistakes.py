"""What a misspelt group, option or key was probably meant to be."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf

from bareface.errors import nearest

GROUP_OPTION = re.compile(r"Could not find '(?P<group>.+)/(?P<option>[^/']+)'")
KEY = re.compile(r"Could not override '(?P<key>[^']+)'|Key '(?P<short>[^']+)' is not in struct")


def nearest_key(wanted: str, known: Iterable[str]) -> str:
    """The keys nearest to a misspelt one; where none is near, those at the top.

    >>> nearest_key("optimizer.lrr", ["optimizer.lr", "optimizer.momentum", "seed"])
    'Did you mean optimizer.lr?'
    >>> nearest_key("xyz", ["a", "b", "b.c"])
    'Known: a, b.'
    """
    names = [name for name in known if not name.endswith("_target_") and ("." in name or "." not in wanted)]
    answer = nearest(wanted, names)
    return answer if answer.startswith("Did") else nearest(wanted, [name for name in names if "." not in name])


def explain_override(error: BaseException, task: str, arguments: list[str], conf: Path) -> str | None:
    """One line about a mistake in an override, or None where the error is about something else.

    Args:
        error: What composing the configuration raised.
        task: Name of the primary configuration.
        arguments: The command line.
        conf: The configuration tree.
    """
    if not isinstance(error, HydraException):
        return None
    message = " ".join(str(error).split())
    if isinstance(error, OverrideParseException):
        return f"{error.override}: {message.split(' See https')[0]}. Options are written key=value."
    found = GROUP_OPTION.search(message)
    if isinstance(error, MissingConfigException) and found:
        group, option = found["group"], found["option"]
        options = [path.stem for path in (conf / group).glob("*.yaml")]
        return f"{group}={option}: there is no such option. {nearest(option, options)}"
    found = KEY.search(message)
    if not found:
        return None
    key = found["key"] or found["short"]
    asked = next((word for word in arguments if word.lstrip("+~").split("=")[0].split("@")[0] == key), None)
    others = [word for word in arguments if "=" in word and word != asked and not word.startswith("-")]
    return f"{asked or key}: {task} has no such option. {nearest_key(key, _keys(task, others, conf))}"


def _keys(task: str, overrides: list[str], conf: Path) -> list[str]:
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            cfg = compose(task, overrides=overrides)
    except HydraException:
        return [path.name for path in conf.iterdir() if path.is_dir()]
    groups = [path.name for path in conf.iterdir() if path.is_dir() and (path.name in cfg or path.name == "experiment")]
    return [*groups, *_leaves(OmegaConf.to_container(cfg, resolve=False), "")]


def _leaves(node: object, prefix: str) -> Iterator[str]:
    if isinstance(node, dict):
        for key, child in node.items():
            yield f"{prefix}{key}"
            yield from _leaves(child, f"{prefix}{key}.")
