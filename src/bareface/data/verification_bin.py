"""insightface's verification sets: lfw.bin, cfp_fp.bin, agedb_30.bin and others."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bareface.data.dataset import Record, Stage
from bareface.data.folders import existing_folder
from bareface.data.manifest import Manifest
from bareface.data.pairs import PairDataSet, Pairs
from bareface.data.splits import all_test
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError
from bareface.io.pictures import MAX_PIXELS, check_max_pixels, decode_picture
from bareface.io.safe_pickle import load_arrays

SOURCES = "Expected a file like lfw.bin, which lies beside insightface's train.rec."
FOLDS = 10


class VerificationBin(SurveyedDataSet, PairDataSet):
    """A verification set of insightface: aligned pictures in pairs, in one ``.bin`` file; identities are not known.

    The file is a pickle. It is read without running anything that it asks for, and what is not a picture or a flag
    is refused. The pictures of pair k are ``{2k:06d}`` and ``{2k + 1:06d}``; one that is in two pairs has two keys.
    All are for the test. The folds are ten runs of pairs, in the order of the file, of equal length or one apart.

    Args:
        root: Folder of the file.
        file: Its name.
        max_pixels: Larger pictures are refused before they are decoded.
    """

    def __init__(self, root: str, file: str = "lfw.bin", max_pixels: int = MAX_PIXELS) -> None:
        self.root, self.path, self.max_pixels = Path(root), Path(root) / file, check_max_pixels(max_pixels)

    def survey(self) -> Survey:
        """Reads the file; the pictures stay encoded."""
        existing_folder(self.root, SOURCES)
        if not self.path.is_file():
            raise DataError(f"{self.path}: no such file. {SOURCES}")
        contents, mated = _content(load_arrays(self.path), self.path)
        columns = {
            "key": pa.array([f"{number:06d}" for number in range(len(contents))], pa.string()),
            "content": pa.array([content for content, _ in contents], pa.large_binary()),
            "height": pa.array([height for _, (height, _) in contents], pa.int32()),
            "width": pa.array([width for _, (_, width) in contents], pa.int32()),
            "mated": pa.array(np.repeat(mated, 2)),
        }
        return Survey(Manifest(pa.table(columns)))

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Every picture is for the test."""
        return all_test(manifest)

    @cached_property
    def pairs(self) -> Pairs:  # type: ignore[override]
        """The pairs in the order of the file."""
        keys = np.array(self.manifest.column("key").tolist(), np.str_)
        mated = np.asarray(self.manifest.table["mated"].to_numpy()[::2], bool)
        sizes = [len(part) for part in np.array_split(np.arange(len(mated)), FOLDS)]
        return Pairs(keys[::2], keys[1::2], mated, np.repeat(np.arange(FOLDS), sizes))

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture."""
        sample = manifest.row(row)
        if sample["height"]:
            pixels = np.frombuffer(sample["content"], np.uint8)
            return Record(pixels.reshape(sample["height"], sample["width"], 3).copy())
        return Record(decode_picture(sample["content"], f"{self.path}: picture {sample['key']}", self.max_pixels))

    def content(self, manifest: Manifest, row: int) -> bytes:
        """The bytes of a picture as they are in the file."""
        return bytes(manifest.table["content"][row].as_py())


def _content(loaded: Any, path: Path) -> tuple[list[tuple[bytes, tuple[int, int]]], NDArray[np.bool_]]:
    """Bytes of each picture with height and width (0, 0 where it is encoded), and whether each pair is mated."""
    if not isinstance(loaded, (tuple, list)) or len(loaded) != 2 or not isinstance(loaded[0], list):
        raise DataError(f"{path}: not a list of pictures and a list of flags. {SOURCES}")
    try:
        flags = np.asarray(loaded[1])
    except ValueError:  # lists of unequal length
        flags = np.zeros(0)
    if flags.ndim != 1 or not (flags.dtype == bool or (flags.dtype.kind in "iu" and np.isin(flags, (0, 1)).all())):
        raise DataError(f"{path}: flags of pairs that are not true or false. {SOURCES}")
    if len(loaded[0]) != 2 * len(flags):
        raise DataError(f"{path}: {len(loaded[0])} pictures for {len(flags)} pairs, expected two each. Get it anew.")
    if len(flags) < FOLDS:
        raise DataError(f"{path}: {len(flags)} pairs are too few for {FOLDS} folds. Get it anew.")
    contents = []
    for number, picture in enumerate(loaded[0]):
        array = picture if isinstance(picture, np.ndarray) and picture.dtype == np.uint8 else None
        if isinstance(picture, bytes) or (array is not None and array.ndim == 1):
            contents.append((bytes(picture), (0, 0)))
        elif array is not None and array.ndim == 3 and array.shape[2] == 3 and array.size:
            contents.append((array.tobytes(), (int(array.shape[0]), int(array.shape[1]))))
        else:
            what = f"picture {number:06d} is {type(picture).__name__} {getattr(picture, 'shape', '')}".rstrip()
            raise DataError(f"{path}: {what}, expected the bytes of a file, or (H, W, 3) uint8. {SOURCES}")
    return contents, flags.astype(bool)
