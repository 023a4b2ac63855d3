"""``bareface detect`` from its command line, and a training on what it found."""

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from bareface.callbacks.figures import Section, sheet
from bareface.data.synthetic.renderer import Renderer
from bareface.io.pictures import write_picture
from e2e.conftest import PLAIN, SHORT, Done, bareface

PEOPLE = (0, 3, 6, 7)  # a cascade takes these drawings for faces


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four people, four photos each; a photo without a face; a broken file; a picture of 10,000 x 10,000 pixels."""
    root = tmp_path_factory.mktemp("people")
    renderer = Renderer(seed=0)
    for person in PEOPLE:
        (root / f"p{person}").mkdir()
        photo = renderer.render(person, 0).image
        for number in range(4):
            write_picture(root / f"p{person}" / f"{number}.jpg", np.ascontiguousarray(photo[:, 2 * number :]))
    write_picture(root / "p0/wall.jpg", np.full((90, 80, 3), 128, np.uint8))
    (root / "p0/broken.jpg").write_bytes(b"broken")
    Image.new("1", (10_000, 10_000)).save(root / "p0/huge.png")
    return root


@pytest.fixture(scope="module")
def detection(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    runs = tmp_path_factory.mktemp("runs")
    return bareface("detect", f"data.root={folder}", "workers=0", "pictures=4", f"runs={runs}")


def test_every_picture_is_accounted_for(detection: Done) -> None:
    assert detection.status == 0, detection.stderr
    assert "pictures 19, with a face 16, none 1, several 0, unreadable 2" in detection.stdout
    assert detection.results == {"pictures": 19, "with_face": 16, "no_face": 1, "several": 0, "unreadable": 2}
    with (detection.folder / "failures.csv").open(newline="") as file:
        failures = dict(list(csv.reader(file))[1:])
    assert failures.keys() == {"p0/wall.jpg", "p0/broken.jpg", "p0/huge.png"}
    assert failures["p0/wall.jpg"] == "no face found." and "not a picture" in failures["p0/broken.jpg"]
    assert "10000 x 10000 = 100000000 pixels, more than the limit of 40000000" in failures["p0/huge.png"]
    assert len(pq.read_table(detection.folder / "faces.parquet")) == 19
    sheet = cv2.imread(str(detection.folder / "figures/faces.png"))
    assert sheet is not None and min(sheet.shape[:2]) > 300


def test_a_training_on_faces_lists_the_pictures_without_one(detection: Done, folder: Path, tmp_path: Path) -> None:
    people = tmp_path / "people"
    shutil.copytree(folder, people)
    for name in ("broken.jpg", "huge.png"):
        (people / "p0" / name).unlink()
    short = [option for option in SHORT if not option.startswith("data.")]
    options = ["experiment=demo_orl", f"data.root={people}", "data.first=2", *short, *PLAIN]
    sizes = ["shorter=36", "crop=32", "canvas=48"]
    options += [*sizes, f"loader.faces={detection.folder / 'faces.parquet'}", f"runs={tmp_path / 'runs'}"]
    other = bareface("train", *options)
    assert "recogniser.framing=picture: loader.faces cuts the pictures to loader.framing=box. Set both" in other.stderr
    done = bareface("train", *options, "recogniser.framing=box")
    assert done.status == 0, done.stderr
    with (done.folder / "skipped.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["key", "reason"], ["p0/wall.jpg", "no face found."]]


def test_a_table_of_faces_is_read_back_by_the_detector_of_boxes(detection: Done, folder: Path, tmp_path: Path) -> None:
    file = f"detector.file={detection.folder / 'faces.parquet'}"
    again = bareface("detect", f"data.root={folder}", "detector=boxes", file, "workers=0", f"runs={tmp_path}")
    assert again.status == 0 and again.results == detection.results
    tables = [pq.read_table(run.folder / "faces.parquet") for run in (detection, again)]
    assert tables[0].equals(tables[1])


def test_the_table_of_boxes_is_where_the_user_stands_and_one_outside_is_listed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("boxes.csv").write_text("key,x1,y1,x2,y2\np0/0.jpg,10,10,40,40\np0/1.jpg,10,900,40,950\n")
    options = ["detector=boxes", "detector.file=boxes.csv", "workers=0", f"runs={tmp_path}"]
    done = bareface("detect", f"data.root={folder}", *options)
    assert done.status == 0, done.stderr
    assert "pictures 19, with a face 1, none 16, several 0, unreadable 2" in done.stdout
    with (done.folder / "failures.csv").open(newline="") as file:
        reason = dict(list(csv.reader(file))[1:])["p0/1.jpg"]
    assert reason.startswith("box [10.0, 900.0, 40.0, 950.0] lies outside of the picture of ")


def test_no_face_in_any_picture_is_an_error_and_leaves_the_list(tmp_path: Path) -> None:
    write_picture(tmp_path / "wall.png", np.full((90, 80, 3), 128, np.uint8))
    (tmp_path / "torn.png").write_bytes(b"torn")
    done = bareface("detect", f"data.root={tmp_path}", "workers=0", f"runs={tmp_path / 'runs'}")
    counts = "pictures 2, with a face 0, none 1, several 0, unreadable 1"
    assert done.status == 1 and f"error: {tmp_path}: no face in any picture ({counts})." in done.stderr
    with (done.folder / "failures.csv").open(newline="") as file:
        assert {row["key"] for row in csv.DictReader(file)} == {"wall.png", "torn.png"}


def test_the_sheet_is_filled(detection: Done, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 19 pictures 16 have a face: so many that 12 can be drawn whichever of the others would be drawn."""
    drawn: list[tuple[str, int]] = []
    legends: list[str] = []
    causes: dict[str, tuple[str, str]] = {}
    kept = sheet

    def watched(title: str, sections: list[Section], legend: list[tuple[str, object]], **options: object) -> object:
        legends.extend(name for name, _ in legend)
        lines = [[text for text, _ in cell.lines] for cell in sections[0].cells]
        causes.update({key: (first, second) for key, first, second in lines})
        drawn.extend((part.heading, len(part.cells)) for part in sections)
        return kept(title, sections, legend, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("bareface.tasks.detect.sheet", watched)
    for pictures in ("0", "12", "16"):
        file = ["detector=boxes", f"detector.file={detection.folder / 'faces.parquet'}"]
        options = ["workers=0", f"pictures={pictures}", f"runs={tmp_path}"]
        done = bareface("detect", f"data.root={folder}", *file, *options)
        assert done.status == 0, done.stderr
    assert drawn == [("failures", 3), ("faces", 12), ("failures", 3), ("faces", 16)]
    assert "landmarks" not in legends and len(legends) == 2  # Haar's cascade finds none
    assert causes["p0/broken.jpg"] == ("not a picture of", "a known format")
    assert causes["p0/wall.jpg"] == ("no face found", "")
    assert causes["p0/huge.png"] == ("10000 x 10000 = 100000000 pixels,", "more than the limit of 40000000")


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["choice=biggest"], "choice=biggest: expected one of largest, central, all, error."),
        (["pictures=-1"], "pictures=-1: expected 0 or more."),
        (["data.max_pixels=-1"], "data.max_pixels=-1: expected at least 1."),
        (["detector=mtcnn"], "detector.weights: no value given."),
        (["detector=mtcnn", "detector.weights=/nowhere"], "/nowhere: no pnet.pt, rnet.pt, onet.pt in it."),
        (["detector=yunet", "detector.file=/nowhere.onnx"], "/nowhere.onnx: no such file. People get"),
    ],
)
def test_mistakes_in_one_line(options: list[str], answer: str, folder: Path, tmp_path: Path) -> None:
    done = bareface("detect", f"data.root={folder}", *options, f"runs={tmp_path}")
    assert done.status == 1 and answer in done.stderr and "Traceback" not in done.stderr
