"""``bareface assess`` from its command line."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from e2e.conftest import PEOPLE, PLAIN, Done, bareface

DATA = [option for option in PEOPLE if not option.startswith(("trainer.max", "shorter", "crop", "canvas"))]
DATA += ["data.identities=6", "data.photos=10", "data.fractions=[0.5,0.2,0.3]"]
SMALL = ["baseline.components=5", "baseline_side=32", "fars=[0.1]", "fpirs=[0.5]", "ranks=[1]"]


@pytest.fixture(scope="module")
def checkpoint(data: Path) -> str:
    short = [*PEOPLE, *DATA[-3:], f"data.root={data}", f"runs={data / 'runs'}"]
    trained = bareface("train", "experiment=demo_recognition", *short, *PLAIN, "data.background_bias=0")
    assert trained.status == 0, trained.stderr
    return f"recogniser='{trained.folder / 'checkpoints/last.ckpt'}'"


@pytest.fixture(scope="module")
def assessed(checkpoint: str, data: Path) -> Done:
    return bareface("assess", *DATA, *SMALL, checkpoint, f"data.root={data}", f"runs={data / 'runs'}")


def test_what_an_assessment_leaves(assessed: Done) -> None:
    assert assessed.status == 0, assessed.stderr
    names = {path.relative_to(assessed.folder).as_posix() for path in assessed.folder.rglob("*.*")}
    assert {"protocols.csv", "protocols.md", "results.json", "config.yaml"} <= names
    assert {f"figures/{name}.png" for name in ("roc", "det", "cmc")} <= names
    for system in ("recogniser", "eigenfaces"):
        for quantity in ("verification/auc", "verification/tar_at_val_far_0.1", "identification/rank_1"):
            assert 0 <= assessed.results[f"test/{system}/{quantity}"] <= 1
        assert f"test/{system}/open_set/tpir_at_fpir_0.5" in assessed.results
    gain = assessed.results["test/recogniser/verification/auc"] - assessed.results["test/eigenfaces/verification/auc"]
    assert assessed.results["test/difference/verification/auc"] == pytest.approx(gain)
    assert (
        "synthetic data" in assessed.stdout
        and "6 identities: an interval needs 10" in (assessed.folder / "protocols.md").read_text()
    )
    rows = list(csv.DictReader((assessed.folder / "protocols.csv").open()))
    assert {(row["mated"], row["non_mated"]) for row in rows if row["protocol"] == "verification"} == {("18", "135")}


def test_embeddings_of_a_file_give_the_same(assessed: Done, checkpoint: str, data: Path) -> None:
    common = [*DATA, f"data.root={data}", f"runs={data / 'runs'}"]
    extracted = bareface("extract", *common, checkpoint)
    assert extracted.status == 0, extracted.stderr
    file = f"embeddings='{extracted.folder / 'embeddings.parquet'}'"
    again = bareface("assess", *common, *SMALL, file)
    assert again.status == 0, again.stderr
    assert again.results == pytest.approx(assessed.results, abs=0.02)
    assert "6 of 6 test identities are, by their names, among those" in again.stdout
    table = pq.read_table(extracted.folder / "embeddings.parquet")
    pq.write_table(table.slice(0, len(table) - 1), extracted.folder / "fewer.parquet")  # test pictures come last
    fewer = bareface("assess", *common, *SMALL, f"embeddings='{extracted.folder / 'fewer.parquet'}'")
    assert fewer.status == 0 and not any("difference" in name for name in fewer.results)
    note = "difference: left out, the pictures are not the same: recogniser 17, eigenfaces 18"
    assert note in (fewer.folder / "protocols.md").read_text()
    mirrored = bareface("assess", *common, *SMALL, checkpoint, "flip=true", "baseline=null")
    assert mirrored.status == 0, mirrored.stderr
    assert mirrored.results["test/recogniser/verification/auc"] != assessed.results["test/recogniser/verification/auc"]
    assert not any("eigenfaces" in name or "difference" in name for name in mirrored.results)
    tests_only = bareface("extract", *common, checkpoint, "stage=test")
    file = f"embeddings='{tests_only.folder / 'embeddings.parquet'}'"
    training = bareface("assess", *common, *SMALL, file, "stage=train", "baseline=null")
    assert training.status == 1 and "no embedding of any train picture" in training.stderr.splitlines()[-1]


def test_a_broken_picture_is_listed(checkpoint: str, data: Path, tmp_path: Path) -> None:
    drawn = bareface(
        *("synthesize", str(tmp_path / "x"), "--layout", "vggface2", "--identities", "5", "--photos", "6"),
        *("--height", "64", "--width", "56"),
    )
    assert drawn.status == 0, drawn.stderr
    own = ["data=identity_folder", f"data.root={tmp_path / 'x/train'}", "data.split=first", "data.first=2"]
    own += ["loader.num_workers=0", "baseline.components=3", *SMALL[1:], f"runs={tmp_path}"]
    broken = sorted((tmp_path / "x/train").rglob("*.jpg"))[-1]
    broken.write_bytes(broken.read_bytes()[:400])
    stopped = bareface("assess", *own, checkpoint)
    assert stopped.status == 1 and broken.name in stopped.stderr.splitlines()[-1]
    listed = bareface("assess", *own, checkpoint, "loader.on_error=skip")
    assert listed.status == 0, listed.stderr
    rows = list(csv.DictReader((listed.folder / "skipped.csv").open()))
    assert [Path(row["key"]).name for row in rows] == [broken.name]
    assert "1 of 20 pictures left out" in listed.stdout
    learnt = sorted((tmp_path / "x/train").rglob("*.jpg"))[0]
    learnt.write_bytes(learnt.read_bytes()[:400])
    fewer = bareface("assess", *own, checkpoint, "loader.on_error=skip", "baseline.components=9")
    assert fewer.status == 0, fewer.stderr
    assert "eigenfaces: left out, 9 train pictures are too few for baseline.components=9. Ask for 8" in fewer.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "assess: expected one of recogniser=FILE.ckpt and embeddings=FILE.parquet"),
        (["recogniser=a", "embeddings=b"], "assess: expected one of recogniser=FILE.ckpt and embeddings=FILE.parquet"),
        (["embeddings=/nowhere.parquet"], "embeddings=/nowhere.parquet: no such file"),
        (["embeddings=/tmp"], "embeddings=/tmp: a folder, expected a file"),
        (["embeddings=x", "flip=true"], "flip=true: the embeddings are made already"),
        (["recogniser=x", "stage=each"], "stage=each: expected one of train, val, test, all."),
        (
            ["recogniser=x", "protocols=[roc]"],
            "protocols=['roc']: expected a list, each one of pairs, verification, ",
        ),
        (["recogniser=x", "protocols=verification"], "or null. Write protocols=[verification]."),
        (["recogniser=x", "trainer.devices=2"], "trainer.devices=2: expected 1"),
        (["recogniser=3"], "recogniser=3: expected the name of a file or null."),
        (["recogniser=x", "baseline=null", "fars=0.1"], "fars=0.1: expected a list, each a number. Write fars=[0.1]."),
        (["recogniser=x", "fars=[a]"], "fars=['a']: expected a list, each a number."),
        (["recogniser=x", "fars=[0]"], "fars=[0]: expected rates, 0 < v <= 1."),
        (["recogniser=x", "flip=maybe"], "flip=maybe: expected true or false."),
        (["recogniser=x", "strangers=some"], "strangers=some: expected a number or each."),
        (["recogniser=x", "templates=video"], "templates=video: expected one of picture, medium."),
    ],
)
def test_refusals_are_one_line(options: list[str], message: str, data: Path) -> None:
    run = bareface("assess", *DATA, *options, f"data.root={data}", f"runs={data / 'runs'}")
    assert run.status == 1 and message in run.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["baseline=pca"], "baseline=pca: expected null, or a value for baseline.components."),
        (["baseline.components=0"], "baseline.components=0: expected at least 1."),
        (["baseline_side=0"], "baseline_side=0: expected at least 1."),
        (["baseline_pictures=0"], "baseline_pictures=0: expected at least 1."),
        (["baseline_pictures=9"], "baseline_pictures=9: expected more than baseline.components=60."),
        (
            ["baseline.components=5", "baseline_side=2"],
            "components=5: pictures of 4 pixels have fewer directions. Ask for",
        ),
        (["baseline.components=5", "rank=3"], "rank=3: expected 1 to 2, 3 identities are enrolled."),
        (
            ["baseline.components=5", "gallery_pictures=9", "protocols=[identification]"],
            "no enrolled identity has more than 3 pictures, 9 of each",
        ),
        (["protocols=[pairs]"], "the data has no list of pairs. Use protocols=[verification], which takes all pairs."),
        (["protocols=[pairs,verification]", "templates=medium"], "templates=medium: pairs are of listed pictures."),
    ],
)
def test_what_the_data_cannot_show_is_told_before_it_is_embedded(
    options: list[str], message: str, checkpoint: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("bareface.tasks.assess.embed")
    run = bareface("assess", *DATA, checkpoint, *options, f"data.root={data}", f"runs={data / 'runs'}")
    assert run.status == 1 and message in run.stderr.splitlines()[-1]


def test_data_without_people_and_without_pairs(checkpoint: str, data: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "a/1.png")
    for protocols in ("null", "[pairs]"):
        folder = ["data=picture_folder", f"data.root={tmp_path}", f"protocols={protocols}", f"runs={tmp_path / 'runs'}"]
        run = bareface("assess", checkpoint, *folder)
        assert run.status == 1 and "Use data with people in it, such as data=identity_folder" in run.stderr


def drawn_people(folder: Path, identities: int, photos: int) -> Path:
    size = ("--identities", str(identities), "--photos", str(photos), "--height", "64", "--width", "56")
    drawn = bareface("synthesize", str(folder), "--layout", "vggface2", *size)
    assert drawn.status == 0, drawn.stderr
    assert drawn.stdout.splitlines() == [str(folder), f"to use it: data=vggface2 data.root={folder}"]
    return folder / "train"


def test_a_folder_of_people_of_whom_there_are_few_pictures(checkpoint: str, tmp_path: Path) -> None:
    people = drawn_people(tmp_path / "x", 4, 5)
    own = [checkpoint, "data=identity_folder", "loader.num_workers=0", "fars=[0.1]", "ranks=[1]", f"runs={tmp_path}"]
    refused = bareface("assess", *own, f"data.root={people}")
    cause = (
        "verification cannot be measured on 4 identities with 1 picture each (stage=test): there are no mated pairs."
    )
    assert refused.status == 1 and cause in refused.stderr
    assert "stage=all, data.split=disjoint, other data.fractions" in refused.stderr
    above = bareface("assess", *own, f"data.root={people.parent}")
    assert above.status == 1 and f"Set data.root={people}." in above.stderr

    whole = bareface("assess", *own, f"data.root={people}", "stage=all")
    assert whole.status == 0, whole.stderr
    rows = list(csv.DictReader((whole.folder / "protocols.csv").open()))
    # 4 people of 5 pictures: 4 x 10 mated pairs, 6 x 25 others; strangers=0.5 leaves 2 in the gallery
    assert {row["protocol"]: (row["mated"], row["non_mated"]) for row in rows} == {
        "verification": ("40", "150"),
        "identification": ("16", "0"),
        "open_set": ("8", "10"),
    }
    assert {row["system"] for row in rows} == {"recogniser"}
    assert "stage=all: every picture is tested, none is left for thresholds (val) or eigenfaces (train)" in whole.stdout
    assert "tpir_at_val" not in whole.stdout

    most = [f"data.root={people}", "data.fractions=[0.4,0,0.6]", "strangers=0.7"]
    divided = bareface("assess", *own, *most)
    assert divided.status == 0, divided.stderr
    assert "left out: protocols: open_set cannot be measured on 4 identities with 3 pictures each" in divided.stdout
    few = "eigenfaces: left out, 8 train pictures are too few for baseline.components=60. Ask for 7, or baseline=null"
    assert few in divided.stdout and few in (divided.folder / "protocols.md").read_text()
    assert {name.split("/")[2] for name in divided.results} == {"verification", "identification"}
    asked = bareface("assess", *own, *most, "protocols=[open_set]")
    assert asked.status == 1 and "error: protocols: open_set cannot be measured on 4 identities" in asked.stderr
    nobody = bareface("assess", *own, *most, "stage=val")
    assert nobody.status == 1 and "stage=val: the split gives no val pictures." in nobody.stderr


def test_nothing_that_can_be_embedded_is_an_error(checkpoint: str, tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(b"torn")
    options = ["data=picture_folder", f"data.root={tmp_path}", "loader.on_error=skip", "loader.num_workers=0"]
    done = bareface("extract", checkpoint, *options, f"runs={tmp_path / 'runs'}")
    assert done.status == 1 and f"error: {tmp_path}: no picture could be embedded. skipped.csv in " in done.stderr
    assert "torn.png" in (done.folder / "skipped.csv").read_text()


def test_people_whom_it_was_trained_on_are_told(assessed: Done, checkpoint: str, data: Path, tmp_path: Path) -> None:
    said = "6 of 6 test identities are, by their names, among those that the recogniser was trained on: the figures are"
    assert said in assessed.stdout and said in (assessed.folder / "protocols.md").read_text()
    drawn = bareface(
        *("synthesize", str(tmp_path / "x"), "--layout", "vggface2", "--identities", "4", "--photos", "6"),
        *("--height", "64", "--width", "56"),
    )
    assert drawn.status == 0, drawn.stderr
    people = tmp_path / "x/train"
    for number, folder in enumerate(sorted(people.iterdir())):
        folder.rename(people / f"stranger {number}")
    own = ["data=identity_folder", f"data.root={people}", "data.split=first", "data.first=2", "loader.num_workers=0"]
    own += ["baseline=null", *SMALL[2:], f"runs={tmp_path}"]
    strangers = bareface("assess", *own, checkpoint)
    assert strangers.status == 0 and "was trained on" not in strangers.stdout
    assert "was trained on" not in (strangers.folder / "protocols.md").read_text()

    for folder in people.iterdir():
        for picture, file in enumerate(sorted(folder.iterdir())):
            file.rename(folder / f"{picture // 2:04d}_{picture % 2}.jpg")
    pooled = bareface("assess", *own, checkpoint, "templates=medium", "protocols=[verification]")
    assert pooled.status == 0, pooled.stderr
    rows = list(csv.DictReader((pooled.folder / "protocols.csv").open()))
    assert {(row["mated"], row["non_mated"]) for row in rows} == {("4", "24")}  # 2 media each: 4 pairs of one, 6 x 4
    assert "templates=medium, 16 pictures were pooled to 8 media" in pooled.stdout
