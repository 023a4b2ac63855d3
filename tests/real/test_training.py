"""The README's road on real pictures, shortened: train on people and on ORL, then the pipeline."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from e2e.conftest import Done, bareface

from bareface.pipeline.results import Study


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def people(shared: Path, runs: Path) -> Done:
    short = ("size=64", "trainer.max_epochs=2")
    return bareface("train", "experiment=demo_people", f"data.root={shared / 'data/people'}", *short, f"runs={runs}")


@pytest.fixture(scope="module")
def orl(shared: Path, runs: Path) -> Done:
    short = ("shorter=36", "crop=32", "canvas=56", "trainer.max_epochs=25")
    return bareface("train", "experiment=demo_orl", f"data.root={shared / 'data/orl'}", *short, f"runs={runs}")


def test_people_with_masks_of_another_size_than_their_photo(people: Done) -> None:
    assert people.status == 0, people.stderr
    counts = [len((people.folder / f"splits/{stage}.txt").read_text().split()) for stage in ("train", "val", "test")]
    assert counts == [160, 0, 50]
    assert "test/iou/person" in people.results


def test_orl_is_learnt_even_at_32_pixels(orl: Done) -> None:
    assert orl.status == 0, orl.stderr
    test = (orl.folder / "splits/test.txt").read_text().split()
    assert len(test) == 75 and {Path(key).stem for key in test} == {"08", "09", "10"}
    assert orl.results["test/top1"] > 0.6  # chance is 0.04


def test_the_pipeline_on_real_pictures(people: Done, orl: Done, shared: Path, runs: Path) -> None:
    run = bareface(
        "pipeline",
        "data=identity_folder",
        f"data.root={shared / 'data/orl'}",
        "data.split=first",
        "data.first=7",
        "canvas=56",
        "foreground=person",
        "backdrop=blur",
        "matte.threshold=0.02",  # two epochs make a segmenter that is sure of nothing: without it, nobody is found
        f"segmenter='{people.folder / 'checkpoints/last.ckpt'}'",
        f"recogniser='{orl.folder / 'checkpoints/last.ckpt'}'",
        f"runs={runs}",
    )
    assert run.status == 0, run.stderr
    assert run.results["test/original/top1"] == pytest.approx(orl.results["test/top1"], abs=0.03)
    assert pq.read_metadata(run.folder / "outcomes.parquet").num_rows == 150
    assert "synthetic" not in run.stdout


def test_a_study_of_real_people(people: Done, orl: Done, shared: Path, runs: Path) -> None:
    """The README's command: twelve conditions, everybody known to the recogniser, nobody to the segmenter."""
    run = bareface(
        "pipeline",
        "experiment=study",
        "data=identity_folder",
        f"data.root={shared / 'data/orl'}",
        "data.split=first",
        "data.first=7",
        "canvas=56",
        "foreground=person",
        "matte.threshold=0.02",
        f"segmenter='{people.folder / 'checkpoints/last.ckpt'}'",
        f"recogniser='{orl.folder / 'checkpoints/last.ckpt'}'",
        f"runs={runs}",
    )
    assert run.status == 0, run.stderr
    study = Study.read(run.folder / "study.json")
    assert study.photos + sum(study.left_out.values()) == 75 and len(study.conditions) == 12
    assert study.identities > 10  # so poor a segmenter leaves no background in many of these close-ups
    top1 = {each.condition: each for each in study.findings if each.quantity == "top1"}
    assert top1["mask_only"].value < top1["original"].value and top1["original"].interval is not None
    assert {each.model: each.photos for each in study.leakage} == {"segmenter": 0, "recogniser": 0}


def test_a_study_of_three_people_has_no_intervals_and_says_so(
    people: Done, orl: Done, shared: Path, runs: Path
) -> None:
    run = bareface(
        "pipeline",
        "experiment=study",
        "conditions=backdrops",
        "data=identity_folder",
        f"data.root={shared / 'data/vggface2_samples/tight'}",
        "data.split=first",
        "data.first=1",
        "canvas=56",
        "foreground=person",
        "matte.threshold=0.02",
        f"segmenter='{people.folder / 'checkpoints/last.ckpt'}'",
        f"recogniser='{orl.folder / 'checkpoints/last.ckpt'}'",
        f"runs={runs}",
    )
    assert run.status == 0, run.stderr
    study = Study.read(run.folder / "study.json")
    assert study.quantities[0].name == "rank1" and "too few people for an interval" in study.answer
    assert all(each.interval is None and each.note for each in study.findings)
    assert any("does not name these people" in note for note in study.notes)


@pytest.fixture(scope="module")
def embedding(shared: Path, runs: Path) -> Done:
    short = ("shorter=36", "crop=32", "canvas=56", "trainer.max_epochs=12")
    place = f"data.root={shared / 'data/orl'}"
    return bareface("train", "experiment=demo_orl_embedding", place, *short, f"runs={runs}")


def test_people_that_were_never_trained_on(embedding: Done, shared: Path, runs: Path) -> None:
    assert embedding.status == 0, embedding.stderr
    trained, tested = ((embedding.folder / f"splits/{stage}.txt").read_text().split() for stage in ("train", "test"))
    assert {key.split("/")[0] for key in trained} == {f"s{number:02}" for number in range(1, 16)}
    assert {key.split("/")[0] for key in tested} == {f"s{number:02}" for number in range(16, 26)}
    run = bareface(
        "assess",
        f"recogniser='{embedding.folder / 'checkpoints/best.ckpt'}'",
        "data=identity_folder",
        f"data.root={shared / 'data/orl'}",
        "data.split=disjoint",
        "data.trained=15",
        "strangers=each",
        f"runs={runs}",
    )
    assert run.status == 0, run.stderr
    assert run.results["test/recogniser/verification/auc"] == pytest.approx(embedding.results["test/auc"], abs=0.02)
    assert run.results["test/recogniser/verification/auc"] > 0.75  # chance is 0.5
    assert run.results["test/eigenfaces/verification/auc"] > 0.9
    for system in ("recogniser", "eigenfaces"):
        for quantity in ("verification/auc", "verification/tar_at_far_0.01", "open_set/tpir_at_fpir_0.1"):
            name = f"test/{system}/{quantity}"
            assert run.results[f"{name}_low"] < run.results[name] < run.results[f"{name}_high"], name
