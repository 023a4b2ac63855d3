"""Any folder of pictures."""

import numpy as np
import pytest

from bareface.data.picture_folder import PictureFolder
from bareface.errors import DataError, PictureError
from bareface.io.pictures import write_picture


def test_pictures_at_any_depth_without_hidden_ones(tmp_path):
    for name in ("b.png", "x/a.PNG", "x/y/c.jpg", ".hidden/d.png", "x/.e.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_picture(tmp_path / name, np.full((4, 6, 3), 7, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    dataset = PictureFolder(str(tmp_path))
    assert dataset.manifest.column("key").tolist() == ["b.png", "x/a.PNG", "x/y/c.jpg"]
    assert {stage: len(part) for stage, part in dataset.splits.items()} == {"train": 0, "val": 0, "test": 3}
    assert dataset.read(dataset.manifest, 1).image.shape == (4, 6, 3)


def test_limits_and_folders_that_are_not_there(tmp_path):
    with pytest.raises(DataError, match=r"gone: no such folder\. Expected a folder with pictures"):
        _ = PictureFolder(str(tmp_path / "gone")).manifest
    with pytest.raises(DataError, match="no samples found"):
        _ = PictureFolder(str(tmp_path)).manifest
    write_picture(tmp_path / "a.png", np.zeros((4, 6, 3), np.uint8))
    dataset = PictureFolder(str(tmp_path), max_pixels=23)
    with pytest.raises(PictureError, match="6 x 4 = 24 pixels, more than the limit of 23"):
        dataset.read(dataset.manifest, 0)


def test_messages_have_no_marks_of_docstrings(tmp_path):
    class Ticked(PictureFolder):
        """Files such as ``a.jpg``."""

    with pytest.raises(DataError, match=r"no samples found\. Files such as a\.jpg\.$"):
        _ = Ticked(str(tmp_path)).manifest
