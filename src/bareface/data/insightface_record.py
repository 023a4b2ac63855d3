"""insightface's training sets: CASIA-WebFace, VGGFace2, MS-Celeb-1M's cleaned forms, ... in one ``train.rec``."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from bareface.data.dataset import IdentityDataSet, Record, Stage
from bareface.data.folders import existing_folder
from bareface.data.insightface_labels import picture_records, read_property
from bareface.data.manifest import Manifest
from bareface.data.splits import check_fractions, check_seed, closed_set, disjoint
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, PictureError
from bareface.io.pictures import MAX_PIXELS, check_max_pixels, decode_picture
from bareface.io.recordio import RecordFile, read_index, unpack

SOURCES = (
    "Expected train.rec, train.idx and property, as unpacked from a training set of insightface "
    "(its repository, recognition/_datasets_)."
)


class InsightfaceRecord(SurveyedDataSet, IdentityDataSet):
    """A training set of insightface: aligned pictures of 112 x 112 in ``train.rec``, found by ``train.idx``.

    The key of record 123 is ``rec/0000123``; label k is the class k of networks that were trained on the file, and its
    name is ``k``. Labels come from the ranges of identities that the file itself lists, so that it need not be read;
    where there are none, or they do not fit, the head of every record is read.

    Args:
        root: Folder of the three files; ``property`` may be missing.
        record: Name of the two files without suffix.
        split: ``fractions``: of each identity's pictures, all three know every identity (whoever has one picture is in
            train only). ``disjoint``: no identity in two stages.
        fractions: Train, val and test share of the pictures.
        seed: Of the split.
        max_pixels: Larger pictures are refused before they are decoded.
    """

    def __init__(
        self,
        root: str,
        record: str = "train",
        split: Literal["fractions", "disjoint"] = "fractions",
        fractions: Sequence[float] = (0.98, 0.01, 0.01),
        seed: int = 0,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        if split not in ("fractions", "disjoint"):
            raise ValueError(f"data.split={split}: expected fractions or disjoint.")
        self.root, self.record, self.split_by, self.max_pixels = Path(root), record, split, check_max_pixels(max_pixels)
        self.fractions, self.seed = check_fractions(fractions), check_seed(seed)
        self.records = RecordFile(self.root / f"{record}.rec")
        self.classes = ()

    @cached_property
    def identities(self) -> tuple[str, ...]:  # type: ignore[override]
        """The class numbers as names: ``0``, ``1``, ..."""
        return self.names(self.manifest)

    def names(self, manifest: Manifest) -> tuple[str, ...]:
        """The class numbers as names: those of ``property``, else up to the largest label."""
        classes = read_property(self.root / "property")
        largest = pc.max(manifest.table["label"]).as_py()
        return tuple(str(number) for number in range(largest + 1 if classes is None else classes))

    def survey(self) -> Survey:
        """Reads the index and the labels, and makes sure that the last record is whole."""
        existing_folder(self.root, SOURCES)
        index = self.root / f"{self.record}.idx"
        for path in (self.records.path, index):
            if not path.is_file():
                raise DataError(f"{path}: no such file. {SOURCES}")
        keys, offsets = read_index(index)
        warnings = []
        left = self.records.size - self.records.end(int(offsets.max()))
        if left > 0:
            warnings.append(f"{self.records.path}: {left} bytes behind the last record of {index.name} are not read.")
        found = picture_records(self.records, keys, offsets)
        classes = read_property(self.root / "property")
        largest = int(found.labels.max(initial=0))
        if largest >= (len(found.keys) if classes is None else classes):
            told = f"{len(found.keys)} pictures and no property file" if classes is None else f"{classes} in property"
            raise DataError(f"{self.records.path}: class {largest}, but {told}. Correct property (classes,h,w).")
        width = max(7, len(str(found.keys.max(initial=0))))
        numbers = pc.utf8_lpad(pc.cast(pa.array(found.keys), pa.string()), width=width, padding="0")
        columns = {
            "key": pc.binary_join_element_wise("rec", numbers, "/"),
            "label": pa.array(found.labels),
            "offset": pa.array(found.offsets),
        }
        return Survey(Manifest(pa.table(columns)), [], warnings + found.warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the pictures as ``split`` says."""
        return (closed_set if self.split_by == "fractions" else disjoint)(manifest, self.fractions, self.seed)

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture."""
        name = f"{self.records.path}: {manifest.key(row)}"
        return Record(decode_picture(self.content(manifest, row), name, self.max_pixels))

    def content(self, manifest: Manifest, row: int) -> bytes:
        """The bytes of a picture as they are in its record.

        Raises:
            PictureError: The record is damaged.
        """
        try:
            record = self.records.read(manifest.table["offset"][row].as_py())
            return unpack(record, f"{self.records.path}: {manifest.key(row)}")[1]
        except DataError as error:
            raise PictureError(str(error)) from error
