"""The tasks from their command lines: what they leave, and that the figures agree with one another."""

import csv
import json
import signal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from torch import nn
from torchvision import models

from bareface.io.pictures import header_size
from bareface.module import TrainingModule
from bareface.pipeline.results import Study
from e2e.conftest import MASKS, PEOPLE, PLAIN, Done, bareface


@pytest.fixture(scope="module")
def segmentation(data: Path) -> Done:
    return bareface("train", "experiment=demo_segmentation", *MASKS, f"data.root={data}", f"runs={data / 'runs'}")


@pytest.fixture(scope="module")
def recognition(data: Path) -> Done:
    return bareface("train", "experiment=demo_recognition", *PEOPLE, f"data.root={data}", f"runs={data / 'runs'}")


def test_a_training_leaves_all_that_is_needed_to_trace_it(segmentation: Done) -> None:
    assert segmentation.status == 0, segmentation.stderr
    folder = segmentation.folder
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    expected = {"config.yaml", "versions.json", "results.json", "checkpoints/best.ckpt", "checkpoints/last.ckpt"}
    expected |= {f"splits/{stage}.txt" for stage in ("train", "val", "test")} | {"logs/csv/metrics.csv"}
    expected |= {f"figures/{name}.png" for name in ("augmented", "loss", "metrics", "predictions")}
    assert expected <= names
    assert any(name.startswith("logs/tensorboard/events") for name in names)
    assert "test/miou" in segmentation.results and "val/miou" in segmentation.results
    header = (folder / "logs/csv/metrics.csv").read_text().splitlines()[0].split(",")
    assert {"train/loss", "val/miou", "val/miou_per_image", "test/miou"} <= set(header)
    stages = [set((folder / f"splits/{stage}.txt").read_text().split()) for stage in ("train", "val", "test")]
    assert sum(map(len, stages)) == len(set.union(*stages)) == 24


def test_a_checkpoint_is_tensors_and_plain_values(segmentation: Done, recognition: Done) -> None:
    card = torch.load(segmentation.folder / "checkpoints/best.ckpt", weights_only=True)["card"]
    assert card["task"] == "segmentation" and card["classes"] == ["background", "face", "hair"]
    card = torch.load(recognition.folder / "checkpoints/last.ckpt", weights_only=True)["card"]
    assert card["identities"] == [f"n{number:06d}" for number in (1, 2, 3, 4)]


def test_evaluating_the_checkpoint_gives_the_figures_of_its_training(
    segmentation: Done, recognition: Done, data: Path
) -> None:
    for run, experiment, options in (
        (segmentation, "demo_segmentation", MASKS),
        (recognition, "demo_recognition", PEOPLE),
    ):
        checkpoint = f"ckpt_path='{run.folder / 'checkpoints/best.ckpt'}'"
        again = bareface(
            "evaluate", f"experiment={experiment}", *options, checkpoint, f"data.root={data}", f"runs={data / 'runs'}"
        )
        assert again.status == 0, again.stderr
        expected = {name: value for name, value in run.results.items() if name.startswith("test/")}
        assert again.results == pytest.approx(expected, abs=1e-3, nan_ok=True)


def test_a_checkpoint_alone_says_what_is_tested(segmentation: Done, data: Path) -> None:
    masks = [option for option in MASKS if not option.startswith(("size", "trainer.max"))]
    options = [*masks, f"ckpt_path='{segmentation.folder / 'checkpoints/best.ckpt'}'", f"data.root={data}"]
    run = bareface("evaluate", *options, f"runs={data / 'runs'}")
    assert run.status == 0, run.stderr
    assert run.results["test/miou"] == pytest.approx(segmentation.results["test/miou"], abs=1e-3)
    card = json.loads((run.folder / "card.json").read_text())
    assert card["network"]["_target_"].endswith("UNetMobileNetV2") and card["size"] == 64
    for option, there in (
        ("network=segnet", "network is bareface.segmentation.networks.unet.UNetMobileNetV2"),
        ("segmenter.size=96", "size is 64"),
        ("segmenter.normalise.mean=[1,2,3]", "normalise is {'mean': [123.675, "),
    ):
        other = bareface("evaluate", *options, option, f"runs={data / 'runs'}")
        assert other.status == 1
        assert f"error: {option}: the checkpoint's {there}" in other.stderr.splitlines()[-1]


def test_the_same_seed_gives_the_same_figures_and_another_one_others(recognition: Done, data: Path) -> None:
    options = ("experiment=demo_recognition", *PEOPLE, *PLAIN, f"data.root={data}", f"runs={data / 'runs'}")
    again, other = (bareface("train", *options, f"seed={seed}") for seed in (0, 1))
    assert again.results == recognition.results
    assert other.results["test/loss"] != recognition.results["test/loss"]


def test_resuming_goes_on_where_the_run_was(recognition: Done, data: Path) -> None:
    options = ["experiment=demo_recognition", *PEOPLE, f"data.root={data}", f"runs={data / 'runs'}"]
    more = bareface("train", *options, "trainer.max_epochs=3", "ckpt_path=last")
    assert more.status == 0, more.stderr
    with (more.folder / "logs/csv/metrics.csv").open() as file:
        epochs = [int(row["epoch"]) for row in csv.DictReader(file) if row["val/top1"]]
    assert epochs == [1, 2]
    never = bareface("train", *options, "ckpt_path=last", "optimizer.momentum=0.123")
    assert never.status == 1
    assert "ckpt_path=last: no earlier run of this configuration" in never.stderr.splitlines()[-1]


def test_the_pipeline_from_two_checkpoints(segmentation: Done, recognition: Done, data: Path) -> None:
    people = [option for option in PEOPLE if not option.startswith(("trainer.max", "shorter", "crop"))]
    run = bareface(
        "pipeline",
        *people,
        f"segmenter='{segmentation.folder / 'checkpoints/best.ckpt'}'",
        f"recogniser='{recognition.folder / 'checkpoints/best.ckpt'}'",
        "data.background_bias=0.5",  # as in the experiment that trained the recogniser
        "write_cutouts=true",
        "matte=tidy",
        f"data.root={data}",
        f"runs={data / 'runs'}",
    )
    assert run.status == 0, run.stderr
    assert run.results["test/original/top1"] == pytest.approx(recognition.results["test/top1"])
    assert run.results["test/original/loss"] == pytest.approx(recognition.results["test/loss"], rel=0.02)
    outcomes = pq.read_table(run.folder / "outcomes.parquet").to_pydict()
    keys = (run.folder / "splits/test.txt").read_text().split()
    assert outcomes["key"] == [key for key in keys for _ in range(2)]
    written = {
        path.relative_to(run.folder / "cutouts/removed").as_posix()
        for path in run.folder.rglob("cutouts/removed/*/*/*")
    }
    assert written == set(keys)
    assert "70.98 %" in run.stdout and "other data" in run.stdout
    study = Study.read(run.folder / "study.json")
    assert study.photos == len(keys) and study.answer.startswith("Top-1 is ") and study.note == "synthetic data"
    assert {each.model: each.photos for each in study.leakage} == {"segmenter": 0, "recogniser": 0}
    assert {each.model: each.identities for each in study.leakage}["recogniser"] == study.identities
    assert study.answer in (run.folder / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    both = bareface("compare", str(run.folder), str(recognition.folder), "--out", str(data / "both"))
    assert both.status == 0, both.stderr
    assert "removed" in (data / "both/studies.md").read_text() and (data / "both/compare.md").is_file()
    again = bareface(
        "check", "data=vggface2", f"data.root={run.folder / 'cutouts/removed'}", "workers=0", f"runs={data / 'runs'}"
    )
    assert f"samples                     │ {len(keys)}" in again.stdout


def test_the_pipeline_shows_the_same_faces_in_all_conditions(
    segmentation: Done, recognition: Done, data: Path, tmp_path: Path
) -> None:
    keys = (recognition.folder / "splits/test.txt").read_text().split()
    faces = tmp_path / "faces.csv"
    rows = [f"{key},18,20,38,44," if key != keys[0] else f"{key},,,,,no face found." for key in keys]
    faces.write_text("\n".join(["key,x1,y1,x2,y2,reason", *rows]) + "\n")
    trained = torch.load(recognition.folder / "checkpoints/best.ckpt", weights_only=True)
    trained["card"]["framing"] = "box"
    torch.save(trained, tmp_path / "box.ckpt")
    people = [option for option in PEOPLE if not option.startswith(("trainer.max", "shorter", "crop"))]
    run = bareface(
        "pipeline",
        *people,
        f"segmenter='{segmentation.folder / 'checkpoints/best.ckpt'}'",
        f"recogniser='{tmp_path / 'box.ckpt'}'",
        "data.background_bias=0.5",
        "write_cutouts=true",
        f"loader.faces={faces}",
        f"data.root={data}",
        f"runs={tmp_path / 'runs'}",
    )
    assert run.status == 0, run.stderr
    with (run.folder / "skipped.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["key", "reason"], [keys[0], "no face found."]]
    outcomes = pq.read_table(run.folder / "outcomes.parquet").to_pydict()
    assert outcomes["key"] == [key for key in keys[1:] for _ in range(2)]
    sizes = {header_size(run.folder / "cutouts/removed" / key) for key in keys[1:]}
    assert sizes == {(32, 28)}  # 24 x 1.3 high, from 16.4 to 47.6; that x 112/128 wide, from 14.35 to 41.65


def test_photos_of_which_nothing_can_be_kept_are_no_result(
    segmentation: Done, recognition: Done, data: Path, tmp_path: Path
) -> None:
    people = [option for option in PEOPLE if not option.startswith(("trainer.max", "shorter", "crop"))]
    models = [
        f"{name}='{run.folder / 'checkpoints/best.ckpt'}'"
        for name, run in (("segmenter", segmentation), ("recogniser", recognition))
    ]
    options = ["matte.threshold=0.999999", f"data.root={data}", f"runs={tmp_path}", "data.background_bias=0.5"]
    run = bareface("pipeline", *people, *models, *options)
    assert run.status == 1 and "no photo can be shown in every condition" in run.stderr.splitlines()[-1]
    with next(tmp_path.rglob("skipped.csv")).open(newline="") as file:
        reasons = {row["reason"] for row in csv.DictReader(file)}
    assert reasons == {"removed: no face+hair found; left out of every condition."}
    run = bareface("pipeline", *people, *models, *options, "matte.decide=argmax")
    assert run.status == 1 and "matte.decide=argmax has no threshold" in run.stderr.splitlines()[-1]


def test_the_demo_of_the_study(segmentation: Done, recognition: Done, data: Path) -> None:
    """All that make demo does, but for the study's mattes: those of so short a training leave no background."""
    people = [option for option in PEOPLE if not option.startswith(("trainer.max", "shorter", "crop", "data="))]
    segmenter = f"segmenter='{segmentation.folder / 'checkpoints/best.ckpt'}'"
    places = [f"data.root={data}", f"runs={data / 'runs'}"]
    made = bareface("mattes", *people, segmenter, "data.background_bias=0.5", f"out={data / 'predicted'}", *places)
    assert made.status == 0, made.stderr
    options = ["experiment=demo_recognition_removed", *PEOPLE, *PLAIN, f"shown.mattes={data / 'predicted'}", *places]
    removed = bareface("train", *options)
    assert removed.status == 0, removed.stderr
    first, second = (f"'{run.folder / 'checkpoints/best.ckpt'}'" for run in (recognition, removed))
    both = f"recogniser={{original: {first}, removed_black: {second}}}"
    run = bareface("pipeline", "experiment=demo_study", *people, "mattes_from=mask", both, *places)
    assert run.status == 0, run.stderr
    assert run.results["test/original/top1"] == pytest.approx(recognition.results["test/top1"])
    assert run.results["test/removed_black/removed_black/top1"] == pytest.approx(removed.results["test/top1"], abs=0.05)
    study = Study.read(run.folder / "study.json")
    assert len(study.conditions) == 12 and [each.name for each in study.recognisers] == ["original", "removed_black"]
    asked = {each.question for each in study.contrasts}
    assert {"BG-Gap", "information lost", "mismatch", "price of removed_black", "part, not area"} == asked
    assert {each.group for each in study.findings} == {"", "f", "m"}


def test_a_compiled_training_gives_the_figures_of_an_eager_one(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def quickly(self: nn.Module) -> None:
        """What ``compile`` does, with a backend that captures and differentiates alike but generates no code."""
        compiled.append(type(self).__name__)
        self._compiled_call_impl = torch.compile(self._call_impl, backend="aot_eager")

    monkeypatch.setattr(nn.Module, "compile", quickly)
    torch.compiler.reset()
    options = ["experiment=demo_segmentation", *MASKS, "trainer.precision=32-true"]
    options += [f"data.root={data}", f"runs={data / 'compiled'}"]
    eager, run = (bareface("train", *options, f"compile={value}") for value in ("false", "true"))
    assert eager.status == run.status == 0, eager.stderr + run.stderr
    assert compiled == ["UNetMobileNetV2"]
    assert run.results == pytest.approx(eager.results, abs=1e-3, nan_ok=True)
    names = [
        set(torch.load(one.folder / "checkpoints/last.ckpt", weights_only=True)["state_dict"]) for one in (eager, run)
    ]
    assert names[0] == names[1]


@pytest.mark.parametrize("experiment", ["demo_people", "report_segmentation"])
def test_the_other_segmentation_experiments(experiment: str, data: Path) -> None:
    report = ["data.split=identity"] if experiment.startswith("report") else []
    run = bareface(
        "train", f"experiment={experiment}", *MASKS, *PLAIN, *report, f"data.root={data}", f"runs={data / 'runs'}"
    )
    assert run.status == 0, run.stderr
    assert "test/miou" in run.results


def test_the_better_recipe_with_weighed_classes_and_auxiliary_heads(data: Path) -> None:
    options = [
        "experiment=segmentation",
        "network=bisenet",
        "loss=cross_entropy",
        "loss.weight=balanced",
        *MASKS,
        *PLAIN,
    ]
    options += ["trainer.max_epochs=2", "scheduler.lr_lambda.warm_up=1", f"data.root={data}", f"runs={data / 'runs'}"]
    run = bareface("train", *options)
    assert run.status == 0, run.stderr
    expected = {name: value for name, value in run.results.items() if name.startswith("test/")}
    # a split that trains on other pictures weighs the classes otherwise; the test pictures are the same
    best = f"ckpt_path='{run.folder / 'checkpoints/best.ckpt'}'"
    again = bareface("evaluate", *options, "data.fractions=[0.2,0.7,0.1]", best)
    assert again.status == 0, again.stderr
    assert again.results == pytest.approx(expected, abs=1e-3, nan_ok=True)
    longer = bareface("train", *options, "trainer.max_epochs=3", "ckpt_path=last")
    assert longer.status == 0, longer.stderr
    content = torch.load(run.folder / "checkpoints/best.ckpt", weights_only=True)
    del content["class_counts"]  # as of a training with another loss
    torch.save(content, data / "unweighed.ckpt")
    refused = bareface("evaluate", *options, f"ckpt_path='{data / 'unweighed.ckpt'}'")
    assert refused.status == 1
    assert "unweighed.ckpt was not trained with loss.weight=balanced" in refused.stderr.splitlines()[-1]


@pytest.mark.parametrize("experiment", ["demo_orl", "report_recognition"])
def test_the_other_recognition_experiments(experiment: str, data: Path) -> None:
    options = ["backbone=resnet18"] if experiment.startswith("report") else []
    out = ["~data.split", "~data.first"] if experiment == "demo_orl" else []
    run = bareface(
        "train",
        f"experiment={experiment}",
        *PEOPLE,
        *PLAIN,
        *options,
        *out,
        f"data.root={data}",
        f"runs={data / 'runs'}",
    )
    assert run.status == 0, run.stderr
    assert "test/top1" in run.results


def test_a_sweep_goes_on_after_a_failed_job_and_fails(data: Path) -> None:
    run = bareface(
        "train",
        "-m",
        "module=recognition",
        *PEOPLE,
        *PLAIN,
        "optimizer.lr=-1,0.01",
        f"data.root={data}",
        f"runs={data / 's'}",
    )
    assert run.status == 1
    assert "job failed: Invalid learning rate" in run.stderr and "Traceback" not in run.stderr
    assert run.stderr.splitlines()[-1] == "error: 1 of 2 jobs failed" and "Error executing" not in run.stderr
    failed, done = sorted((data / "s").rglob("sweep*/[01]"))
    assert (failed / "error.txt").is_file() and not (failed / "results.json").exists()
    assert (done / "results.json").is_file() and not (done / "error.txt").exists()


def test_the_future_work_of_the_report_is_one_command_and_ends_with_a_table(data: Path) -> None:
    options = [
        "network=unet_mobilenetv2",
        "loss=dice,generalised_wasserstein_dice",
        "data.foreground=[face],[face,hair]",
    ]
    run = bareface(
        "train",
        "-m",
        "sweep=segmentation_future_work",
        *MASKS,
        *PLAIN,
        *options,
        f"data.root={data}",
        f"runs={data / 'f'}",
    )
    assert run.status == 0, run.stderr
    rows = list(csv.DictReader((run.folder / "compare.csv").open()))
    assert len(rows) == 4 and (run.folder / "compare.png").is_file() and (run.folder / "compare.md").is_file()
    assert [row["status"] for row in rows] == ["done"] * 4
    assert {(row["loss"], row["data.foreground"]) for row in rows} == {
        (loss, classes) for loss in ("dice", "generalised_wasserstein_dice") for classes in ("[face]", "[face, hair]")
    }
    again = bareface("compare", str(run.folder), "--out", str(data / "again"))
    assert again.status == 0 and (data / "again/compare.csv").is_file()


@pytest.mark.parametrize("whole_epochs", [0, 1])
def test_ctrl_c_says_how_to_go_on(whole_epochs: int, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(module: TrainingModule) -> None:
        if module.current_epoch == whole_epochs:
            raise KeyboardInterrupt

    places = (f"data.root={data}", f"runs={data / f'interrupted{whole_epochs}'}")
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(TrainingModule, "on_train_epoch_start", interrupt)
        run = bareface("train", *MASKS, "trainer.max_epochs=2", *places)
    signal.signal(signal.SIGINT, before)  # Lightning leaves it ignored
    assert run.status == 130
    hint = "; the same command with ckpt_path=last goes on after its last whole epoch" if whole_epochs else ""
    assert run.stderr.splitlines()[-1] == f"interrupted{hint}" and "Traceback" not in run.stderr
    assert (run.folder / "error.txt").read_text() == "interrupted\n"
    if whole_epochs:
        again = bareface("train", *MASKS, "trainer.max_epochs=2", "ckpt_path=last", *places)
        assert again.status == 0, again.stderr


def test_a_broken_picture_stops_the_run_or_is_listed(data: Path, tmp_path: Path) -> None:
    drawn = bareface(
        "synthesize", str(tmp_path / "x"), "--identities", "4", "--photos", "5", "--height", "64", "--width", "56"
    )
    assert drawn.status == 0
    picture = tmp_path / "x/img_align_celeba/000001.jpg"
    picture.write_bytes(picture.read_bytes()[:700])
    own = (
        "data=celebhair",
        f"data.root={tmp_path / 'x'}",
        "data.split=report",
        "data.counts=[12,4,4]",
        f"runs={tmp_path}",
    )
    short = [option for option in MASKS if not option.startswith("data")] + PLAIN
    stopped = bareface("train", *short, *own)
    assert stopped.status == 1
    assert "000001.jpg" in stopped.stderr.splitlines()[-1] and stopped.stderr.splitlines()[-1].startswith("error: ")
    by_a_worker = bareface("train", *short, *own, "loader.num_workers=1")
    assert by_a_worker.status == 1 and by_a_worker.stderr.splitlines()[-1] == stopped.stderr.splitlines()[-1]
    skipped = bareface("train", *short, *own, "loader.on_error=skip")
    assert skipped.status == 0, skipped.stderr
    assert "img_align_celeba/000001.jpg" in (skipped.folder / "skipped.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "trainer=gpu"], "trainer.accelerator=gpu: no usable GPU here"),
        (["train", "loss=softmax"], "loss=CrossEntropyLoss: does not take masks"),
        (["train", "size=0"], "size=0: expected at least 16 pixels"),
        (["train", "size=-5"], "size=-5: expected at least 16 pixels"),
        (["train", "data=synthetic_identities"], "has no masks to train on"),
        (["train", "data=mask_folder", "data.root=/nowhere"], "/nowhere: no such folder"),
        (["train", "encoder_weights=/nowhere.pth"], "encoder_weights=/nowhere.pth: no such file"),
        (["train", "network=smp", "network.encoder=resnet118"], "network.encoder=resnet118: unknown. Did you mean"),
        (
            ["train", "callbacks.checkpoint=null", "+trainer.enable_checkpointing=false"],
            "callbacks.checkpoint: expected one",
        ),
        (["train", "loader.batch_size=0"], "loader.batch_size=0: expected at least 1"),
        (["evaluate", "ckpt_path=/nowhere.ckpt"], "/nowhere.ckpt: no such checkpoint"),
        (["pipeline", "recogniser=/nowhere.ckpt"], "/nowhere.ckpt: no such checkpoint"),
        (["extract", "recogniser=x", "format=csv"], "format=csv: expected parquet or npy"),
    ],
)
def test_refusals_are_one_line(arguments: list[str], message: str, data: Path) -> None:
    if torch.cuda.is_available() and "trainer=gpu" in arguments:
        pytest.skip("there is a GPU")
    tiny = [] if any("data=" in word for word in arguments) else ["data.identities=12", "data.photos=2"]
    root = [] if any("data.root" in word for word in arguments) else [f"data.root={data}"]
    run = bareface(*arguments, *tiny, *root, f"runs={data / 'runs'}")
    assert run.status == 1
    assert message in run.stderr.splitlines()[-1] and "Traceback" not in run.stderr


def test_a_job_takes_the_outcome_of_an_earlier_one_out_of_its_folder(data: Path, tmp_path: Path) -> None:
    options = ["data.identities=12", "data.photos=2", f"data.root={data}", f"runs={tmp_path}", f"run={tmp_path / 'x'}"]
    (tmp_path / "x").mkdir()
    (tmp_path / "x/results.json").write_text("{}")
    assert bareface("evaluate", "ckpt_path=/nowhere.ckpt", *options).folder == tmp_path / "x"
    assert (tmp_path / "x/error.txt").is_file() and not (tmp_path / "x/results.json").exists()


def test_a_mistake_leaves_no_folder_but_a_training_that_had_begun_does(data: Path, tmp_path: Path) -> None:
    run = bareface("train", *MASKS, "loss=boundary", "loss.sigma=-1", f"data.root={data}", f"runs={tmp_path}")
    assert run.status == 1 and run.stdout == "" and not list((tmp_path / "train/segmentation").iterdir())
    run = bareface("train", *MASKS, "optimizer.lr=-1", f"data.root={data}", f"runs={tmp_path}")
    assert run.status == 1 and (run.folder / "error.txt").is_file() and (run.folder / "splits/train.txt").is_file()


def test_runs_that_are_not_there_cannot_be_compared(tmp_path: Path) -> None:
    run = bareface("compare", str(tmp_path / "nowhere"))
    assert run.status == 1
    assert run.stderr.splitlines()[-1].endswith("nowhere: no such folder. Give folders of runs or of sweeps.")


def test_an_encoder_starts_from_given_weights(data: Path, tmp_path: Path) -> None:
    state = {name: torch.full_like(value, 3) for name, value in models.mobilenet_v2().state_dict().items()}
    torch.save(state, tmp_path / "x.pth")
    run = bareface(
        "train",
        *MASKS,
        *PLAIN,
        f"encoder_weights={tmp_path / 'x.pth'}",
        "optimizer.lr=0",
        f"data.root={data}",
        f"runs={data / 'runs'}",
    )
    assert run.status == 0, run.stderr
    saved = torch.load(run.folder / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
    assert (saved["segmenter.network.encoder.features.0.0.weight"] == 3).all()
    assert (saved["segmenter.network.head.0.weight"] != 3).all()


def test_embeddings_in_both_layouts(recognition: Done, data: Path) -> None:
    import numpy as np

    people = [option for option in PEOPLE if not option.startswith(("trainer.max", "shorter", "crop", "canvas"))]
    common = [*people, f"recogniser='{recognition.folder / 'checkpoints/best.ckpt'}'", f"data.root={data}"]
    common += ["data.background_bias=0.5", f"runs={data / 'runs'}"]
    table, files = (bareface("extract", *common, f"format={name}") for name in ("parquet", "npy"))
    assert table.status == files.status == 0, table.stderr + files.stderr
    rows = pq.read_table(table.folder / "embeddings.parquet").to_pylist()
    assert len(rows) == 32 == table.results["pictures"]
    for row in rows[::7]:
        assert row["identity"] == row["key"].split("/")[1]
        stored = np.load((files.folder / "embeddings" / row["key"]).with_suffix(".npy"))
        np.testing.assert_allclose(stored, np.array(row["embedding"], np.float32), rtol=0.05, atol=0.02)


def test_wandb_offline_has_a_run_of_its_own(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = bareface(
        "train", "module=recognition", *PEOPLE, *PLAIN[:3], "logger=wandb", f"data.root={data}", f"runs={data / 'runs'}"
    )
    assert run.status == 0, run.stderr
    assert list(run.folder.rglob("offline-run-*"))
