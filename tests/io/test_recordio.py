import pickle
import struct

import numpy as np
import pytest

from bareface.errors import DataError
from bareface.io.recordio import RecordFile, read_index, unpack
from data.trees.insightface import MAGIC, frames, head, write_records


def file_of(tmp_path, records):
    return RecordFile(tmp_path / "train.rec"), write_records(tmp_path, records)


def test_a_record_byte_by_byte(tmp_path):
    (tmp_path / "x.rec").write_bytes(bytes.fromhex("0a23d7ce 05000000 6162636465 000000 0a23d7ce 00000000"))
    file = RecordFile(tmp_path / "x.rec")
    assert file.read(0) == b"abcde" and file.end(0) == 16
    assert file.read(16) == b"" and file.end(16) == file.size == 24


@pytest.mark.parametrize("length", range(9))
def test_padding(tmp_path, length):
    file, offsets = file_of(tmp_path, [b"x" * length, b"next"])
    assert [file.read(offset) for offset in offsets] == [b"x" * length, b"next"]


@pytest.mark.parametrize(
    "data", [MAGIC, b"abcd" + MAGIC + b"ef", MAGIC + MAGIC, b"abcd" + MAGIC + b"efgh" + MAGIC + b"i", b"ab" + MAGIC]
)
def test_data_that_holds_the_magic_comes_in_parts(tmp_path, data):
    file, offsets = file_of(tmp_path, [b"before", data, b"after"])
    assert [file.read(offset) for offset in offsets] == [b"before", data, b"after"]


def test_the_parts_of_a_record_byte_by_byte():
    assert frames(b"abcd" + MAGIC + b"e") == MAGIC + bytes.fromhex("04000020 61626364") + MAGIC + bytes.fromhex(
        "01000060 65000000"
    )


def test_it_travels_without_its_open_file(tmp_path):
    file, offsets = file_of(tmp_path, [b"a", b"b"])
    assert file.read(offsets[1]) == b"b"
    assert pickle.loads(pickle.dumps(file)).read(offsets[1]) == b"b"


def test_damage_is_one_line(tmp_path):
    file, offsets = file_of(tmp_path, [b"abcd", b"abcd" + MAGIC + b"ef", b"tail" * 3])
    with pytest.raises(DataError, match=r"train\.rec: no record at byte 4 \(it starts with 0x00000004\)\. Get it and"):
        file.read(4)
    with pytest.raises(DataError, match=r"byte 24 is inside a record, not the start of one\. Get it and"):
        file.read(24)
    for offset in (-4, 60, 10**12):
        with pytest.raises(DataError, match=rf"the record at byte {offset} reaches beyond the end of the file, byte"):
            file.read(offset)
    content = file.path.read_bytes()
    file.path.write_bytes(content[:-1])
    with pytest.raises(DataError, match=r"at byte 36 reaches beyond the end of the file, byte 55\. It is truncated"):
        RecordFile(file.path).read(offsets[2])
    file.path.write_bytes(content[:24] + frames(b"other"))
    with pytest.raises(DataError, match=r"the record at byte 12 has no end\. Get it and its index anew\."):
        RecordFile(file.path).read(offsets[1])
    long = struct.pack("<I", 2**29 - 1)
    file.path.write_bytes(MAGIC + long + b"abc")
    with pytest.raises(DataError, match=r"at byte 0 reaches beyond the end of the file, byte 11"):
        RecordFile(file.path).read(0)


def test_a_file_that_shrinks_while_it_is_read(tmp_path):
    file, offsets = file_of(tmp_path, [b"abcd" * 10])
    assert file.size == 48
    file.path.write_bytes(file.path.read_bytes()[:20])
    with pytest.raises(DataError, match=r"the record at byte 0 reaches beyond the end"):
        file.read(offsets[0])


def test_labels_without_reading_pictures(tmp_path):
    file, offsets = file_of(tmp_path, [head([4, 6]), head(7, b"p"), head([2.0, 5, 9], b"x"), head([3]), head(1)])
    labels = file.heads(np.array(offsets))
    np.testing.assert_array_equal(labels, np.array([[4, 6], [7, np.nan], [2, 5], [3, np.nan], [1, np.nan]], np.float32))
    assert file.heads(np.zeros(0, np.int64)).shape == (0, 2)
    with pytest.raises(DataError, match=r"no record of a picture at byte 4\."):
        file.heads(np.array([0, 4]))
    with pytest.raises(DataError, match=r"the record at byte 9999 reaches beyond"):
        file.heads(np.array([0, 9999]))
    with pytest.raises(DataError, match=r"the record at byte -4 reaches beyond"):
        file.heads(np.array([0, -4, 9999]))


def test_labels_of_a_record_that_is_too_short(tmp_path):
    file, offsets = file_of(tmp_path, [struct.pack("<IfQQf", 2, 0, 0, 0, 1.0), head(1, b"x" * 40)])
    with pytest.raises(DataError, match=r"no record of a picture at byte 0\."):
        file.heads(np.array(offsets))


def test_unpacking():
    labels, content = unpack(head(5, b"jpeg"), "x")
    assert labels.tolist() == [5] and content == b"jpeg"
    labels, content = unpack(head([5, 8.5, 3], b"jpeg"), "x")
    assert labels.tolist() == [5, 8.5, 3] and content == b"jpeg"
    with pytest.raises(DataError, match=r"x: 23 bytes, expected at least 24\."):
        unpack(head(5)[:-1], "x")
    with pytest.raises(DataError, match=r"x: 30 bytes, expected at least 32 for 2 labels\."):
        unpack(head([5, 8])[:-2], "x")


def test_an_index(tmp_path):
    path = tmp_path / "train.idx"
    path.write_text("0\t0\n10\t99999999999\n2\t48\n")
    keys, offsets = read_index(path)
    assert keys.tolist() == [0, 2, 10] and offsets.tolist() == [0, 48, 99999999999]
    path.write_bytes(b"0\t0\r\n1\t32")
    assert read_index(path)[1].tolist() == [0, 32]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0\t0\n1\tx\n", r"train\.idx: not an index of records \(.*\)\. Expected lines of a key, a tab, a byte\."),
        ("0 0\n1 32\n", r"not an index of records"),
        ("", r"not an index of records"),
        ("0\t0\n1\t\n", r"lines without a key or a byte\. The file is cut off, or is no index"),
        ("0\t0\n1\t32\n1\t64\n", r"key 1 has more than one line\. Get it and its index anew\."),
        ("0\t0\n1\t99999999999999999999\n", r"not an index of records"),
    ],
)
def test_an_index_that_is_none(tmp_path, text, message):
    (tmp_path / "train.idx").write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_index(tmp_path / "train.idx")
    assert "\n" not in str(caught.value)
