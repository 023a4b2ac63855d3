import io
import os
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest

from bareface.errors import DataError
from bareface.io.safe_pickle import load_arrays


def saved(tmp_path, content):
    path = tmp_path / "x.pkl"
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content))
    return path


ARRAYS = [
    np.arange(6, dtype=np.uint8).reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    np.array([[1.5, -2]], ">f8"),
    np.array([True, False]),
    np.zeros((0, 4), np.int64),
    np.array(7, np.int16),
]


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_plain_values(tmp_path, protocol):
    value = ([b"\x00\xff jpeg", b""], ARRAYS, [True, False, np.bool_(True)], {"a": (1, 2.5, None, "text")})
    loaded = load_arrays(saved(tmp_path, pickle.dumps(value, protocol)))
    assert loaded[0] == value[0] and loaded[2] == value[2] and loaded[3] == value[3]
    assert isinstance(loaded, tuple) and isinstance(loaded[0], list)
    for array, expected in zip(loaded[1], ARRAYS, strict=True):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype.newbyteorder("=") and array.flags.writeable


def python2(values):
    """What Python 2 writes for {'w': numpy.array(values, uint8)} with protocol 2: texts are bytes."""
    text = bytes(values)
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    dtype = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    state = b"(K\x01K" + bytes([len(text)]) + b"\x85" + dtype + b"\x89U" + bytes([len(text)]) + text + b"tb"
    return b"\x80\x02}U\x01w" + array + state + b"s."


@pytest.mark.parametrize(("encoding", "key"), [("bytes", b"w"), ("latin1", "w")])
def test_a_pickle_of_python_2(tmp_path, encoding, key):
    loaded = load_arrays(saved(tmp_path, python2([0, 127, 128, 255])), encoding)
    assert list(loaded) == [key] and loaded[key].tolist() == [0, 127, 128, 255] and loaded[key].dtype == np.uint8


def test_what_occurs_many_times_is_made_once(tmp_path):
    value = [np.zeros(3)]
    for _ in range(60):  # 2**60 items if each were made anew
        value = [value, value]
    loaded = load_arrays(saved(tmp_path, value))
    assert loaded[0] is loaded[1]


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize(
    ("function", "argument", "name"),
    [
        (os.system, "touch {}", r"posix\.system"),
        (eval, "open({!r}, 'w')", r"builtins\.eval"),
        (exec, "open({!r}, 'w')", r"builtins\.exec"),
        (open, "{}", r"(_io|io)\.open"),
        (np.load, "{}", r"numpy\.load"),
        (__import__, "antigravity", r"builtins\.__import__"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_malicious_file_is_refused_and_runs_nothing(tmp_path, function, argument, name, protocol):
    mark = tmp_path / "mark"
    path = saved(tmp_path, pickle.dumps([[b"x"], Call(function, argument.format(str(mark)))], protocol))
    message = rf"x\.pkl: refused, for it asks for (__builtin__|{name}).*\. Only numpy arrays of numbers and plain"
    with pytest.raises(DataError, match=message) as caught:
        load_arrays(path)
    assert not mark.exists() and "\n" not in str(caught.value)


def test_the_same_file_does_run_elsewhere(tmp_path):
    mark = tmp_path / "mark"
    pickle.loads(pickle.dumps(Call(os.system, f"touch {mark}")))
    assert mark.exists()  # else the test above would show nothing


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([{}], object), r"refused, for it holds an array of type 'O8', expected numbers or bools"),
        (np.array(["text"]), r"an array of type 'U4', expected numbers or bools"),
        (np.zeros(2, [("a", "f4")]), r"an array of type 'V4', expected numbers or bools"),
        ({1, 2}, r"holds a set where a value is expected"),
        (frozenset, r"asks for builtins\.frozenset"),
        (ValueError("x"), r"asks for builtins\.ValueError"),
        (np.dtype("f4"), r"holds a dtype where a value is expected"),
        (np.ndarray, r"holds a type where a value is expected"),
    ],
)
def test_other_values_are_refused(tmp_path, value, message):
    with pytest.raises(DataError, match=message):
        load_arrays(saved(tmp_path, value))


def reconstructed(state):
    """A pickle of an array whose state is what the opcodes say."""
    return b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R" + state + b"b."


U1 = b"cnumpy\ndtype\nX\x02\x00\x00\x00u1K\x00K\x01\x87R"


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (b"(K\x01K\x09\x85" + U1 + b"\x89C\x03abct", r"an array of shape \(9,\) and 3 bytes"),
        (b"(K\x01J\xff\xff\xff\xff\x85" + U1 + b"\x89C\x03abct", r"an array of shape \(-1,\)"),
        (b"(K\x01K\x03\x85N\x89C\x03abct", r"an array of something else than numbers"),
        (b"(K\x01K\x01\x85" + U1 + b"\x89](K\x01et", r"an array of something else than numbers"),
        (b"(K\x01K\x03\x85t", r"not a pickle, or a damaged one \(ValueError"),
    ],
)
def test_arrays_whose_parts_do_not_fit(tmp_path, state, message):
    with pytest.raises(DataError, match=message):
        load_arrays(saved(tmp_path, reconstructed(state)))


def test_what_stands_for_a_name_cannot_be_changed(tmp_path):
    # BUILD with (None, {name: value}) sets attributes of whatever lies on the stack
    for name in (b"c_codecs\nencode\n", b"cnumpy\nndarray\n", b"cnumpy\ndtype\n"):
        with pytest.raises(DataError, match=r"x\.pkl: "):
            load_arrays(saved(tmp_path, b"\x80\x02" + name + b"N}X\x03\x00\x00\x00hexK\x01s\x86b."))
    assert load_arrays(saved(tmp_path, pickle.dumps([b"ok", ARRAYS[0]], 2)))[0] == b"ok"


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps(list(range(99)))[:-5], b"\x80\x04\x95", b"]\x94"])
def test_files_that_are_no_pickles(tmp_path, content):
    with pytest.raises(DataError, match=r"x\.pkl: not a pickle, or a damaged one \(.*\)\. Get the file anew\."):
        load_arrays(saved(tmp_path, content))


def test_a_list_in_itself(tmp_path):
    value = []
    value.append(value)
    with pytest.raises(DataError, match=r"not a pickle, or a damaged one \(RecursionError"):
        load_arrays(saved(tmp_path, value))


def test_a_key_so_deep_that_its_hash_ends_the_process(tmp_path):
    path = saved(tmp_path, b"\x80\x02})" + b"\x85" * 3_000_000 + b"K\x01s.")
    reading = "import sys, pathlib, bareface.io.safe_pickle as s; s.load_arrays(pathlib.Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", reading, path], capture_output=True, text=True, check=False)
    assert done.returncode == 1  # not a signal's number
    assert "DataError" in done.stderr and "refused, for it has a key of type tuple, expected text or int" in done.stderr


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"}" + ARRAY + b"K\x01s.", r"has a key of type array, expected text or int"),
        (b"}(K\x01K\x01)K\x01u.", r"has a key of type tuple"),
        (b"(K\x01K\x01)K\x01d.", r"has a key of type tuple"),
        (b"\x8f(K\x01\x90.", r"holds a set where a value is expected"),
        (b"(K\x01\x91.", r"holds a set where a value is expected"),
    ],
)
def test_what_would_be_hashed_is_plain(tmp_path, content, message):
    with pytest.raises(DataError, match=rf"x\.pkl: refused, for it {message}"):
        load_arrays(saved(tmp_path, b"\x80\x02" + content))
    assert load_arrays(saved(tmp_path, b"(K\x01K\x02S'a'\nK\x03d.")) == {1: 2, b"a": 3}


def test_persistent_ids_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"damaged one \(UnpicklingError: .*persistent"):
        load_arrays(saved(tmp_path, b"Pthing\n."))


def test_a_length_beyond_the_file(tmp_path):
    content = b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x"
    with pytest.raises(DataError, match=r"not a pickle, or a damaged one"):
        load_arrays(saved(tmp_path, content))


def test_a_place_that_would_take_all_memory(tmp_path):
    with pytest.raises(DataError, match=r"refused, for it keeps its part 2 at place 2147483647\."):
        load_arrays(saved(tmp_path, b"\x80\x02]r\xff\xff\xff\x7f."))


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"no\.bin: cannot be read \(No such file or directory\)\."):
        load_arrays(tmp_path / "no.bin")


def test_protocol_0_of_the_standard_library(tmp_path):
    out = io.BytesIO()
    pickle.Pickler(out, 0).dump([True, b"\xff"])
    assert load_arrays(saved(tmp_path, out.getvalue())) == [True, b"\xff"]
