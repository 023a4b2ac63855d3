"""Checkpoints: tensors and plain values only, loaded without executing anything that the file says."""

import hashlib
import importlib
import inspect
import json
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bareface.errors import CheckpointError, some
from bareface.io.place import check_file


def build(spec: Mapping[str, Any], package: str, **arguments: Any) -> nn.Module:
    """Builds a module from plain values.

    Args:
        spec: ``_target_``, the full name of a class, and its arguments.
        package: The class must live in this package: a checkpoint may name a network, not any callable there is.
        **arguments: Further arguments of the class.

    Raises:
        CheckpointError: The class is not an ``nn.Module`` of the package, or does not take the arguments.

    >>> build({"_target_": "os.system"}, "bareface")
    Traceback (most recent call last):
    bareface.errors.CheckpointError: _target_=os.system: expected an nn.Module class of the package bareface.
    """
    target = str(spec.get("_target_"))
    module_name, _, class_name = target.rpartition(".")
    found: Any = None
    if module_name == package or module_name.startswith(package + "."):
        try:
            found = getattr(importlib.import_module(module_name), class_name, None)
        except ModuleNotFoundError:
            found = None
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise CheckpointError(f"_target_={target}: expected an nn.Module class of the package {package}.")
    given = {key: value for key, value in spec.items() if key != "_target_"}
    try:
        built: nn.Module = found(**given, **arguments)
    except TypeError as error:
        raise CheckpointError(f"_target_={target}: {error}.") from error
    return built


def read_torch(path: Path, mmap: bool = False) -> Any:
    """Reads a file of torch onto the CPU; nothing that it says is executed, and torch gives no advice about that.

    Args:
        path: The file.
        mmap: Leave the tensors in the file until they are used.

    Raises:
        Exception: Of many kinds, from ``pickle.UnpicklingError`` to ``RuntimeError``: the file is none of torch's.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Detected pickle protocol")
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)


def load(path: Path) -> dict[str, Any]:
    """Reads a checkpoint file onto the CPU.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: The file is not a checkpoint, or holds more than tensors and plain values.
    """
    check_file(path, "no such checkpoint. Give the path of a .ckpt file, e.g. RUN/checkpoints/best.ckpt.")
    try:
        loaded = read_torch(path, mmap=True)
    except pickle.UnpicklingError as error:
        if "Unsupported" in str(error) or "weights_only" in str(error).lower():
            reason = "holds more than tensors and plain values, so loading it could run code; refused"
            raise CheckpointError(f"{path}: {reason}. Use a checkpoint written by bareface.") from error
        raise CheckpointError(f"{path}: not a checkpoint, or a damaged one.") from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise CheckpointError(f"{path}: not a checkpoint, or a damaged one.") from error
    if not isinstance(loaded, dict) or "card" not in loaded or "state_dict" not in loaded:
        raise CheckpointError(f"{path}: not a checkpoint written by bareface (it has no card of the model).")
    return loaded


def load_model(path: Path, task: str, prefix: str) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Reads the card and the weights of one model.

    Args:
        path: The checkpoint.
        task: What the model must be for: ``segmentation`` or ``recognition``.
        prefix: Weights are taken from the names that begin with this, without it.

    Returns:
        The card (what the model is made of) and the weights.

    Raises:
        CheckpointError: As ``load``, or the checkpoint is one of another task.
    """
    checkpoint = load(path)
    card = checkpoint["card"]
    if card["task"] != task:
        raise CheckpointError(f"{path}: a checkpoint of {card['task']}. Expected one of {task}.")
    state = checkpoint["state_dict"]
    return card, {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def fill(model: nn.Module, state: Mapping[str, torch.Tensor], path: Path) -> None:
    """Puts the weights of a checkpoint into a model, all of them or none.

    Raises:
        CheckpointError: Names or shapes differ, e.g. another number of classes.
    """
    own = model.state_dict()
    odd = sorted(own.keys() ^ state.keys())
    odd += sorted(name for name in own.keys() & state.keys() if own[name].shape != state[name].shape)
    if odd:
        raise CheckpointError(f"{path}: weights do not fit the network in {some(odd)}. Use another checkpoint.")
    model.load_state_dict(dict(state))


def spelt_out(spec: Mapping[str, Any], kind: type[nn.Module]) -> dict[str, Any]:
    """The plain values that a module is made of, the same however they were written.

    Args:
        spec: Some arguments of the module, and possibly ``_target_``.
        kind: Its class, whose defaults stand for what was left out.

    Returns:
        All arguments; numbers are floats, sequences lists.
    """
    parameters = inspect.signature(kind).parameters.values()
    defaults = {one.name: one.default for one in parameters if one.default is not one.empty}
    return {name: _one_spelling(value) for name, value in {**defaults, **spec}.items()}


def _one_spelling(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _one_spelling(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_one_spelling(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def fingerprint(module: nn.Module, card: Mapping[str, Any]) -> str:
    """A number that tells models apart: SHA-256 of plain values and of all tensors.

    Args:
        module: Its tensors count: names, types, shapes and bytes, wherever and in whatever memory order they lie.
        card: Plain values that change what the module computes; their order does not count.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps(dict(card), sort_keys=True).encode())
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
