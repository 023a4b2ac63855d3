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
        assert found[name].dtype == array.dtype
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
        "object array": ({"a": objects}, ""),
        "attribute": (Call(getattr, ARRAYS["b"], "dump"), r"_*builtin\w*\.getattr"),
        "import": (Call(builtins.__import__, "os"), r"_*builtin\w*\.__import__"),
        "numpy that reads pickles": (Call(np.load, "x.npy", None, True), r"numpy\w*\.load"),
        "numpy that runs": (Call(np.testing.rundocs, "x.py"), r"numpy\.testing.*rundocs"),
        "numpy scalar": ({"a": np.float32(1)}, r"numpy\.\w+\.multiarray\.scalar"),
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
    reason = f"it asks for {asked}" if asked else "an array of O8?, which is no number"
    with pytest.raises(
        CheckpointError, match=rf"x\.pkl: not a pickle of numpy arrays and nothing else \({reason}\)\.$"
    ):
        load_arrays(path)
    assert not marker.exists()


def test_the_hostile_files_are_hostile(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for name in ("system", "eval", "nested", "object array"):
        pickle.loads(pickle.dumps(hostile(marker)[name][0]))
        assert marker.exists()
        marker.unlink()


DTYPE = b"cnumpy\ndtype\n"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
FLOAT = DTYPE + b"U\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (DTYPE + b"U\x02O8K\x00K\x01\x87R.", "an array of O8, which is no number"),
        (DTYPE + b"U\x03V12K\x00K\x01\x87R.", "an array of V12, which is no number"),
        (DTYPE + b"U\x02f4K\x00K\x01\x87R(K\x03U\x01<N(U\x01xt}tb.", "an array of records"),
        (ARRAY + b"(K\x01(K\x05t" + FLOAT + b"\x89U\x04abcdtb.", r"4 bytes for an array of shape \(5,\)"),
        (ARRAY + b"(K\x01(J\xff\xff\xff\xfft" + FLOAT + b"\x89U\x00tb.", r"an array of shape \(-1,\)"),
        (b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\nK\x00\x85U\x01b\x87R.", "another class than numpy's"),
        (b"c_codecs\nencode\nU\x01aU\x06base64\x86R.", "text in base64"),
        (b"c_codecs\nencode\nN}U\x0c__defaults__)s\x86b.", "it changes a function"),
        (b"cnumpy\nndarray\n}b.", "__setstate__"),
        (b"\x80\x02}(U\x01a" + ARRAY, "Ran out of input"),
        (b"P0\n.", "persistent"),
        (b"garbage", "truncated"),
        (b"", "Ran out of input"),
    ],
)
def test_what_numpys_names_cannot_be_made_to_do(tmp_path: Path, content: bytes, reason: str) -> None:
    path = written(tmp_path / "x.pkl", content)
    with pytest.raises(CheckpointError, match=rf"x\.pkl: not a pickle of numpy arrays and nothing else \(.*({reason})"):
        load_arrays(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([1], "expected a dictionary of numpy arrays, found a list"),
        ({}, "expected a dictionary of numpy arrays, found a dict"),
        ({"a": "b"}, "expected arrays by name, found str for a"),
        ({1: ARRAYS["b"]}, "expected arrays by name, found _Array for 1"),
        (ARRAYS["b"], "expected a dictionary of numpy arrays, found a _Array"),
    ],
)
def test_other_content(tmp_path: Path, content: object, found: str) -> None:
    with pytest.raises(CheckpointError, match=rf"x\.pkl: {found}\.$"):
        load_arrays(written(tmp_path / "x.pkl", content))
