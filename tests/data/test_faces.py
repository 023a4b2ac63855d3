"""Tables of faces."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bareface.data.faces import POINTS, read_faces
from bareface.errors import DataError

LOOSE = 'NAME_ID,X,Y,W,H\n"n000001/0002_01",60,61,79,109\n"n000001/0001_01",-5,4,30,40\n'
PLACES = "NAME_ID," + ",".join(f"P{n}{axis}" for n in range(1, 6) for axis in "XY") + "\n"
PLACES += '"n000001/0001_01",' + ",".join(str(n + 0.5) for n in range(10)) + "\n"
PLACES += '"n000001/0002_01",' + ",".join(str(n) for n in range(10, 20)) + "\n"


def written(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def test_a_csv_with_boxes_alone(tmp_path):
    table = read_faces(written(tmp_path, "a.csv", "key,x1,y1,x2,y2\nb.jpg,1,2,3.5,4\na/é.jpg,5,6,7,8\nb.jpg,0,0,9,9\n"))
    assert len(table) == 3 and table.has_face.all()
    assert table.has_face is table.has_face, "computed once, not for every picture"
    assert table.boxes[table.rows("b.jpg")].tolist() == [[1, 2, 3.5, 4], [0, 0, 9, 9]]
    assert table.boxes[table.rows("a/é.jpg")].tolist() == [[5, 6, 7, 8]]
    for unknown in ("a", "b", "c.jpg", ""):
        assert len(table.boxes[table.rows(unknown)]) == 0
    assert table.scores.tolist() == [1, 1, 1] and np.isnan(table.landmarks).all()


def test_a_csv_with_everything(tmp_path):
    head = ",".join(["key", "x1", "y1", "x2", "y2", "score", *POINTS, "reason"])
    rows = ["a.jpg,1,2,3,4,0.5," + ",".join(map(str, range(10))) + ",", "b.jpg" + "," * 16 + "no face found."]
    table = read_faces(written(tmp_path, "a.csv", "\n".join([head, *rows]) + "\n"))
    assert table.scores[0] == 0.5 and table.landmarks[0].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert table.has_face.tolist() == [True, False] and table.reasons[1].as_py() == "no face found."


def test_the_boxes_of_vggface2(tmp_path):
    table = read_faces(written(tmp_path, "b.csv", LOOSE), written(tmp_path, "l.csv", PLACES))
    rows = table.rows("train/n000001/0002_01.jpg")
    assert table.boxes[rows].tolist() == [[60, 61, 139, 170]]
    assert table.landmarks[rows][0].tolist() == [[10, 11], [12, 13], [14, 15], [16, 17], [18, 19]]
    assert table.boxes[table.rows("n000001/0001_01.png")].tolist() == [[-5, 4, 25, 44]]
    keys = pa.chunked_array([["train/n000001/0002_01.jpg", "n000001/0001_01.png", "train/n000009/0001_01.jpg"]])
    assert table.positions(keys).to_pylist() == [1, 0, None]


def test_several_faces_of_a_key_are_found_at_their_first(tmp_path):
    text = "key,x1,y1,x2,y2\n" + "".join(f"{key},0,0,{n + 1},5\n" for n, key in enumerate("bacab"))
    table = read_faces(written(tmp_path, "a.csv", text))
    assert table.positions(pa.chunked_array([["c", "b", "a"]])).to_pylist() == [4, 2, 0]


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (["a,1,2,3"], "malformed rows: a,1,2,3: expected numbers, as many as the header"),
        (["a,1,2,x,4", "b,1,2,1e3,4", "c,nan,2,3,4"], "malformed rows: a, c: expected numbers"),
        (["a,5,2,3,4", "b,1,,3,4", "c,1,2,3,4", ",1,2,3,4"], "malformed lines: 2 (a), 3 (b), 5 (None): expected a key"),
        ([f"a{n},5,2,3,4" for n in range(9)], "2 (a0), 3 (a1), 4 (a2), 5 (a3), 6 (a4), ... (9 in all)"),
    ],
)
def test_malformed_rows_in_one_line(tmp_path, rows, shown):
    path = written(tmp_path, "a.csv", "key,x1,y1,x2,y2\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError, match=re.escape(shown)) as caught:
        read_faces(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_a_part_of_the_landmarks_only(tmp_path):
    head = ",".join(["key", "x1", "y1", "x2", "y2", *POINTS])
    path = written(tmp_path, "a.csv", f"{head}\na,1,2,3,4,1,1,1,1,1,1,1,1,1,\n")
    with pytest.raises(DataError, match=r"malformed lines: 2 \(a\): expected .* five landmarks or none\."):
        read_faces(path)


def test_a_malformed_row_is_told_in_the_terms_of_its_file(tmp_path):
    path = written(tmp_path, "b.csv", LOOSE + "n000001/0003_01,5,5,0,9\n")
    with pytest.raises(DataError, match=r"malformed lines: 4 \(n000001/0003_01\): expected a NAME_ID, W > 0, H > 0,"):
        read_faces(path)
    pq.write_table(pa.table({"key": ["a", "b"], "x1": [0, 5], "y1": [0, 0], "x2": [1, 5], "y2": [1, 1]}), path)
    with pytest.raises(DataError, match=r"malformed rows: 2 \(b\): expected a key, x1 < x2, y1 < y2,"):
        read_faces(path.rename(tmp_path / "b.parquet"))


def test_files_that_are_no_table(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.csv: no such table of faces\. Write one with bareface detect"):
        read_faces(tmp_path / "x.csv")
    with pytest.raises(
        DataError, match=r"a\.csv: no column x2, y2\. Expected key, x1, y1, x2, y2 .*, or NAME_ID, X, Y, W, H"
    ):
        read_faces(written(tmp_path, "a.csv", "key,x1,y1\na,1,2\n"))
    with pytest.raises(DataError, match=r"a\.csv: no column W, H\. Expected NAME_ID,X,Y,W,H, or key,x1,y1,x2,y2\."):
        read_faces(written(tmp_path, "a.csv", "NAME_ID,X,Y\na,1,2\n"))
    with pytest.raises(DataError, match=r"a\.csv: unreadable"):
        read_faces(written(tmp_path, "a.csv", ""))
    with pytest.raises(DataError, match=r"a\.parquet: not a Parquet file"):
        read_faces(written(tmp_path, "a.parquet", "key"))
    pq.write_table(pa.table({"key": ["a"], "x1": ["?"], "y1": [0], "x2": [1], "y2": [1]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b\.parquet: columns of other types"):
        read_faces(tmp_path / "b.parquet")


def test_landmarks_of_other_pictures(tmp_path):
    boxes = written(tmp_path, "b.csv", LOOSE)
    with pytest.raises(DataError, match=r"l\.csv: no landmarks of n000001/0002_01\. Use the file that belongs to b\."):
        read_faces(boxes, written(tmp_path, "l.csv", PLACES.rsplit("\n", 2)[0] + "\n"))
    with pytest.raises(DataError, match=r"l\.csv: no column P5Y\. Expected NAME_ID,P1X"):
        read_faces(boxes, written(tmp_path, "l.csv", PLACES.replace("P5Y", "P6Y")))
    with pytest.raises(DataError, match=r"only loose_bb_\*\.csv has landmarks in another file\. Leave it out\."):
        read_faces(written(tmp_path, "a.csv", "key,x1,y1,x2,y2\na,1,2,3,4\n"), boxes)
