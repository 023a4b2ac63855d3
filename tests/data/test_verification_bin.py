import os
import pickle

import cv2
import numpy as np
import pytest

from bareface.data.inspection import inspect
from bareface.data.verification_bin import VerificationBin
from bareface.errors import DataError, PictureError
from data.trees.insightface import jpeg, write_bin


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("kind", [bytes, np.ndarray])
def test_pictures_and_pairs(tmp_path, protocol, kind):
    write_bin(tmp_path / "lfw.bin", protocol=protocol, kind=kind)
    dataset = VerificationBin(str(tmp_path))
    assert len(dataset.manifest) == 40 and dataset.manifest.key(39) == "000039"
    expected = cv2.imdecode(np.frombuffer(jpeg(3), np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(dataset.read(dataset.manifest, 3).image, expected)
    pairs = dataset.pairs
    assert pairs.first[:2].tolist() == ["000000", "000002"] and pairs.second[:2].tolist() == ["000001", "000003"]
    assert pairs.mated.tolist() == [True, False] * 10 and pairs.mated.dtype == bool
    assert pairs.fold.tolist() == [fold for fold in range(10) for _ in range(2)]
    assert {stage: len(part) for stage, part in dataset.splits.items()} == {"train": 0, "val": 0, "test": 40}
    assert inspect(dataset, 0).ok


def test_ten_folds_of_pairs_that_ten_does_not_divide(tmp_path):
    write_bin(tmp_path / "cfp_fp.bin", pairs=23)
    dataset = VerificationBin(str(tmp_path), file="cfp_fp.bin")
    assert np.bincount(dataset.pairs.fold).tolist() == [3, 3, 3, 2, 2, 2, 2, 2, 2, 2]


def test_a_file_of_python_2(tmp_path):
    pictures = [jpeg(number) for number in range(20)]
    texts = b"".join(b"T" + len(picture).to_bytes(4, "little") + picture for picture in pictures)
    flags = b"".join(b"\x88" if pair % 2 else b"\x89" for pair in range(10))
    (tmp_path / "lfw.bin").write_bytes(b"\x80\x02](" + texts + b"e](" + flags + b"e\x86.")
    dataset = VerificationBin(str(tmp_path))
    assert dataset.content(dataset.manifest, 7) == jpeg(7)
    assert dataset.pairs.mated.tolist() == [False, True] * 5


@pytest.mark.parametrize(
    "flags", [np.arange(20) % 2 == 0, [1, 0] * 10, [np.bool_(pair % 2 == 0) for pair in range(20)]]
)
def test_flags_of_other_kinds(tmp_path, flags):
    write_bin(tmp_path / "lfw.bin", mated=flags)
    assert VerificationBin(str(tmp_path)).pairs.mated.tolist() == [True, False] * 10


def test_decoded_pictures(tmp_path):
    pictures = [np.full((5, 4, 3), number, np.uint8) for number in range(20)]
    pictures[3] = jpeg(3)
    (tmp_path / "lfw.bin").write_bytes(pickle.dumps((pictures, [True] * 10)))
    dataset = VerificationBin(str(tmp_path))
    assert dataset.read(dataset.manifest, 7).image.tolist() == np.full((5, 4, 3), 7).tolist()
    assert dataset.read(dataset.manifest, 3).image.shape == (12, 12, 3)
    assert inspect(dataset, 0).sizes["distinct"] == 2


class Evil:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def test_a_malicious_file_is_refused_and_runs_nothing(tmp_path):
    content = pickle.dumps(([jpeg(0), Evil(tmp_path / "mark")], [True]))
    (tmp_path / "lfw.bin").write_bytes(content)
    dataset = VerificationBin(str(tmp_path))
    with pytest.raises(DataError, match=r"lfw\.bin: refused, for it asks for posix\.system\. .* nothing in the"):
        _ = dataset.manifest
    assert not inspect(dataset, 0).ok
    assert not (tmp_path / "mark").exists()
    pickle.loads(content)
    assert (tmp_path / "mark").exists()  # it does run where nobody refuses it


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([b"x"], r"lfw\.bin: not a list of pictures and a list of flags\. Expected a file like lfw\.bin"),
        ({"a": 1}, r"lfw\.bin: not a list of pictures and a list of flags\."),
        (([b"x"] * 39, [True] * 20), r"lfw\.bin: 39 pictures for 20 pairs, expected two each\. Get it anew\."),
        (([b"x"] * 4, [True] * 2), r"lfw\.bin: 2 pairs are too few for 10 folds\. Get it anew\."),
        (([b"x"] * 40, [0.5] * 20), r"lfw\.bin: flags of pairs that are not true or false\."),
        (([b"x"] * 40, [2] * 20), r"lfw\.bin: flags of pairs that are not true or false\."),
        (([b"x"] * 40, [[True], []] * 10), r"lfw\.bin: flags of pairs that are not true or false\."),
        (
            ([b"x", "y"] * 20, [True] * 20),
            r"lfw\.bin: picture 000001 is str, expected the bytes of a file, or",
        ),
        (([np.zeros((4, 4), np.uint8)] * 40, [True] * 20), r"picture 000000 is ndarray \(4, 4\), expected"),
        (([np.zeros((4, 4, 3))] * 40, [True] * 20), r"picture 000000 is ndarray \(4, 4, 3\), expected"),
    ],
)
def test_contents_that_are_wrong(tmp_path, value, message):
    (tmp_path / "lfw.bin").write_bytes(pickle.dumps(value))
    with pytest.raises(DataError, match=message):
        _ = VerificationBin(str(tmp_path)).manifest


def test_pictures_that_cannot_be_read_are_counted(tmp_path):
    pictures = [jpeg(number) for number in range(20)]
    pictures[5], pictures[6] = b"", b"GIF89a"
    (tmp_path / "lfw.bin").write_bytes(pickle.dumps((pictures, [True] * 10)))
    dataset = VerificationBin(str(tmp_path))
    assert list(inspect(dataset, 0).faulty) == ["000005", "000006"]
    with pytest.raises(PictureError, match=r"lfw\.bin: picture 000005: not a picture of a known format"):
        dataset.read(dataset.manifest, 5)
    limited = VerificationBin(str(tmp_path), max_pixels=100)
    with pytest.raises(PictureError, match=r"picture 000000: 12 x 12 = 144 pixels, more than the limit of 100"):
        limited.read(limited.manifest, 0)


def test_missing_files(tmp_path):
    with pytest.raises(DataError, match=r"agedb_30\.bin: no such file\. Expected a file like lfw\.bin"):
        _ = VerificationBin(str(tmp_path), file="agedb_30.bin").manifest
    with pytest.raises(DataError, match=r"/no: no such folder\. Expected a file like lfw\.bin"):
        _ = VerificationBin(str(tmp_path / "no")).manifest


def test_a_truncated_file(tmp_path):
    write_bin(tmp_path / "lfw.bin")
    (tmp_path / "lfw.bin").write_bytes((tmp_path / "lfw.bin").read_bytes()[:900])
    with pytest.raises(DataError, match=r"lfw\.bin: not a pickle, or a damaged one \(.*\)\. Get the file anew\."):
        _ = VerificationBin(str(tmp_path)).manifest


def test_a_damaged_byte_is_one_line_or_harmless(tmp_path):
    write_bin(tmp_path / "lfw.bin", pairs=10)
    content = (tmp_path / "lfw.bin").read_bytes()
    generator = np.random.default_rng(0)
    for place in [
        *range(40),
        *generator.integers(0, len(content), 100).tolist(),
        *range(len(content) - 40, len(content)),
    ]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(generator.integers(8))
        (tmp_path / "lfw.bin").write_bytes(damaged)
        found = inspect(VerificationBin(str(tmp_path)), 0)
        assert found.samples + len(found.errors) > 0 and not any("\n" in line for line in found.errors)
