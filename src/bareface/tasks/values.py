"""Values of options against the types that their classes ask for."""

import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union

from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf
from torch import Tensor

Kind = tuple[Callable[[Any], bool], str]


def check_types(cfg: DictConfig) -> None:
    """Refuses values that a class of the configuration does not take, before it is made of them.

    Only numbers, words, lists and mappings are looked at; what else a class asks for is left to the class.

    Args:
        cfg: Composed, nothing in it missing or resolved yet: an interpolation says which option gave the value.

    Raises:
        ValueError: A value is of another type.
    """
    for path, node in made_nodes(cfg, ""):
        hints = _hints(str(node["_target_"]))
        for key in map(str, node):
            kinds = _kinds(hints.get(key, Any))
            if key.startswith("_") or kinds is None or OmegaConf.is_missing(node, key):
                continue
            value = node[key]
            if isinstance(value, DictConfig) and "_target_" in value:
                continue  # an object: its class is the configuration's choice
            raw = str(OmegaConf.to_container(node, resolve=False)[key])  # type: ignore[index, call-overload]
            _check(raw[2:-1] if raw.startswith("${") and ":" not in raw else f"{path}.{key}", value, kinds)


def check_options(cfg: DictConfig, hints: Mapping[str, Any]) -> None:
    """Refuses values that a task itself does not take, before it reads anything.

    Args:
        cfg: Composed and resolved.
        hints: Type of each option; ``Path`` is the name of a file.

    Raises:
        ValueError: A value is of another type.
    """
    for name, hint in hints.items():
        _check(name, cfg[name], _kinds(hint) or [])


def _check(name: str, value: Any, kinds: Sequence[Kind]) -> None:
    if any(fits(value) for fits, _ in kinds):
        return
    shown = "null" if value is None else str(value).lower() if isinstance(value, bool) else value
    words = dict.fromkeys(word for _, word in kinds if word)
    listed = any(fits(ListConfig([value])) for fits, _ in kinds) if isinstance(value, int | float | str) else False
    remedy = f" Write {name}=[{value}]." if listed else ""
    raise ValueError(f"{name}={shown}: expected {' or '.join(words)}.{remedy}")


def made_nodes(node: DictConfig, path: str) -> Iterator[tuple[str, DictConfig]]:
    """Nodes that objects are made of and their places, each in its own place only."""
    if "_target_" in node:
        yield path, node
    for key in map(str, node):
        hidden = OmegaConf.is_interpolation(node, key) or OmegaConf.is_missing(node, key)
        if not hidden and isinstance(node[key], DictConfig):
            yield from made_nodes(node[key], f"{path}.{key}" if path else key)


def _hints(target: str) -> dict[str, Any]:
    try:
        made = get_object(target)
        return typing.get_type_hints(getattr(made, "__init__") if isinstance(made, type) else made)  # noqa: B009
    except Exception:  # whatever an import can raise: whoever makes the object tells it better
        return {}


def _kinds(hint: Any) -> list[Kind] | None:
    """What a type admits and how that is called; None where it is not for us to judge."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        each = [_kinds(argument) for argument in arguments]
        return None if None in each else [kind for kinds in each for kind in kinds or []]
    if origin is Literal:
        words = ", ".join(map(str, arguments))
        return [(lambda value: value in arguments, f"one of {words}" if len(arguments) > 1 else words)]
    if hint in _PLAIN:
        return [_PLAIN[hint]]
    if origin in (list, tuple, Sequence) and arguments:
        return [_list_of(_kinds(arguments[0]))]
    if origin in (dict, Mapping):
        return [(lambda value: isinstance(value, DictConfig), "a value for each name below it, NAME.KEY=VALUE")]
    return None


def _list_of(kinds: list[Kind] | None) -> Kind:
    def fits(value: Any) -> bool:
        if not isinstance(value, ListConfig):
            return False
        return kinds is None or all(any(each(item) for each, _ in kinds) for item in value)

    return fits, "a list" if kinds is None else f"a list, each {' or '.join(word for _, word in kinds)}"


_PLAIN: dict[Any, Kind] = {
    float: (lambda value: isinstance(value, int | float) and not isinstance(value, bool), "a number"),
    int: (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    str: (lambda value: isinstance(value, str), "a word"),
    Path: (lambda value: isinstance(value, str) and value != "", "the name of a file"),
    type(None): (lambda value: value is None, "null"),
    Tensor: (lambda value: False, ""),
}
