"""The faces of a table, cut out of the pictures of a data set as they are read."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bareface.data.dataset import Record
from bareface.data.faces import FaceTable
from bareface.data.framing import FaceFraming, cut
from bareface.data.manifest import Manifest
from bareface.errors import DataError, FaceError, some

OnNoFace = Literal["fail", "whole"]


def with_faces(manifest: Manifest, table: FaceTable) -> Manifest:
    """The same samples, each with its face: what ``FaceFrames`` looks at. The table itself is not needed any more.

    Args:
        manifest: Of any data set.
        table: Knows every picture, those without a face too, and one face of each at most.

    Raises:
        DataError: Pictures are not in the table or have several faces there, or none of them has a face.
    """
    keys = manifest.table["key"]
    found = table.positions(keys)
    if found.null_count:
        missing = some(keys.filter(pc.is_null(found)).to_pylist())
        raise DataError(f"{table.name}: says nothing of {missing}. Run bareface detect on this data.")
    rows = np.asarray(found.to_numpy(), np.int64)
    again = np.zeros(len(table) + 1, bool)
    again[1:-1] = np.asarray(pc.equal(table.keys[1:], table.keys[:-1]).to_numpy(zero_copy_only=False), bool)
    several = again[rows + 1]
    if several.any():
        names = some(keys.filter(pa.array(several)).to_pylist())
        raise DataError(f"{table.name}: several faces of {names}. Write it with choice=largest or central.")
    if not table.has_face[rows].any():
        raise DataError(f"{table.name}: none of these {len(rows)} pictures has a face. Try another detector.")
    places = np.concatenate([table.boxes[rows], table.landmarks[rows].reshape(-1, 10)], 1)
    columns = {
        "face": pa.FixedSizeListArray.from_arrays(pa.array(places.ravel()), 14),
        "face_size": pa.FixedSizeListArray.from_arrays(pa.array(table.sizes[rows].ravel()), 2),
        "face_reason": table.reasons.take(found),
    }
    for name, column in columns.items():
        manifest = manifest.with_column(name, column)
    return manifest


class FaceFrames:
    """Cuts faces out of records.

    Args:
        framing: ``box`` or ``aligned``; see ``bareface.data.framing``.
        on_no_face: ``fail``: a picture without a face is an error. ``whole``: it is taken as it is.

    Raises:
        ValueError: Another word.
    """

    def __init__(self, framing: FaceFraming, on_no_face: OnNoFace = "fail") -> None:
        if framing not in get_args(FaceFraming):
            raise ValueError(f"loader.framing={framing}: expected box or aligned.")
        if on_no_face not in get_args(OnNoFace):
            raise ValueError(f"loader.on_no_face={on_no_face}: expected fail or whole.")
        self.framing, self.on_no_face = framing, on_no_face

    def __call__(self, record: Record, sample: Mapping[str, Any]) -> Record:
        """Cuts the face out of picture and mask.

        Args:
            record: As the data set reads it.
            sample: Its row of a manifest ``with_faces``.

        Raises:
            FaceError: There is no face, or it cannot be cut out in this way.
            DataError: The table was made for a picture of another size.
        """
        size = tuple(sample["face_size"])
        if -1 not in size and size != record.image.shape[:2]:
            now = "{} x {}".format(*record.image.shape[:2])
            was = "{} x {}".format(*size)
            raise DataError(f"{sample['key']}: {now} pixels, its face was found in {was}. Run bareface detect again.")
        place = np.array(sample["face"], np.float64)
        try:
            if not np.isfinite(place[0]):
                raise FaceError(sample["face_reason"] or "no face in the table.")
            return cut(record, self.framing, place[:4], place[4:].reshape(5, 2))
        except FaceError:
            if self.on_no_face == "whole":
                return record
            raise
