"""``bareface enroll`` and ``identify`` with OpenCV's cascade, on drawn photos that are not all as one would like."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from bareface.data.synthetic.renderer import Renderer
from bareface.io.pictures import write_picture
from bareface.recognition.recogniser import Recogniser
from e2e.conftest import Done, bareface

PEOPLE = {"Ada": 0, "Bob": 6, "Cleo": 7}  # a cascade takes these drawings for faces


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small recogniser of faces in boxes, not trained: the same picture is found, and nothing else is asked of it."""
    torch.manual_seed(0)
    recogniser = Recogniser(
        backbone={"_target_": "bareface.recognition.backbones.resnet.ResNet18", "stem": "small"},
        head={"_target_": "bareface.recognition.heads.linear.Linear"},
        normalise={"mean": [120.0, 120.0, 120.0], "std": [64.0, 64.0, 64.0]},
        shorter=32,
        crop=32,
        canvas=48,
        identities=["somebody"],
        framing="box",
    )
    path = tmp_path_factory.mktemp("model") / "box.ckpt"
    state = {f"recogniser.{name}": value for name, value in recogniser.state_dict().items()}
    torch.save({"card": {**recogniser.card, "versions": {}}, "state_dict": state}, path)
    return str(path)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos of each person, and four that are out of the ordinary."""
    root, renderer = tmp_path_factory.mktemp("people"), Renderer(seed=0)
    photos = {name: renderer.render(person, 0).image for name, person in PEOPLE.items()}
    for name, photo in photos.items():
        (root / name).mkdir()
        for number in range(2):
            write_picture(root / name / f"{number}.png", np.ascontiguousarray(photo[:, 2 * number :]))
    write_picture(root / "Ada/wall.png", np.full((90, 80, 3), 128, np.uint8))
    write_picture(root / "Bob/couple.png", np.concatenate([photos["Ada"], photos["Bob"]], 1))  # his is larger
    write_picture(root / "Ada/edge.png", np.ascontiguousarray(photos["Ada"][:, 43:]))  # the box begins at 43
    Image.new("1", (10_000, 10_000)).save(root / "Ada/huge.png")
    return root


def run(*words: object) -> Done:
    return bareface(*map(str, words))


@pytest.fixture(scope="module")
def enrolled(people: Path, model: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, tuple[str, ...]]:
    """What enroll said, and the options that name the gallery."""
    options = ("--gallery", str(tmp_path_factory.mktemp("gallery") / "g"), "--recogniser", model, "--detector", "haar")
    return run("enroll", people, *options), options


def test_every_picture_is_enrolled_or_listed(enrolled: tuple[Done, tuple[str, ...]]) -> None:
    done, options = enrolled
    assert done.status == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "no face: Ada/wall.png: no face found." in lines and "many faces: Bob/couple.png: 2" in lines
    assert "cut by the border: Ada/edge.png" in lines
    (huge,) = (line for line in lines if "huge.png" in line)
    assert huge.startswith("failed: ") and "10000 x 10000 = 100000000 pixels, more than the limit of 40000000" in huge
    assert "8 faces embedded; pictures: 1 failed, 1 without a face, 1 with many, 1 with one cut by the border" in lines
    assert run("gallery", options[1], "--people").stdout.splitlines()[:3] == ["Ada\t3", "Bob\t3", "Cleo\t2"]


def test_each_face_and_each_picture_without_one_has_a_row(
    people: Path, enrolled: tuple[Done, tuple[str, ...]], tmp_path: Path
) -> None:
    table, options = tmp_path / "table.csv", (*enrolled[1], "--threshold", "0.999", "--top", "1")
    done = run("identify", people / "Ada", people / "Bob/couple.png", *options, "--faces", "all", "--out", table)
    assert done.status == 0, done.stderr
    rows = pd.read_csv(table, keep_default_na=False)
    rows["picture"] = [Path(name).name for name in rows["picture"]]
    found = rows.groupby("picture")["identity"].agg(sorted).to_dict()
    assert found["0.png"] == found["1.png"] == found["edge.png"] == ["Ada"] and found["couple.png"] == ["Ada", "Bob"]
    assert found["wall.png"] == found["huge.png"] == [""]
    notes = dict(zip(rows["picture"], rows["note"], strict=True))
    assert notes["wall.png"] == "no face found." and "more than the limit" in notes["huge.png"]
    assert "5 known, 0 unknown" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("policy", "said", "status"),
    [
        (["--faces", "largest"], ["many faces: couple.png: 2", "1 faces embedded"], 0),
        (["--faces", "error"], ["no face: couple.png: 2 faces, expected one.", "0 faces embedded"], 1),
        (["--faces", "error", "--on-no-face", "whole"], ["no face, taken whole: couple.png: 2 faces, expected"], 0),
        (["--faces", "first"], ["faces=first: expected one of largest, central, all, error."], 1),
        (["--on-no-face", "skip"], ["on-no-face=skip: expected one of fail, whole."], 1),
    ],
)
def test_two_faces_in_a_picture(
    policy: list[str], said: list[str], status: int, people: Path, enrolled: tuple[Done, tuple[str, ...]]
) -> None:
    done = run("identify", people / "Bob/couple.png", *enrolled[1], "--threshold", "0.999", *policy)
    text = (done.stdout + done.stderr).replace(f"{people}/Bob/", "")
    assert done.status == status and all(words in text for words in said)


def test_the_whole_picture_in_place_of_a_face_where_that_is_asked(
    people: Path, enrolled: tuple[Done, tuple[str, ...]], tmp_path: Path
) -> None:
    wall, table = people / "Ada/wall.png", tmp_path / "table.parquet"
    gallery = ("--gallery", tmp_path / "g", *enrolled[1][2:], "--on-no-face", "whole")
    (tmp_path / "wall/Dan").mkdir(parents=True)
    (tmp_path / "wall/Dan/0.png").write_bytes(wall.read_bytes())
    done = run("enroll", tmp_path / "wall", *gallery)
    assert done.status == 0 and "no face, taken whole: Dan/0.png: no face found." in done.stdout
    assert "1 faces embedded; pictures: 0 failed, 1 without a face (1 taken whole)" in done.stdout
    done = run("identify", wall, *gallery, "--threshold", "0.999", "--out", table)
    row = pd.read_parquet(table).iloc[0]
    assert done.status == 0 and (row["identity"], row["note"]) == ("Dan", "no face found.")
    assert row[["x1", "y1", "x2", "y2"]].tolist() == [0, 0, 80, 90]
