"""What the DataModule says of its data."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bareface.data.datamodule import DataModule
from bareface.data.dataset import MaskDataSet, Record, Stage
from bareface.data.identity_folder import IdentityFolder
from bareface.data.manifest import Manifest
from bareface.data.transforms import Letterbox
from bareface.errors import PictureError


class Stripes(MaskDataSet):
    """The mask of training picture k has k pixels of face, 10 - k of background and 2 ignored ones."""

    classes = ("background", "face", "hair")
    root = Path("drawn")

    def index(self) -> Manifest:
        return Manifest(pa.table({"key": [str(number) for number in range(8)]}))

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        return {"train": manifest.take(range(5)), "val": manifest.take([5]), "test": manifest.take([6, 7])}

    def read(self, manifest: Manifest, row: int) -> Record:
        number = int(manifest.key(row))
        mask = np.array([1] * number + [0] * (10 - number) + [255] * 2, np.uint8).reshape(3, 4)
        return Record(np.zeros((3, 4, 3), np.uint8), mask)


def module(dataset: MaskDataSet | IdentityFolder) -> DataModule:
    canvas = Letterbox(4)
    return DataModule(dataset, canvas, canvas, batch_size=2, num_workers=0, on_error="raise", seed=0)


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        (100, [50 - 10, 0 + 1 + 2 + 3 + 4, 0]),
        (3, [30 - 6, 0 + 2 + 4, 0]),  # evenly spaced: the first, the middle and the last
        (1, [10, 0, 0]),
    ],
)
def test_pixels_of_the_training_masks_are_counted(pictures: int, expected: list[int]) -> None:
    assert module(Stripes()).class_counts(pictures) == expected


def test_without_masks_there_is_nothing_to_count(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="data=IdentityFolder has no masks whose classes could be counted"):
        module(IdentityFolder(str(tmp_path))).class_counts(1)


def test_a_broken_picture_says_how_to_go_on_without_it(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann/1.png").touch()
    samples = module(IdentityFolder(str(tmp_path), fractions=(1, 0, 0))).samples("train", augment=False)
    remedy = r"Or set loader\.on_error=skip: it leaves such pictures out and lists them\.$"
    with pytest.raises(PictureError, match=rf"ann/1\.png: an empty file\. .* {remedy}"):
        samples[0]
