"""Classes that a configuration names, against those that there are and what they take."""

import importlib
import inspect
from types import ModuleType
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bareface.errors import nearest
from bareface.tasks.values import made_nodes


def check_targets(cfg: DictConfig) -> None:
    """Refuses names of classes that do not exist and options that a class does not take, before it is made.

    Args:
        cfg: Composed, nothing in it resolved yet.

    Raises:
        ValueError: There is no such class, or it has no such option.
    """
    for path, node in made_nodes(cfg, ""):
        target = str(node["_target_"])
        made = _found(f"{path}._target_={target}", target)
        known = None if made is None else _arguments(made)
        for key in map(str, node):
            if known is not None and not key.startswith("_") and key not in known:
                what = f"{target.rpartition('.')[2]} has no such option"
                value = OmegaConf.to_container(node, resolve=False)[key]  # type: ignore[index, call-overload]
                raise ValueError(f"{path}.{key}={value}: {what}. {nearest(key, known)}")


def _found(option: str, target: str) -> Any:
    """The class or function; None where its module cannot be judged from here."""
    place, _, name = target.rpartition(".")
    try:
        module = importlib.import_module(place)
    except ModuleNotFoundError as error:
        missing = str(error.name)
        if place == missing or place.startswith(f"{missing}."):
            raise ValueError(f"{option}: there is no module {missing}. Write MODULE.CLASS.") from None
        return None  # it needs something that is not installed: whoever makes the object tells it better
    except Exception:  # whatever an import can raise, and a class inside a class
        return None
    if not hasattr(module, name):
        raise ValueError(f"{option}: {place} has no {name}. {nearest(name, _own(module))}")
    return getattr(module, name)


def _own(module: ModuleType) -> list[str]:
    """Names of the classes that a module defines; of all that it has where it defines none."""
    classes = [
        name for name, each in vars(module).items() if inspect.isclass(each) and each.__module__ == module.__name__
    ]
    return classes or [name for name in dir(module) if not name.startswith("_")]


def _arguments(made: Any) -> list[str] | None:
    """Names of what it takes; None where it takes anything, or does not tell."""
    try:
        parameters = inspect.signature(made).parameters
    except (TypeError, ValueError):
        return None
    if any(each.kind == each.VAR_KEYWORD for each in parameters.values()):
        return None
    return list(parameters)
