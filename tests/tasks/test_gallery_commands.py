"""enroll, identify, verify, forget and gallery, as they are typed, with a small model that was never trained."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from e2e.conftest import Done, bareface

from bareface.recognition.detection.detector import Faces
from bareface.recognition.detection.framing import FaceFramer
from bareface.recognition.gallery.embedding import embed_pictures, model_fingerprint
from bareface.recognition.gallery.location import store
from bareface.recognition.recogniser import Recogniser
from bareface.tasks.looking import Looking

PEOPLE = {"Ada": 2, "Bob": 2, "Cleo": 1}


def recogniser(seed: int = 0, identities: int = 3, framing: str = "picture") -> Recogniser:
    torch.manual_seed(seed)
    return Recogniser(
        backbone={"_target_": "bareface.recognition.backbones.resnet.ResNet18"},
        head={"_target_": "bareface.recognition.heads.linear.Linear"},
        normalise={"mean": [120.0, 120.0, 120.0], "std": [64.0, 64.0, 64.0]},
        shorter=32,
        crop=32,
        canvas=32,
        identities=[f"person {number}" for number in range(identities)],
        framing=framing,  # type: ignore[arg-type]
    ).eval()


def save(model: Recogniser, path: Path) -> str:
    state = {f"recogniser.{name}": value for name, value in model.state_dict().items()}
    torch.save({"card": {**model.card, "versions": {}}, "state_dict": state}, path)
    return str(path)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    made = {"own": recogniser(), "other": recogniser(1), "box": recogniser(framing="box")}
    return {name: save(model, folder / f"{name}.ckpt") for name, model in made.items()}


def picture(path: Path, seed: int, size: int = 32) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), cv2.resize(coarse, (size, size)))
    return path


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A folder a person."""
    for number, (name, count) in enumerate(PEOPLE.items()):
        for photo in range(count):
            picture(tmp_path / "people" / name / f"{photo}.png", 10 * number + photo)
    return tmp_path / "people"


def run(*words: object) -> Done:
    return bareface(*map(str, words))


@pytest.fixture(params=["embedded", "milvus"])
def gallery(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "milvus":
        pytest.importorskip("milvus_lite")
        return f"milvus:{tmp_path}/g.db"
    return str(tmp_path / "g")


def test_the_four_commands(faces: Path, gallery: str, models: dict[str, str], tmp_path: Path) -> None:
    model = ("--gallery", gallery, "--recogniser", models["own"])
    done = run("enroll", faces, *model)
    assert done.status == 0, done.stderr
    assert "5 pictures enrolled (0 in place of old ones)" in done.stdout
    assert "5 pictures of 3 identities; thresholds for a false-positive rate of 0.2 or more, from 5" in done.stdout

    stranger = picture(tmp_path / "probes" / "stranger.png", 999)
    table = tmp_path / "table.parquet"
    probes = (faces / "Bob/1.png", stranger)
    done = run("identify", *probes, *model, "--threshold", "0.9999", "--top", 2, "--out", table)
    assert done.status == 0, done.stderr
    answer = pd.read_parquet(table)
    assert answer["identity"].tolist() == ["Bob", "unknown"] and answer["face"].tolist() == [0, 0]
    assert answer["score"][0] == pytest.approx(1.0, abs=1e-4) and answer["candidate_1"][0] == "Bob"
    assert answer[["x1", "y1", "x2", "y2"]].values.tolist() == [[0, 0, 32, 32]] * 2
    lines = done.stdout.splitlines()
    assert lines[1].split("\t")[:3] == [str(probes[0]), "0", "Bob"] and lines[2].split("\t")[2] == "unknown"
    assert "1 known, 1 unknown" in lines[-1] and len(lines[2].split("\t")[4].split(", ")) == 2

    done = run("identify", faces / "Bob", *model, "--fpir", "0.2")
    assert done.status == 0 and "for a false-positive rate of 0.2, from 5 searches, N = 5 pictures" in done.stdout
    assert done.stdout.count("\tBob\t") == 2

    done = run("verify", faces / "Bob/1.png", faces / "Bob/1.png", *model, "--fmr", "0.2")
    assert done.status == 0 and done.stdout.startswith("same: score 1.0000, threshold 0.9")
    assert "for a false-match rate of 0.2, from 8 pairs of two identities, N = 5 pictures" in done.stdout
    done = run("forget", "Bob", "--gallery", gallery)
    assert done.status == 0 and "Bob is forgotten, 2 pictures; 3 pictures of 2 identities are left" in done.stdout
    done = run("identify", faces / "Bob/1.png", *model, "--threshold", "0.9999")
    assert "\tunknown\t" in done.stdout
    done = run("gallery", gallery, "--people")
    assert done.stdout.splitlines()[:2] == ["Ada\t2", "Cleo\t1"] and "3 pictures of 2 identities" in done.stdout
    done = run("forget", "bob", "--gallery", gallery)
    assert done.status == 1 and "nobody called 'bob' is enrolled. 2 identities are; bareface gallery" in done.stderr
    done = run("identify", faces / "Ada", "--gallery", gallery, "--recogniser", models["other"], "--threshold", 0)
    assert done.status == 1 and "their embeddings cannot be compared" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def enrolled(faces: Path, models: dict[str, str], tmp_path: Path) -> tuple[str, ...]:
    """Options that name a gallery with these people, and its model."""
    model = ("--gallery", str(tmp_path / "g"), "--recogniser", models["own"])
    assert run("enroll", faces, *model).status == 0
    return model


def test_the_same_pictures_again_replace(faces: Path, enrolled: tuple[str, ...]) -> None:
    picture(faces / "Dan/0.png", 77)
    done = run("enroll", faces, *enrolled, "--index", "hnsw")
    assert "6 pictures enrolled (5 in place of old ones)" in done.stdout and done.status == 0
    assert "6 pictures of 4 identities, index hnsw" in run("gallery", enrolled[1]).stdout


def test_pictures_that_give_no_face_are_listed_and_the_others_go_on(faces: Path, enrolled: tuple[str, ...]) -> None:
    (faces / "Ada/broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (faces / "Ada/notes.txt").write_text("x")
    (faces / "Eve").mkdir()
    picture(faces / "loose.png", 5)
    done = run("enroll", faces, *enrolled)
    assert done.status == 0 and "5 pictures enrolled" in done.stdout
    said = ("failed: ", "broken.jpg", "no pictures: ", "passed over: 1 in ", "1 pictures in", "pictures: 1 failed")
    for line in said:
        assert line in done.stdout
    done = run("identify", faces / "Ada", *enrolled, "--threshold", 0)
    assert done.status == 0 and done.stdout.count("\tAda\t") == 2 and "failed: " in done.stdout
    done = run("identify", faces / "Ada/broken.jpg", *enrolled, "--threshold", 0)
    assert done.status == 1 and "0 faces embedded; pictures: 1 failed" in done.stdout


def test_a_huge_picture(faces: Path, enrolled: tuple[str, ...], tmp_path: Path) -> None:
    huge = tmp_path / "huge.png"
    cv2.imwrite(str(huge), np.zeros((10_000, 10_000), np.uint8))
    done = run("identify", huge, faces / "Ada/0.png", *enrolled, "--threshold", 0)
    assert done.status == 0 and "100000000 pixels, more than the limit of 40000000" in done.stdout
    assert "\tAda\t" in done.stdout
    done = run("identify", faces / "Ada/0.png", *enrolled, "--threshold", 0, "--max-pixels", 1000)
    assert "1024 pixels, more than the limit of 1000. Shrink it, or raise --max-pixels." in done.stdout


def test_names_spelt_in_two_ways_are_reported(faces: Path, enrolled: tuple[str, ...]) -> None:
    (faces / "Ada").rename(faces / "ada")
    done = run("enroll", faces, *enrolled)
    assert done.status == 0 and "spelt alike: Ada, ada: one person?" in done.stdout
    assert "7 pictures of 4 identities" in done.stdout


def test_strangers_make_thresholds(faces: Path, enrolled: tuple[str, ...], tmp_path: Path) -> None:
    for seed in range(500, 510):
        picture(tmp_path / "strangers" / f"{seed}.png", seed)
    done = run("enroll", faces, *enrolled, "--strangers", tmp_path / "strangers")
    assert done.status == 0 and "0.1 or more, from 10 searches in N = 5 pictures (pictures of strangers)" in done.stdout
    done = run("identify", tmp_path / "strangers", *enrolled, "--fpir", "0.1")
    assert "1 known, 9 unknown" in done.stdout  # of those that made the threshold, a tenth reaches it
    assert "10 searches in N = 5 pictures (pictures of strangers)" in run("forget", "Bob", *enrolled[:2]).stdout
    done = run("identify", tmp_path / "strangers", *enrolled, "--fpir", "0.1")
    assert "N = 3 pictures; calibrated when N was 5" in done.stdout
    done = run("enroll", faces, *enrolled)
    assert "its thresholds came from strangers and no longer do: add --strangers DIR to keep them so" in done.stdout
    assert done.status == 0 and "no longer do" not in run("enroll", faces, *enrolled).stdout


def test_no_score_of_the_forgotten_is_left_beside_those_of_strangers(
    faces: Path, enrolled: tuple[str, ...], tmp_path: Path
) -> None:
    for seed in range(500, 510):
        picture(tmp_path / "strangers" / f"{seed}.png", seed)
    assert run("enroll", faces, *enrolled, "--strangers", tmp_path / "strangers").status == 0
    before = store(enrolled[1]).open().card.calibration
    assert run("forget", "Bob", *enrolled[:2]).status == 0
    after = store(enrolled[1]).open().card.calibration
    assert (after.source, after.searches, after.pictures) == ("strangers", before.searches, 5)
    assert (before.pairs.count, after.pairs.count) == (2 * 2 + 2 * 1 + 2 * 1, 2 * 1)  # Ada's two with Cleo's one
    assert run("forget", "Cleo", *enrolled[:2]).status == 0
    assert store(enrolled[1]).open().card.calibration.pairs.highest == ()


def test_too_few_people_for_a_rate(faces: Path, enrolled: tuple[str, ...]) -> None:
    done = run("identify", faces / "Ada", *enrolled, "--fpir", "0.01")
    expected = "--fpir=0.01: needs at least 100 searches of people who are not enrolled, there are 5."
    assert done.status == 1 and done.stderr.splitlines()[-1].startswith(f"error: {expected}")
    done = run("verify", faces / "Ada/0.png", faces / "Ada/1.png", *enrolled, "--fmr", "0.001")
    assert done.status == 1 and "--fmr=0.001: needs at least 1000 pairs of two identities, there are 8." in done.stderr


def test_a_rate_that_nobody_named_is_one_that_the_gallery_can_show(
    faces: Path, enrolled: tuple[str, ...], tmp_path: Path
) -> None:
    """5 searches and 8 pairs show nothing worth a threshold; 5 more people make 20 and more of each."""
    table, pair = tmp_path / "who.csv", (faces / "Ada/0.png", faces / "Bob/0.png")
    done = run("identify", faces / "Ada", *enrolled, "--out", table)
    assert done.status == 0 and done.stdout.count("\tundecided\t1.0000\tAda 1.0000, ") == 2
    expected = "no threshold (5 searches of people who are not enrolled are too few; nothing is decided. Enrol more"
    assert expected in done.stdout and done.stdout.endswith("\n2 undecided\n")
    answer = pd.read_csv(table)
    assert answer["identity"].tolist() == ["undecided"] * 2 and answer["threshold"].isna().all()
    assert answer["candidate_1"].tolist() == ["Ada"] * 2
    done = run("verify", *pair, *enrolled)
    assert done.status == 0 and done.stdout.startswith("score ")
    assert "no threshold (8 pairs of two identities are too few, N = 5 pictures). Enrol more people" in done.stdout

    for number in range(5):
        for photo in range(3):
            picture(faces / f"person_{number}" / f"{photo}.png", 1000 + 10 * number + photo)
    assert run("enroll", faces, *enrolled).status == 0
    done = run("identify", faces / "Ada", *enrolled)
    assert done.status == 0, done.stderr
    assert "for a false-positive rate of 0.05, from 20 searches (the smallest they can show), N = 20" in done.stdout
    pairs = (20**2 - 2**2 - 2**2 - 1 - 5 * 3**2) // 2
    done = run("verify", *pair, *enrolled)
    expected = f"rate of {1 / pairs:.3g}, from {pairs} pairs of two identities (the smallest they can show), N = 20"
    assert done.status == 0 and expected in done.stdout


def test_another_model_is_told_before_a_rate(faces: Path, enrolled: tuple[str, ...], models: dict[str, str]) -> None:
    other = (*enrolled[:2], "--recogniser", models["other"])
    pair = (faces / "Ada/0.png", faces / "Ada/1.png")
    for words in (("identify", faces, "--fpir", "0.001"), ("verify", *pair, "--fmr", "0.001")):
        done = run(*words, *other)
        assert done.status == 1 and "their embeddings cannot be compared" in done.stderr


def test_a_picture_that_is_not_there_is_listed_where_others_are(faces: Path, enrolled: tuple[str, ...]) -> None:
    done = run("identify", faces / "gone.png", faces / "Ada/0.png", *enrolled, "--threshold", 0)
    assert done.status == 0 and "\tAda\t" in done.stdout and "pictures: 1 failed" in done.stdout
    assert f"failed: {faces}/gone.png: no such file" in done.stdout
    done = run("identify", faces / "gone.png", faces / "lost", *enrolled, "--threshold", 0)
    assert done.status == 1 and "gone.png, " in done.stderr and "lost: no such picture or folder" in done.stderr


def test_names_that_look_the_same_are_one_person(
    faces: Path, gallery: str, models: dict[str, str], tmp_path: Path
) -> None:
    apart, together = "Zoe\u0308", "Zo\u00eb"
    picture(faces / apart / "0.png", 70)
    picture(faces / together / "0.png", 71)
    picture(faces / together / "1.png", 72)
    model = ("--gallery", gallery, "--recogniser", models["own"])
    done = run("enroll", faces, *model)
    assert done.status == 0 and "8 pictures of 4 identities" in done.stdout and "spelt alike" not in done.stdout
    assert r"folders whose names look the same, taken for one person: 'Zo\xeb' = 'Zoe\u0308'" in done.stdout
    assert f"{together}\t3\n" in run("gallery", gallery, "--people").stdout
    done = run("forget", apart, "--gallery", gallery)
    assert done.status == 0 and f"{together} is forgotten, 3 pictures; 5 pictures of 3" in done.stdout
    assert run("forget", together, "--gallery", gallery).status == 1


def test_a_name_of_an_older_gallery_is_forgotten_in_every_form(
    faces: Path, gallery: str, models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("Zoe\u0308", "Zo\u00eb")):
        picture(faces / name / f"{number}.png", 70 + number)
    model = ("--gallery", gallery, "--recogniser", models["own"])
    with monkeypatch.context() as older:
        for module in ("data.folders", "tasks.enroll"):
            older.setattr(f"bareface.{module}.composed", str)
        assert run("enroll", faces, *model).status == 0
    assert len(store(gallery).open().counts()) == 5
    assert "Zo\u00eb\t2\n" in run("gallery", gallery, "--people").stdout
    assert "2 pictures; 5 pictures of 3 identities are left" in run("forget", "Zo\u00eb", "--gallery", gallery).stdout
    assert store(gallery).open().counts() == PEOPLE


def test_an_empty_gallery(faces: Path, enrolled: tuple[str, ...]) -> None:
    for name in PEOPLE:
        assert run("forget", name, *enrolled[:2]).status == 0
    done = run("identify", faces / "Ada", *enrolled)
    assert done.status == 1 and "an empty gallery. Enrol somebody" in done.stderr


def test_verify_without_a_threshold_and_with_one(faces: Path, models: dict[str, str]) -> None:
    pair = (faces / "Ada/0.png", faces / "Bob/0.png", "--recogniser", models["own"])
    done = run("verify", *pair)
    assert done.status == 0 and done.stdout.startswith("score 0.") and "no threshold was given" in done.stdout
    assert run("verify", *pair, "--threshold", "0.9999").stdout.startswith("different: ")
    assert run("verify", *pair, "--threshold", "-1").stdout.startswith("same: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["identify", "{faces}", "--gallery", "{faces}/none"], "none: no gallery. Make one with bareface enroll DIR"),
        (["identify", "nowhere.jpg"], "nowhere.jpg: no such picture or folder"),
        (["identify", "{faces}/empty"], "no pictures found. Expected files such as a.jpg"),
        (["identify", "{faces}", "--out", "{faces}/no/x.csv"], "no/x.csv: there is no folder"),
        (["identify", "{faces}", "--threshold", "0", "--faces", "biggest"], "faces=biggest: expected one of largest"),
        (["identify", "{faces}", "--threshold", "0", "--on-no-face", "x"], "on-no-face=x: expected one of fail, whole"),
        (["enroll", "{faces}", "--gallery", "milvus:{faces}/no/x.db"], "no/x.db: there is no folder"),
        (["forget", "Adda"], "nobody called 'Adda' is enrolled. Did you mean Ada?"),
        (["forget", "Nobody"], "is enrolled. 3 identities are; bareface gallery"),
        (["identify", "{faces}", "--top", "0"], "top=0: expected at least 1"),
        (["identify", "{faces}", "--threshold", "2"], "threshold=2: expected a cosine, -1 <= v <= 1"),
        (["identify", "{faces}", "--out", "x.txt"], "x.txt: expected a name that ends in .csv or .parquet"),
        (["identify", "{faces}", "--threshold", "0", "--batch-size", "0"], "batch-size=0: expected at least 1"),
        (["identify", "{faces}", "--threshold", "0", "--max-pixels", "0"], "max-pixels=0: expected at least 1"),
        (["identify", "{faces}", "--threshold", "0", "--device", "tpu"], "device=tpu: expected auto, cpu or cuda"),
        (
            ["verify", "{faces}/Ada/0.png", "{faces}/Ada/1.png", "--detector", "eyes"],
            "detector=eyes: expected one of none",
        ),
        (["enroll", "{faces}/none"], "none: no such folder. Expected a folder with a folder for each person"),
        (["enroll", "{faces}/Ada"], "no pictures of people found. Expected files such as"),
        (["enroll", "{faces}/bad"], "a folder is called unknown, the answer for strangers"),
        (["enroll", "{faces}/worse"], "a folder is called undecided, the answer where there is no threshold"),
        (["enroll", "{faces}", "--searches", "-1"], "searches=-1: expected 0 or more"),
        (["enroll", "{faces}", "--index", "tree"], "index=tree: expected one of exact, hnsw"),
        (["enroll", "{faces}/torn"], "no face could be enrolled. 0 faces embedded; pictures: 1 failed"),
        (["verify", "{faces}/Ada/0.png", "{faces}/torn/x/a.png"], "a.png: not a picture of a known format"),
        (["verify", "{faces}/Ada/0.png", "{faces}/Ada/1.png", "--threshold", "0"], "expected one of them, both give"),
    ],
)
def test_one_line_for_each_mistake(faces: Path, enrolled: tuple[str, ...], words: list[str], message: str) -> None:
    (faces / "empty").mkdir()
    picture(faces / "bad" / "unknown" / "a.png", 1)
    picture(faces / "worse" / "undecided" / "a.png", 1)
    (faces / "torn/x").mkdir(parents=True)
    (faces / "torn/x/a.png").write_bytes(b"nothing")
    named = [word.format(faces=faces) for word in words]
    alone = "--gallery" in named or (words[0] == "verify" and "--threshold" not in named)
    options = enrolled[:2] if words[0] == "forget" else enrolled[2:] if alone else enrolled
    done = run(*named, *options)
    assert not (faces / "no").exists()
    assert done.status == 1 and message in done.stderr and done.stderr.splitlines()[-1].startswith("error: ")


def test_a_model_that_wants_boxes_needs_a_detector(faces: Path, models: dict[str, str], tmp_path: Path) -> None:
    model = ("--gallery", tmp_path / "b", "--recogniser", models["box"])
    done = run("enroll", faces, *model, "--detector", "none")
    assert done.status == 1 and "this recogniser has framing=box; expected a detector" in done.stderr
    assert not (tmp_path / "b").exists()


def test_a_model_of_pictures_that_are_cut_already_says_how_another_is_had(
    faces: Path, models: dict[str, str], tmp_path: Path
) -> None:
    model = ("--gallery", tmp_path / "b", "--recogniser", models["own"])
    done = run("enroll", faces, *model, "--detector", "mtcnn")
    expected = "this recogniser has framing=picture: it takes pictures as cut already, and asks no detector. Leave the "
    assert done.status == 1 and expected in done.stderr and "recogniser.framing=box" in done.stderr


def test_the_detector_is_the_gallerys(faces: Path, models: dict[str, str], tmp_path: Path) -> None:
    model = ("--gallery", tmp_path / "b", "--recogniser", models["box"], "--on-no-face", "whole")
    assert run("enroll", faces, *model).status == 0
    table = tmp_path / "boxes.csv"
    table.write_text("key,x1,y1,x2,y2\n")
    mtcnn = ("--detector", "mtcnn", "--detector-file", tmp_path)
    expected = "/b: made with the detector haar, --detector is mtcnn; other crops need other thresholds. Use that"
    for words in (("enroll", faces), ("identify", faces / "Ada", "--threshold", "0")):
        done = run(*words, *model, *mtcnn)
        assert done.status == 1 and expected in done.stderr and done.stderr.count("\n") == 1
    assert run("enroll", faces, *model, "--detector", "haar").status == 0
    boxes = ("--detector", "boxes", "--detector-file", table)  # any detector may have made the table
    done = run("identify", faces / "Ada", *model, "--threshold", "0", *boxes)
    assert done.status == 0 and done.stdout.count("\tAda\t") == 2


def test_a_file_that_the_detector_does_not_read(faces: Path, models: dict[str, str], tmp_path: Path) -> None:
    nowhere = ("--gallery", tmp_path / "b", "--detector-file", "/nonexistent")
    for model, name in (("own", "none"), ("box", "haar")):
        done = run("enroll", faces, *nowhere, "--recogniser", models[model])
        expected = f"detector={name}: reads no file, --detector-file=/nonexistent was given. Leave it out."
        assert done.status == 1 and expected in done.stderr


def test_the_fingerprint_is_of_what_changes_embeddings() -> None:
    model = recogniser()
    own = model_fingerprint(model)
    same = recogniser(identities=7)
    same.load_state_dict({k: v for k, v in model.state_dict().items() if "head" not in k}, strict=False)
    same.backbone.to(memory_format=torch.contiguous_format)
    assert model_fingerprint(same) == own and len(own) == 64
    assert model_fingerprint(recogniser(framing="box")) != own
    with torch.no_grad():
        next(same.backbone.parameters())[0, 0, 0, 0] += 1e-3
    assert model_fingerprint(same) != own


def test_the_same_model_spelt_in_another_way_has_the_same_fingerprint() -> None:
    model = recogniser()
    own = model_fingerprint(model)
    model.card["normalise"] = {"channels": "rgb", "std": (64, 64, 64), "mean": [120, 120.0, 120]}
    model.card["backbone"] = {**model.card["backbone"], "stem": "imagenet"}
    assert model_fingerprint(model) == own
    model.card["normalise"] = {**model.card["normalise"], "channels": "bgr"}
    assert model_fingerprint(model) != own


def test_a_prepared_recogniser_has_the_fingerprint_and_the_embeddings_of_its_file(
    faces: Path, models: dict[str, str]
) -> None:
    plain, path = Recogniser.load(Path(models["own"])), faces / "Ada/0.png"
    eyes = Looking(Path(models["own"]), device="cpu").loaded()
    assert eyes.fingerprint == model_fingerprint(plain) != model_fingerprint(eyes.model)
    expected = embed_pictures([("a", path)], plain, FaceFramer("picture"), device="cpu").embeddings
    assert (eyes.look([("a", path)]).embeddings * expected).sum() > 0.999
    assert not [name for name in eyes.model.backbone.state_dict() if "running_mean" in name]  # it is another network


class Drawn:
    """A detector that finds what the key says: a number of faces, and one that reaches out of the picture."""

    def detect(self, image: np.ndarray, key: str = "") -> Faces:
        boxes = {"none": [], "two": [[3, 3, 13, 13], [17, 17, 27, 27]], "out": [[-4, 3, 20, 23]]}[key]
        count = len(boxes)
        corners = np.array(boxes, np.float32).reshape(-1, 4)
        return Faces(corners, np.ones(count, np.float32), np.full((count, 5, 2), np.nan, np.float32))


def test_no_face_many_faces_and_faces_that_are_cut_are_counted(tmp_path: Path) -> None:
    path, model = picture(tmp_path / "a.png", 0), recogniser(framing="box")
    jobs = [(key, path) for key in ("none", "two", "out")] + [("gone", tmp_path / "gone.png")]
    found = embed_pictures(jobs, model, FaceFramer("box", Drawn(), "all"), batch_size=2)
    assert list(zip(found.keys, found.numbers, strict=True)) == [("two", 0), ("two", 1), ("out", 0)]
    assert found.boxes.tolist() == [[3, 3, 13, 13], [17, 17, 27, 27], [-4, 3, 20, 23]]
    assert found.faceless == [("none", "no face found.")] and found.several == [("two", 2)] and found.cut == ["out"]
    assert [key for key, _ in found.unreadable] == ["gone"] and found.whole == []
    np.testing.assert_allclose(np.linalg.norm(found.embeddings, axis=1), 1, atol=1e-6)
    found = embed_pictures(jobs[:3], model, FaceFramer("box", Drawn(), "error", "whole"))
    assert found.keys == ["none", "two", "out"] and found.several == [("two", 2)] and found.faceless == []
    assert [key for key, _ in found.whole] == ["none", "two"]
    assert found.boxes.tolist() == [[0, 0, 32, 32], [0, 0, 32, 32], [-4, 3, 20, 23]]
    assert "no face, taken whole: none: no face found." in found.lines()
    assert "3 faces embedded; pictures: 0 failed, 2 without a face (2 taken whole), 1 with many" in found.counts()


def interrupt(*arguments: object, **options: object) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_says_which_gallery_is_there(
    faces: Path, gallery: str, models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ("--gallery", gallery, "--recogniser", models["own"])
    for place in ("bareface.tasks.looking.embed_pictures", "bareface.tasks.enroll.calibrate"):
        with monkeypatch.context() as stopped:
            stopped.setattr(place, interrupt)
            done = run("enroll", faces, *model)
        assert (done.status, done.stdout) == (130, "")
        staged = "; the next enroll or forget removes what was written" if store(gallery).leftovers() else ""
        assert done.stderr.splitlines()[-1] == f"interrupted: {gallery} is as it was{staged}"
        assert bool(staged) == (gallery.startswith("milvus:") and place.endswith("calibrate"))
    assert run("enroll", faces, *model).status == 0
    opened = type(store(gallery).open())

    def commit_and_stop(self: object, calibration: object, real: object = opened.commit) -> None:
        real(self, calibration)  # type: ignore[operator]
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(opened, "commit", commit_and_stop)
        done = run("forget", "Bob", "--gallery", gallery)
    assert (done.status, done.stderr) == (130, f"interrupted: {gallery} is the new one already\n")
    assert "3 pictures of 2 identities" in run("gallery", gallery).stdout


def test_what_an_interrupted_enroll_left_is_told_and_forgotten(
    faces: Path, gallery: str, models: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = ("--gallery", gallery, "--recogniser", models["own"])
    place = store(gallery)

    def stopped_enroll(people: Path) -> None:
        """All is on the disk, and nothing in force; a killed process cleans nothing up."""
        if gallery.startswith("milvus:"):
            cut = "bareface.recognition.gallery.milvus_client.MilvusClient.write_text"
        else:
            cut = "bareface.recognition.gallery.gallery.Card.to_json"
        with monkeypatch.context() as broken:
            broken.setattr(cut, interrupt)
            assert run("enroll", people, *model).status == 130

    stopped_enroll(faces)
    done = run("gallery", gallery)
    assert done.status == 1 and "no gallery beside that" in done.stdout
    assert "left by an interrupted command, or one at work now: 5 pictures of 3 identities (" in done.stdout
    done = run("forget", "Bob", "--gallery", gallery)
    assert done.status == 0 and "removed what an interrupted command had left: 5 pictures of 3" in done.stdout
    assert f"{gallery}: Bob is forgotten, 2 pictures; nobody of that name was enrolled" in done.stdout
    assert not place.leftovers() and "no gallery. Make one" in run("forget", "Bob", "--gallery", gallery).stderr

    assert run("enroll", faces, *model).status == 0
    picture(tmp_path / "more/Dan/0.png", 77)
    stopped_enroll(tmp_path / "more")
    assert "the next enroll or forget removes it" in run("gallery", gallery).stdout and place.leftovers()
    done = run("forget", "Dan", "--gallery", gallery)
    assert done.status == 0 and f"{gallery}: Dan is forgotten, 1 pictures; nobody of that name" in done.stdout
    assert not place.leftovers() and place.open().counts() == {"Ada": 2, "Bob": 2, "Cleo": 1}
    assert "left by" not in run("gallery", gallery).stdout

    stopped_enroll(tmp_path / "more")
    done = run("forget", "Dana", "--gallery", gallery)
    assert done.status == 1 and "Nobody called 'Dana' is enrolled, or was among them." in done.stderr
    assert not place.leftovers()
    stopped_enroll(tmp_path / "more")
    done = run("enroll", faces, *model)
    assert done.status == 0 and "removed what an interrupted command had left: " in done.stdout


def test_people_whom_the_recogniser_was_trained_on(faces: Path, enrolled: tuple[str, ...], tmp_path: Path) -> None:
    assert "trained on" not in run("enroll", faces, *enrolled).stdout
    (faces / "Cleo").rename(faces / "person 1")
    said = "1 of 3 people enrolled are among those that the recogniser was trained on: figures calibrated on them are"
    assert f"{said} too good\n" in run("enroll", faces, *enrolled).stdout
