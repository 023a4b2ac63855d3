"""Pickles that hold numpy arrays, read without running anything that they ask for."""

import io
import math
import pickle
import pickletools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bareface.errors import DataError

Encoding = Literal["bytes", "latin1", "ASCII"]


class _RefusedError(Exception):
    """The pickle asks for what is not allowed."""


class _Part:
    """What stands for an allowed name while a pickle is read; of numpy nothing is called with what the file says.

    A pickle may set attributes of whatever has no ``__setstate__``, so every class here has one.
    """

    def __setstate__(self, state: Any) -> None:
        raise _RefusedError("sets the state of something that has none")


class _Bytes(_Part):
    """``bytes()`` and ``_codecs.encode(text, "latin1")``, which is how Python 3 writes bytes for Python 2."""

    def __new__(cls, text: str = "", encoding: str = "latin1") -> Any:
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1", b"latin1"):
            raise _RefusedError("encodes something that is not Latin-1")
        return text.encode("latin-1")


class _Dtype(_Part):
    def __init__(self, name: Any, *_: Any) -> None:
        name = name.decode("latin-1") if isinstance(name, bytes) else name
        if not isinstance(name, str) or re.fullmatch("b1|[iu][1248]|f[248]", name) is None:
            raise _RefusedError(f"holds an array of type {name!r}, expected numbers or bools")
        self.dtype = np.dtype(name).newbyteorder("<")

    def __setstate__(self, state: Any) -> None:
        order = state[1].decode("latin-1") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|"):
            raise _RefusedError(f"holds an array of byte order {order!r}")
        self.dtype = self.dtype.newbyteorder(">" if order == ">" else "<")


class _Array(_Part):
    """An array: made empty, its state comes later."""

    value: np.ndarray[Any, Any] | None = None

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        shape, dtype, fortran, raw = state[-4:]
        self.value = _array(raw, dtype, shape, "F" if fortran else "C")


class _Buffer(_Array):
    """An array as pickle protocol 5 writes it."""

    def __init__(self, raw: Any, dtype: Any, shape: Any, order: str, *_: Any) -> None:
        self.value = _array(raw, dtype, shape, order)


class _Scalar(_Part):
    def __init__(self, dtype: Any, raw: Any) -> None:
        self.value = _array(raw, dtype, (), "C")[()]


def _array(raw: Any, dtype: Any, shape: Any, order: str) -> np.ndarray[Any, Any]:
    raw = raw.encode("latin-1") if isinstance(raw, str) else raw  # Python 2, read with encoding="latin1"
    if not isinstance(dtype, _Dtype) or not isinstance(raw, (bytes, bytearray)) or order not in ("C", "F"):
        raise _RefusedError("holds an array of something else than numbers")
    if not isinstance(shape, tuple) or not all(isinstance(side, int) and side >= 0 for side in shape):
        raise _RefusedError(f"holds an array of shape {shape!r}")
    if math.prod(shape) * dtype.dtype.itemsize != len(raw):
        raise _RefusedError(f"holds an array of shape {shape} and {len(raw)} bytes")
    native = dtype.dtype.newbyteorder("=")
    return np.frombuffer(raw, dtype.dtype).reshape(shape, order=order).astype(native)  # type: ignore[call-overload,no-any-return]


ARRAYS: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("_codecs", "encode"): _Bytes,
    ("builtins", "bytes"): _Bytes,
    ("__builtin__", "bytes"): _Bytes,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    **{
        (f"numpy.{core}.{module}", name): made
        for core in ("core", "_core")
        for module, name, made in (
            ("multiarray", "_reconstruct", _Array),
            ("multiarray", "scalar", _Scalar),
            ("numeric", "_frombuffer", _Buffer),
        )
    },
}
"""The names that a pickle of arrays needs, and what is made in their place."""


class AllowListUnpickler(pickle._Unpickler):
    """Reads a pickle whose every name is on a list, and whose dicts have plain keys.

    The standard library's reader in Python, not the one in C, for it alone lets keys be looked at before they are
    hashed: the hash of a tuple in a tuple in a tuple, and so on, overflows the stack and ends the process.

    Args:
        content: The pickle.
        allowed: What is called for each (module, name). It must not have attributes that can be set.
        encoding: How texts of Python 2 become strings; ``bytes``: not at all.
    """

    def __init__(
        self, content: bytes, allowed: Mapping[tuple[str, str], Callable[..., Any]], encoding: Encoding
    ) -> None:
        super().__init__(io.BytesIO(content), encoding=encoding)
        self.allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name; one that is not on the list ends the reading before anything is imported."""
        if (module, name) not in self.allowed:
            raise _RefusedError(f"asks for {module}.{name}")
        return self.allowed[module, name]


def _with_plain_keys(opcode: bytes, keys: slice) -> Callable[[Any], None]:
    """What reads an opcode that fills a dict; its keys lie there on the stack."""
    read: Callable[[Any], None] = pickle._Unpickler.dispatch[opcode[0]]

    def checked(reader: Any) -> None:
        for key in reader.stack[keys]:
            if not isinstance(key, (str, bytes, int)):
                raise _RefusedError(f"has a key of type {type(key).__name__.strip('_').lower()}, expected text or int")
        read(reader)

    return checked


def _refuse_set(_: Any) -> None:
    raise _RefusedError("holds a set where a value is expected")


AllowListUnpickler.dispatch = {
    **pickle._Unpickler.dispatch,
    pickle.SETITEM[0]: _with_plain_keys(pickle.SETITEM, slice(-2, -1)),
    pickle.SETITEMS[0]: _with_plain_keys(pickle.SETITEMS, slice(0, None, 2)),
    pickle.DICT[0]: _with_plain_keys(pickle.DICT, slice(0, None, 2)),
    **{opcode[0]: _refuse_set for opcode in (pickle.EMPTY_SET, pickle.FROZENSET, pickle.ADDITEMS)},
}


def load_arrays(path: Path, encoding: Encoding = "bytes") -> Any:
    """Reads a pickle of lists, tuples, dicts, plain values, bytes and numpy arrays of numbers; runs nothing.

    Args:
        path: The file, written by Python 2 or 3.
        encoding: How texts of Python 2 become strings; ``bytes``: not at all, ``latin1``: letter by letter.

    Raises:
        DataError: The file is missing, no pickle, truncated, or asks for anything else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    try:
        _check_places(content)
        return _finished(AllowListUnpickler(content, ARRAYS, encoding).load(), {})
    except _RefusedError as error:
        expected = "Only numpy arrays of numbers and plain values are read, and nothing in the file was run"
        raise DataError(f"{path}: refused, for it {error}. {expected}.") from error
    except Exception as error:  # a damaged pickle can raise any kind of error
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(f"{path}: not a pickle, or a damaged one ({reason[:200]}). Get the file anew.") from error


def _check_places(content: bytes) -> None:
    """Refuses a pickle that keeps something at a place, or tells a length, for which memory would not do."""
    for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):  # complains about lengths by itself
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > count:
            raise _RefusedError(f"keeps its part {count} at place {argument}")


def _finished(value: Any, done: dict[int, Any]) -> Any:
    """The value with arrays in place of what stood for them; what occurs many times is made once."""
    if id(value) in done:
        return done[id(value)]
    if isinstance(value, (_Array, _Scalar)):
        if value.value is None:
            raise _RefusedError("holds an array without values")
        result: Any = value.value
    elif isinstance(value, (list, tuple)):
        result = type(value)(_finished(item, done) for item in value)
    elif isinstance(value, dict):
        result = {key: _finished(item, done) for key, item in value.items()}
    elif value is None or isinstance(value, (str, bytes, bytearray, int, float)):
        return value
    else:
        name = type(value).__name__.strip("_").lower()
        raise _RefusedError(f"holds a {name} where a value is expected")
    done[id(value)] = result
    return result
