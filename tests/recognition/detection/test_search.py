"""Faces of a data set, counted, written and read back."""

import csv

import numpy as np
import pyarrow.parquet as pq
import pytest
from recognition.detection.tiny import FixedDetector

from bareface.data.faces import SCHEMA, read_faces
from bareface.data.picture_folder import PictureFolder
from bareface.io.pictures import write_picture
from bareface.recognition.detection.boxes import BoxesFromFile
from bareface.recognition.detection.faces_table import FacesWriter
from bareface.recognition.detection.search import Tally, search

COUNTS = {"a.png": 1, "b/c.png": 0, "b/d.png": 3, "e.png": 1}


@pytest.fixture
def dataset(tmp_path):
    """Pictures whose first pixel says how many faces they have, and a broken one."""
    folder = tmp_path / "pictures"
    for key, count in COUNTS.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        image = np.full((50, 40, 3), 90, np.uint8)
        image[0, 0] = count
        write_picture(folder / key, image)
    (folder / "f.png").write_bytes(b"broken")
    return PictureFolder(str(folder))


def run(dataset, folder, choice, workers=0):
    folder.mkdir(exist_ok=True)
    tally = Tally()
    with FacesWriter(folder) as writer:
        for found in search(dataset, dataset.manifest, FixedDetector(), choice, workers):
            writer.write(found)
            tally.add(found)
    with (folder / "failures.csv").open(newline="") as file:
        return tally, dict(list(csv.reader(file))[1:])


@pytest.mark.parametrize("workers", [0, 2])
def test_every_picture_is_counted_and_every_failure_named(dataset, tmp_path, workers):
    tally, failures = run(dataset, tmp_path / "run", "largest", workers)
    assert tally == Tally(pictures=5, with_face=3, no_face=1, several=1, unreadable=1)
    assert failures.keys() == {"b/c.png", "f.png"} and failures["b/c.png"] == "no face found."
    assert "f.png: not a picture of a known format" in failures["f.png"]
    table = pq.read_table(tmp_path / "run/faces.parquet")
    assert table.schema.equals(SCHEMA) and table["key"].to_pylist() == [*COUNTS, "f.png"]
    rows = table.to_pylist()
    assert [rows[0][name] for name in ("x1", "y1", "x2", "y2", "score")] == [5, 5, 15, 15, 1]
    assert [rows[2][name] for name in ("height", "width", "faces", "nose_x", "reason")] == [50, 40, 3, None, None]
    assert [rows[4][name] for name in ("x1", "score", "height", "faces")] == [None, None, None, 0]


def test_all_faces_have_rows_and_can_be_read_back(dataset, tmp_path):
    tally, _ = run(dataset, tmp_path / "run", "all")
    assert tally.with_face == 3 and len(read_faces(tmp_path / "run/faces.parquet")) == 3 + 2 + 2
    detector = BoxesFromFile(str(tmp_path / "run/faces.parquet"))
    for row, key in enumerate(COUNTS):
        image = dataset.read(dataset.manifest, row).image
        again, first = detector.detect(image, key), FixedDetector().detect(image)
        np.testing.assert_array_equal(again.boxes, first.boxes)
        np.testing.assert_array_equal(again.scores, first.scores)
        np.testing.assert_array_equal(again.landmarks, first.landmarks)


def test_several_faces_where_one_is_expected_are_a_failure(dataset, tmp_path):
    tally, failures = run(dataset, tmp_path / "run", "error")
    assert tally == Tally(pictures=5, with_face=2, no_face=1, several=1, unreadable=1)
    assert failures["b/d.png"].startswith("3 faces, expected one.")


def test_a_run_that_fails_leaves_nothing(dataset, tmp_path):
    with pytest.raises(RuntimeError, match="stop"), FacesWriter(tmp_path) as writer:
        writer.write(next(search(dataset, dataset.manifest, FixedDetector(), "largest")))
        raise RuntimeError("stop")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures"]


def test_a_negative_number_of_workers(dataset):
    with pytest.raises(ValueError, match=r"workers=-1: expected 0 \(this process\) or more\."):
        next(search(dataset, dataset.manifest, FixedDetector(), "largest", -1))
