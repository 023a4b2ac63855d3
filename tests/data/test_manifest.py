import multiprocessing
import os
import pickle
import re
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from bareface.data.manifest import Manifest
from bareface.errors import DataError


@pytest.fixture
def manifest():
    return Manifest(
        pa.table(
            {"key": ["a/1.jpg", "a/2.jpg", "b/1.jpg"], "label": pa.array([0, 0, 1], pa.int32()), "who": ["x", "x", "ü"]}
        )
    )


def test_rows_and_columns(manifest):
    assert len(manifest) == 3
    assert manifest.row(2) == {"key": "b/1.jpg", "label": 1, "who": "ü"}
    assert manifest.key(1) == "a/2.jpg"
    assert "a/2.jpg" in manifest and "a/3.jpg" not in manifest and 1 not in manifest
    assert manifest.has("label") and not manifest.has("mask")
    with pytest.raises(IndexError):
        manifest.row(3)


def test_number_columns_are_arrays_and_string_columns_numpy_strings(manifest):
    label, who = manifest.column("label"), manifest.column("who")
    assert (label.dtype, label.tolist()) == (np.int32, [0, 0, 1])
    assert (type(who.dtype), who.tolist()) == (np.dtypes.StringDType, ["x", "x", "ü"])


def test_long_string_columns(manifest):
    keys = [f"{number:06d}" for number in range(70_000)]
    assert Manifest(pa.table({"key": keys})).column("key").tolist() == keys


def test_take(manifest):
    taken = manifest.take([2, 0])
    assert taken.column("key").tolist() == ["b/1.jpg", "a/1.jpg"]
    assert taken.column("label").tolist() == [1, 0]
    assert len(manifest.take([])) == 0
    with pytest.raises(IndexError, match="rows 0 to 3 asked for, there are 3"):
        manifest.take([0, 3])
    with pytest.raises(IndexError, match="rows -1 to 0"):
        manifest.take([0, -1])
    with pytest.raises(DataError, match="manifest: 2 rows asked for, only 1 of them differ"):
        manifest.take([1, 1])


def test_with_column(manifest):
    assert manifest.with_column("x", np.array([5, 6, 7])).row(1)["x"] == 6
    replaced = manifest.with_column("label", [9, 8, 7])
    assert replaced.column("label").tolist() == [9, 8, 7] and manifest.column("label").tolist() == [0, 0, 1]
    with pytest.raises(DataError, match="manifest: 2 values for the column x, expected 3"):
        manifest.with_column("x", [1, 2])
    with pytest.raises(DataError, match="keys that occur more than once: b"):
        manifest.with_column("key", ["a", "b", "b"])


def test_keys_must_be_there_and_unique():
    with pytest.raises(DataError, match=re.escape("manifest: has the columns ['label'], expected key among them.")):
        Manifest(pa.table({"label": [1]}))
    with pytest.raises(DataError, match=r"keys that occur more than once: a, b\. Keep one row of each\."):
        Manifest(pa.table({"key": ["a", "b", "a", "c", "b"]}))
    with pytest.raises(DataError, match="more than once: a"):
        Manifest(pa.table({"key": ["a", "a"]}))
    with pytest.raises(DataError, match="1 rows have no key"):
        Manifest(pa.table({"key": ["a", None]}))
    assert len(Manifest(pa.table({"key": ["b", "c", "a"]}))) == 3


def test_save_and_open(manifest, tmp_path):
    manifest.save(tmp_path / "m.arrow")
    opened = Manifest.open(tmp_path / "m.arrow")
    assert opened.table.equals(manifest.table)
    assert [path.name for path in tmp_path.iterdir()] == ["m.arrow"]
    (tmp_path / "x.arrow").write_text("no")
    for name in ("x.arrow", "y.arrow"):
        with pytest.raises(DataError, match=rf"{name}: not a manifest \(.+\)\. Use a file that Manifest.save wrote"):
            Manifest.open(tmp_path / name)


def test_pickling_sends_a_name_not_the_rows():
    manifest = Manifest(pa.table({"key": [f"{number:06d}.jpg" for number in range(100_000)]})).take(np.arange(50_000))
    sent = pickle.dumps(manifest)
    assert len(sent) < 300
    assert pickle.dumps(manifest) == sent  # written once
    assert pickle.loads(sent).row(49_999) == {"key": "049999.jpg"}


def test_an_opened_manifest_is_sent_by_its_own_name(manifest, tmp_path):
    manifest.save(tmp_path / "m.arrow")
    assert b"m.arrow" in pickle.dumps(Manifest.open(tmp_path / "m.arrow"))


def test_the_temporary_file_ends_with_the_process(tmp_path):
    code = (
        "import os, pickle, pyarrow as pa; from bareface.data.manifest import Manifest\n"
        "m = Manifest(pa.table({'key': ['a']})); pickle.dumps(m)\n"
        "if os.fork() == 0: raise SystemExit\n"
        "os.wait(); assert len(pickle.loads(pickle.dumps(m))) == 1; print(m._path)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_it_reaches_a_spawned_process(manifest):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(Manifest.key, (manifest, 2)) == "b/1.jpg"
