"""Faces from a file."""

import pickle

import numpy as np
import pytest

from bareface.errors import DataError, FaceError
from bareface.recognition.detection.boxes import BoxesFromFile
from bareface.recognition.detection.framing import FaceFramer

PICTURE = np.zeros((9, 9, 3), np.uint8)


@pytest.fixture
def detector(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text("key,x1,y1,x2,y2,score\na.jpg,1,2,3,4,0.25\nb.jpg,,,,,\na.jpg,5,6,7,8,0.5\n")
    return BoxesFromFile(str(path))


def test_the_surest_face_comes_first(detector):
    found = detector.detect(PICTURE, "a.jpg")
    assert found.boxes.tolist() == [[5, 6, 7, 8], [1, 2, 3, 4]] and found.scores.tolist() == [0.5, 0.25]
    assert np.isnan(found.landmarks).all() and found.landmarks.shape == (2, 5, 2)


def test_a_picture_whose_row_has_no_box_has_no_face(detector):
    assert len(detector.detect(PICTURE, "b.jpg")) == 0


@pytest.mark.parametrize("key", ["c.jpg", ""])
def test_a_picture_without_a_row_is_told_from_one_without_a_face(detector, key):
    with pytest.raises(FaceError, match=r"^no row in .*boxes\.csv\.$"):
        detector.detect(PICTURE, key)
    framed = FaceFramer("box", detector)(PICTURE, key)
    assert framed.crops == [] and framed.reason == f"no row in {detector.file}."


@pytest.mark.parametrize(
    ("box", "outside"),
    [
        ("-2,1,1,3", False),  # reaches out
        ("8,8,20,20", False),
        ("-2,1,0,3", True),
        ("9,0,12,4", True),
        ("0,-5,4,0", True),
        ("0,9,4,12", True),
    ],
)
def test_a_box_that_lies_outside_of_its_picture_is_refused(tmp_path, box, outside):
    path = tmp_path / "boxes.csv"
    path.write_text(f"key,x1,y1,x2,y2\na.jpg,1,2,3,4\na.jpg,{box}\n")
    detector = BoxesFromFile(str(path))
    if not outside:
        assert len(detector.detect(PICTURE, "a.jpg")) == 2
        return
    shown = ", ".join(f"{value}.0" for value in box.split(","))
    with pytest.raises(FaceError, match=rf"^box \[{shown}\] lies outside of the picture of 9 x 9\. Correct its row"):
        detector.detect(PICTURE, "a.jpg")
    framed = FaceFramer("box", detector)(PICTURE, "a.jpg")
    assert framed.crops == [] and "lies outside of the picture of 9 x 9" in framed.reason


def test_it_can_be_sent_to_another_process(detector):
    sent = pickle.dumps(detector)
    assert len(sent) < 500 and len(pickle.loads(sent).detect(PICTURE, "a.jpg")) == 2


def test_files_are_looked_at_before_anything_is_done(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such table of faces"):
        BoxesFromFile(str(tmp_path / "gone.csv"))
    path = tmp_path / "boxes.csv"
    path.write_text("key,x1,y1,x2,y2\na.jpg,1,2,3,?\n")
    with pytest.raises(DataError, match=r"boxes\.csv: malformed rows: a\.jpg: expected numbers"):
        BoxesFromFile(str(path))
