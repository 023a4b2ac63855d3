"""Pickles of numpy arrays, read without running anything that they ask for."""

import pickle
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bareface.errors import CheckpointError

KINDS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
"""Numbers. An array of Python objects would hold whatever else the pickle builds."""
ORDERS = {"<", ">", "=", "|"}
HOSTILE: tuple[type[Exception], ...] = (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError)
HOSTILE += (LookupError, ArithmeticError, MemoryError)
"""How reading a damaged or hostile pickle can end."""


class _Type:
    """Stands for ``numpy.dtype``."""

    def __init__(self, kind: str, align: object = False, copy: object = True) -> None:
        if kind not in KINDS:
            raise pickle.UnpicklingError(f"an array of {str(kind)[:20]}, which is no number")
        self.kind, self.order = kind, "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] not in ORDERS or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("an array of records")
        self.order = state[1]

    def array(self, content: bytes, shape: tuple[int, ...], columns_first: bool) -> NDArray[Any]:
        if not all(isinstance(side, int) and side >= 0 for side in shape):
            raise pickle.UnpicklingError(f"an array of shape {shape}")
        kind = np.dtype(self.order + self.kind)
        if len(content) != prod(shape) * kind.itemsize:
            raise pickle.UnpicklingError(f"{len(content)} bytes for an array of shape {shape}")
        return np.frombuffer(content, kind).reshape(shape, order="F" if columns_first else "C")


class _Array:
    """Stands for ``numpy.ndarray``, both as the class that a pickle names and as what it builds."""

    value: NDArray[Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, columns_first, content = state
        if isinstance(content, str):
            content = content.encode("latin1")  # bytes of Python 2
        self.value = kind.array(content, shape, columns_first)


def _reconstruct(kind: type, shape: object, code: object) -> _Array:
    if kind is not _Array:
        raise pickle.UnpicklingError("an array of another class than numpy's")
    return _Array()


def _from_buffer(content: bytes, kind: _Type, shape: tuple[int, ...], order: str) -> _Array:
    array = _Array()
    array.value = kind.array(bytes(content), shape, order == "F")
    return array


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text in {str(encoding)[:20]}")
    return text.encode("latin1")


def _refuse_state(state: object) -> None:
    raise pickle.UnpicklingError("it changes a function")


for _function in (_reconstruct, _from_buffer, _encode):
    vars(_function)["__setstate__"] = _refuse_state  # else a pickle could leave things in them for the next one

ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,  # how Python 3 writes bytes in a protocol of Python 2
}
for _package in ("numpy.core", "numpy._core"):
    ALLOWED[f"{_package}.multiarray", "_reconstruct"] = _reconstruct
    ALLOWED[f"{_package}.numeric", "_frombuffer"] = _from_buffer


class _Unpickler(pickle.Unpickler):
    """Knows the few names of ``ALLOWED``, each with a stand-in of ours, so that nothing of numpy is called either."""

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return ALLOWED[module, name]


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Reads a dictionary of arrays, as Python 2 or 3 pickled it.

    Raises:
        CheckpointError: The file holds or asks for anything else. Nothing of it has run.
    """
    try:
        with path.open("rb") as file:
            content = _Unpickler(file, encoding="latin1").load()
    except HOSTILE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CheckpointError(f"{path}: not a pickle of numpy arrays and nothing else ({reason}).") from error
    if not isinstance(content, dict) or not content:
        raise CheckpointError(f"{path}: expected a dictionary of numpy arrays, found a {type(content).__name__}.")
    arrays = {}
    for name, array in content.items():
        if not isinstance(name, str) or not isinstance(array, _Array) or array.value is None:
            raise CheckpointError(
                f"{path}: expected arrays by name, found {type(array).__name__} for {str(name)[:80]}."
            )
        arrays[name] = array.value
    return arrays
