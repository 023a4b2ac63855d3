"""Mattes made once, then a recogniser trained by them: figures that agree with the pipeline's, and refusals."""

from pathlib import Path

import pyarrow.ipc
import pytest
import torch

from e2e.conftest import PEOPLE, PLAIN, Done, bareface

PHOTOS = [option for option in PEOPLE if option.startswith(("data", "loader"))] + ["data.background_bias=0.5"]
CANVAS = "canvas=64"
"""That of the mattes, of the recogniser and of the pipeline: no picture is resized, and figures agree."""


@pytest.fixture(scope="module")
def places(data: Path) -> list[str]:
    return [f"data.root={data}", f"runs={data / 'runs'}"]


@pytest.fixture(scope="module")
def mattes(places: list[str], data: Path) -> Path:
    folder = data / "mattes"
    done = bareface("mattes", *PHOTOS, "mattes_from=mask", CANVAS, f"out={folder}", *places)
    assert done.status == 0, done.stderr
    assert done.results == {"photos": 32, "added": 32, "empty": 0, "failed": 0}
    return folder


def trained(places: list[str], *options: str) -> Done:
    return bareface("train", *PEOPLE, CANVAS, *PLAIN, *places, *options)


@pytest.fixture(scope="module")
def removed(places: list[str], mattes: Path) -> Done:
    done = trained(places, "experiment=demo_recognition_removed", f"shown.mattes={mattes}")
    assert done.status == 0, done.stderr
    return done


def test_what_is_there_is_not_made_again(mattes: Path, places: list[str]) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in mattes.iterdir()}
    again = bareface("mattes", *PHOTOS, "mattes_from=mask", CANVAS, f"out={mattes}", *places)
    assert again.results == {"photos": 32, "added": 0, "empty": 0, "failed": 0}
    assert {path.name: path.stat().st_mtime_ns for path in mattes.iterdir()} == before


def test_what_was_interrupted_goes_on(mattes: Path, places: list[str], tmp_path: Path) -> None:
    whole = pyarrow.ipc.open_file(mattes / "000000.arrow").read_all()
    half = tmp_path / "half"
    half.mkdir()
    (half / "card.json").write_text((mattes / "card.json").read_text())
    with pyarrow.OSFile(str(half / "000000.arrow"), "wb") as sink, pyarrow.ipc.new_file(sink, whole.schema) as file:
        file.write_table(whole.slice(0, 10))
    done = bareface("mattes", *PHOTOS, "mattes_from=mask", CANVAS, f"out={half}", *places)
    assert done.results["added"] == 22 and "10 mattes were there, 22 added" in done.stdout
    parts = [pyarrow.ipc.open_file(half / f"00000{number}.arrow").read_all() for number in (0, 1)]
    assert pyarrow.concat_tables(parts).sort_by("key").equals(whole.sort_by("key"))


def test_its_test_is_the_pipelines_condition(removed: Done, places: list[str]) -> None:
    checkpoint = removed.folder / "checkpoints/best.ckpt"
    assert torch.load(checkpoint, weights_only=True)["card"]["shown"] == "removed black, face+hair"
    run = bareface("pipeline", *PHOTOS, f"recogniser='{checkpoint}'", "mattes_from=mask", CANVAS, "samples=0", *places)
    assert run.status == 0, run.stderr
    assert run.results["test/removed/top1"] == pytest.approx(removed.results["test/top1"])
    assert run.results["test/removed/loss"] == pytest.approx(removed.results["test/loss"], rel=0.02)  # bf16, folded
    assert run.results["test/original/loss"] != pytest.approx(removed.results["test/loss"], rel=0.1)


def test_evaluate_shows_what_it_is_told_to(
    removed: Done, mattes: Path, places: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    options = ["evaluate", *PEOPLE, CANVAS, *PLAIN, *places, f"ckpt_path='{removed.folder / 'checkpoints/best.ckpt'}'"]
    again = bareface(*options, "experiment=demo_recognition_removed", f"shown.mattes={mattes}")
    assert again.results["test/loss"] == pytest.approx(removed.results["test/loss"], rel=1e-4)
    other = bareface(*options, "experiment=demo_recognition")
    assert other.results["test/loss"] != pytest.approx(removed.results["test/loss"], rel=1e-2)
    note = "shown=null: this recogniser was trained on removed black, face+hair; photos are shown as they are."
    assert [record.getMessage() for record in caplog.records].count(note) == 1


def test_a_training_with_random_backdrops_is_validated_on_photos_as_they_are(mattes: Path, places: list[str]) -> None:
    done = trained(places, "experiment=demo_recognition_backdrops", f"shown.mattes={mattes}", "shown.probability=1")
    assert done.status == 0, done.stderr
    checkpoint = done.folder / "checkpoints/best.ckpt"
    text = "random backdrops black, white, colour, noise, blur, photo with probability 1, face+hair"
    assert torch.load(checkpoint, weights_only=True)["card"]["shown"] == text
    run = bareface("pipeline", *PHOTOS, f"recogniser='{checkpoint}'", "mattes_from=mask", CANVAS, "samples=0", *places)
    assert run.results["test/original/loss"] == pytest.approx(done.results["test/loss"], rel=0.02)


def test_a_training_does_not_go_on_with_other_pictures(removed: Done, places: list[str]) -> None:
    last = f"ckpt_path='{removed.folder / 'checkpoints/last.ckpt'}'"
    other = trained(places, "experiment=demo_recognition", last, "trainer.max_epochs=2")
    assert other.status == 1
    assert "ckpt_path: its shown is removed black, face+hair, this run's is None." in other.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["shown=removed"], "shown.mattes: no value given. Add shown.mattes=... to the command."),
        (["shown=removed", "shown.mattes=/nowhere"], "/nowhere: no mattes there (card.json is missing)"),
        (["shown=removed", "shown.mattes={}", "shown.backdrop=blak"], "backdrop=blak: no such file. Give a picture"),
        (
            ["shown=random_backdrops", "shown.mattes={}", "shown.backdrops=[fotos]"],
            "fotos: no such backdrop and no such",
        ),
        (["shown=removed", "shown.mattes={}", "shown.foreground=face"], "its mattes keep face+hair"),
        (["shown=removed", "shown.mattes={}", "canvas=96"], "made on 64 pixels, the recogniser's canvas is 96"),
        (["shown=removed", "shown.mattes={}", "data.photos=9"], "photos have no matte"),
    ],
)
def test_refusals_are_one_line(options: list[str], message: str, mattes: Path, places: list[str]) -> None:
    given = [option.format(mattes) for option in options]
    done = trained(places, "experiment=demo_recognition", *given)
    assert done.status == 1 and message in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


def test_other_photos_under_the_same_keys_are_refused_in_one_line(mattes: Path, places: list[str]) -> None:
    options = [f"shown.mattes={mattes}", "data.background_bias=0", "loader.num_workers=1"]
    done = trained(places, "experiment=demo_recognition_removed", *options)
    line = done.stderr.splitlines()[-1]
    assert done.status == 1 and line.startswith("error: train/n00000") and "Traceback" not in line
    assert ".jpg: not the photo that its matte was made of (" in line and line.endswith("into another folder.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["mattes_from=mask"], "out: no value given."),
        (["out={}/x"], "segmenter: no checkpoint given. Add segmenter=CHECKPOINT, or mattes_from=mask."),
        (["out={}/x", "segmenter=/nowhere.ckpt"], "/nowhere.ckpt: no such checkpoint"),
        (["out={}/x", "mattes_from=mask", "foreground=ears"], "foreground=ears: expected classes that there are"),
        (["out={}/x", "mattes_from=masks"], "mattes_from=masks: expected segmenter or mask"),
        (["out={}/x", "mattes_from=mask", "trainer.devices=2"], "trainer.devices=2: expected 1"),
        (["out={}/mattes", "mattes_from=mask", "foreground=face"], "its mattes were made with another foreground"),
        (["out={}", "mattes_from=mask"], "there is something else in it. Give a new folder"),
    ],
)
def test_mattes_that_cannot_be_made(
    options: list[str], message: str, mattes: Path, places: list[str], data: Path
) -> None:
    done = bareface("mattes", *PHOTOS, CANVAS, *places, *(option.format(data) for option in options))
    assert done.status == 1 and message in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    assert not (data / "x").exists()
