"""A pickle can ask for anything; only arrays of numbers are given."""

import builtins
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bareface.errors import CheckpointError
from bareface.recognition.published.array_pickle import load_arrays

from .files import python2_pickle

ARRAYS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3) - 2.5, "b": np.array([1e-9, -1.0], np.float32)}


class Call:
    """Pickled, it is a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def written(path: Path, content: object, protocol: int = 2) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_reads_what_python_3_wrote(tmp_path: Path, protocol: int) -> None:
    arrays = ARRAYS | {"columns first": np.asfortranarray(ARRAYS["a.weight"]), "n": np.array(7, ">i8")}
    found = load_arrays(written(tmp_path / "x.pkl", arrays, protocol))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found[name], array)


def test_reads_what_python_2_wrote(tmp_path: Path) -> None:
    every_byte = np.frombuffer(bytes(range(256)), "<f4")  # most are no text in any encoding but latin1
    found = load_arrays(written(tmp_path / "x.pkl", python2_pickle(ARRAYS | {"bytes": every_byte})))
    assert found["bytes"].tobytes() == bytes(range(256))
    np.testing.assert_array_equal(found["a.weight"], ARRAYS["a.weight"])
    assert pickle.loads(python2_pickle(ARRAYS), encoding="latin1").keys() == ARRAYS.keys()  # as any reader reads it


def hostile(marker: Path) -> dict[str, tuple[object, str]]:
    touch = f"open({str(marker)!r}, 'w').close()"
    system, run = Call(os.system, f"touch {marker}"), Call(builtins.eval, touch)
    objects = np.empty(1, object)
    objects[0] = system
    return {
        "system": (system, r"posix\.system"),
        "eval": (run, r"_*builtin\w*\.eval"),
        "nested": ({"a": ARRAYS["b"], "b": [{"c": (run,)}]}, r"_*builtin\w*\.eval"),
        "key": ({run: ARRAYS["b"]}, r"_*builtin\w*\.eval"),
        "object array": ({"a": objects}, "O8?"),
        "attribute": (Call(getattr, ARRAYS["b"], "dump"), r"_*builtin\w*\.getattr"),
        "import": (Call(builtins.__import__, "os"), r"_*builtin\w*\.__import__"),
        "numpy that reads pickles": (Call(np.load, "x.npy", None, True), r"numpy\w*\.load"),
        "numpy that runs": (Call(np.testing.rundocs, "x.py"), r"numpy\.testing.*rundocs"),
        "set": ({"a": frozenset("b")}, r"_*builtin\w*\.frozenset"),
    }


@pytest.mark.parametrize("name", list(hostile(Path("x"))))
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_refuses_and_runs_nothing(tmp_path: Path, name: str, protocol: int) -> None:
    marker = tmp_path / "ran"
    content, asked = hostile(marker)[name]
    if name == "set" and protocol == 4:
        pytest.skip("protocol 4 has a code for it")
    path = written(tmp_path / "x.pkl", content, protocol)
    with pytest.raises(CheckpointError, match=rf"x\.pkl: refused, for it .*{asked}.*nothing in the file was run\.$"):
        load_arrays(path)
    assert not marker.exists()


def test_the_hostile_files_are_hostile(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for name in ("system", "eval", "nested", "object array"):
        pickle.loads(pickle.dumps(hostile(marker)[name][0]))
        assert marker.exists()
        marker.unlink()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([1], "expected a dictionary of numpy arrays, found a list"),
        ({}, "expected a dictionary of numpy arrays, found a dict"),
        ({"a": "b"}, "expected arrays by name, found str for a"),
        ({"a": np.float32(1)}, "expected arrays by name, found float32 for a"),
        ({1: ARRAYS["b"]}, "expected arrays by name, found ndarray for 1"),
        (ARRAYS["b"], "expected a dictionary of numpy arrays, found a ndarray"),
    ],
)
def test_other_content(tmp_path: Path, content: object, found: str) -> None:
    with pytest.raises(CheckpointError, match=rf"x\.pkl: {found}\.$"):
        load_arrays(written(tmp_path / "x.pkl", content))
