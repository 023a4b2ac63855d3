"""Runs beside each other: folders written by hand, and a sweep that really ran."""

import csv
import json
import math
from pathlib import Path

import cv2
import pytest
from matplotlib.figure import Figure

from bareface.errors import DataError
from bareface.segmentation.networks.unet import UNetResNet
from bareface.tasks.compare import compare
from bareface.tasks.run import write_json
from bareface.tasks.runs import find_runs
from bareface.tasks.settings import differing, setting

UNET = "{_target_: bareface.segmentation.networks.unet.UNetMobileNetV2}"


def written(folder: Path, *overrides: str, results: dict[str, float] | None = None, error: str = "") -> Path:
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra/overrides.yaml").write_text("".join(f"- {option}\n" for option in overrides) or "[]\n")
    (folder / ".hydra/config.yaml").write_text("size: ${nothing}\n")
    (folder / "config.yaml").write_text(f"size: 32\nnetwork: {UNET}\n")
    if results is not None:
        (folder / "results.json").write_text(json.dumps(results))
    if error:
        (folder / "error.txt").write_text(error)
    return folder


def sweep(root: Path) -> Path:
    good = {"test/miou": 0.5, "test/boundary_iou": 0.25, "test/iou/background": 0.5, "test/iou/face": 0.5}
    written(root / "2", "loss=dice", "runs=a", results=good)
    written(root / "10", "loss=[focal]", "runs=b", results={**good, "test/miou": 0.75})
    written(root / "1", "loss=tversky", "runs=a", error="Traceback ...\nValueError: loss.alpha=2: expected less.\n")
    written(root / "3", "loss=lovasz", "runs=a")
    return root


def test_a_failed_job_shows_as_failed_and_the_best_comes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare([sweep(tmp_path / "sweep")], tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out/compare.csv").open()))
    assert [(row["loss"], row["status"]) for row in rows] == [
        ("[focal]", "done"),
        ("dice", "done"),
        ("tversky", "failed: ValueError: loss.alpha=2: expected less."),
        ("lovasz", "failed: did not end"),
    ]
    assert (rows[0]["test/miou"], rows[0]["parameters"], rows[2]["parameters"]) == ("0.75", "4683331", "")
    lines = (tmp_path / "out/compare.md").read_text().splitlines()
    assert lines[0] == "| loss | mIoU | boundary IoU | IoU face | parameters | multiply-adds | ms a picture |"
    assert lines[2].startswith("| [focal] | 75.00 % | 25.00 % | 50.00 % | 4,683,331 | 0.0")
    assert lines[4] == "| tversky | failed |  |  |  |  |  |" and lines[7] == "2 of 4 failed:"
    printed = capsys.readouterr().out
    assert "[focal]" in printed and "sweep/1: ValueError: loss.alpha=2: expected less." in printed
    picture = cv2.imread(str(tmp_path / "out/compare.png"))
    assert picture is not None and picture.shape[1] > 1000


def test_runs_are_found_at_any_depth_each_once_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    sweep(tmp_path / "x/sweep")
    written(tmp_path / "y", "~loss.weight", "+seed=1")
    assert find_runs([tmp_path / "y"])[0].overrides == {"~loss.weight": "taken out", "seed": "1"}
    runs = find_runs([tmp_path / "x", tmp_path / "x/sweep/2"])
    assert [run.folder.name for run in runs] == ["1", "2", "3", "10"]
    assert differing(runs) == ["loss"], "where a run lies makes no difference"


def test_a_run_without_a_figure_comes_last_of_those_that_ended(tmp_path: Path) -> None:
    for name, miou in (("a", None), ("b", 0.25), ("c", 0.5)):
        run = written(tmp_path / name, f"loss={name}")
        write_json(run / "results.json", {"test/miou": math.nan if miou is None else miou})
        assert json.loads((run / "results.json").read_text()) == {"test/miou": miou}
    written(tmp_path / "d", "loss=d", error="failed")
    compare([tmp_path], tmp_path / "out")
    rows = (tmp_path / "out/compare.md").read_text().splitlines()[2:6]
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| c", "50.00 %"],
        ["| b", "25.00 %"],
        ["| a", "undefined"],
        ["| d", "failed"],
    ]
    table = csv.DictReader((tmp_path / "out/compare.csv").open())
    assert [row["test/miou"] for row in table] == ["0.5", "0.25", "", ""]


def test_a_network_that_cannot_be_measured_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = written(tmp_path / "x", results={"test/miou": 0.5})
    (run / "config.yaml").write_text("size: 32\nnetwork: {_target_: bareface.segmentation.networks.unet.UNetOfOld}\n")
    compare([tmp_path], tmp_path / "out")
    printed = " ".join(capsys.readouterr().out.split())
    assert f"not measured: {run}: _target_=bareface.segmentation.networks.unet.UNetOfOld: expected" in printed


def test_a_bar_in_an_option_leaves_the_table_whole(tmp_path: Path) -> None:
    for name in ("a", "b|c"):
        written(tmp_path / name, f"loss='{name}'", results={"test/miou": 0.5})
    compare([tmp_path], tmp_path / "out")
    lines = (tmp_path / "out/compare.md").read_text().splitlines()
    assert "| 'b\\|c' | 50.00 % |" in "\n".join(lines)


def test_folders_that_are_damaged(tmp_path: Path) -> None:
    half = written(tmp_path / "half", "loss=x")
    (half / "results.json").touch()
    with pytest.raises(
        DataError, match=r"half/results\.json: not JSON \(.*\)\. Run it again, or move the folder away\."
    ):
        find_runs([tmp_path])
    (half / "results.json").unlink()
    (half / "config.yaml").unlink()
    (half / ".hydra/config.yaml").unlink()
    with pytest.raises(
        DataError, match=r"half: no config\.yaml and no \.hydra/config\.yaml\. Run it again, or move the"
    ):
        find_runs([tmp_path])


def test_one_run_and_runs_without_a_network(tmp_path: Path) -> None:
    alone = written(tmp_path / "alone", results={"test/original/top1": 0.5})
    (alone / "config.yaml").write_text("task: pipeline\n")
    compare([alone], alone)
    assert (alone / "compare.md").read_text().splitlines()[2] == "| alone | 50.00 % |  |  |  |"


def test_other_classes_are_another_ranking(tmp_path: Path) -> None:
    both = {"test/iou/background": 0.9, "test/iou/face": 0.8, "test/iou/hair": 0.6, "test/miou": 0.767}
    face = {"test/iou/background": 0.9, "test/iou/face": 0.75, "test/miou": 0.825}
    for name, results in (
        ("a", both),
        ("b", face),
        ("c", {**both, "test/miou": 0.7}),
        ("d", {**face, "test/miou": 0.5}),
    ):
        written(tmp_path / name, f"loss={name}", results=results)
    written(tmp_path / "e", "loss=e", error="failed")
    compare([tmp_path], tmp_path / "out")
    lines = (tmp_path / "out/compare.md").read_text().splitlines()
    assert lines[0].startswith("| classes | loss | mIoU | IoU face | IoU hair | parameters |")
    assert [line.split(" | ")[:5] for line in lines[2:7]] == [
        ["| face", "b", "82.50 %", "75.00 %", ""],
        ["| face", "d", "50.00 %", "75.00 %", ""],
        ["| face, hair", "a", "76.70 %", "80.00 %", "60.00 %"],
        ["| face, hair", "c", "70.00 %", "80.00 %", "60.00 %"],
        ["| ", "e", "failed", "", ""],
    ]


def test_what_was_not_given_is_shown_as_it_was(tmp_path: Path) -> None:
    good = {"test/miou": 0.5, "test/iou/background": 0.5, "test/iou/face": 0.5}
    options = (["optimizer.lr=0.1", "network=fpn"], ["ckpt_path=x", "trainer.limit_test_batches=2"])
    for name, given in zip("ab", options, strict=True):
        folder = written(tmp_path / name, *given, results=good)
        rate = 0.1 if name == "a" else 0.01
        (folder / "config.yaml").write_text(f"size: 32\nnetwork: {UNET}\noptimizer: {{lr: {rate}}}\nx: [1, null]\n")
        chosen = "fpn" if name == "a" else "unet_mobilenetv2"
        (folder / ".hydra/hydra.yaml").write_text(f"hydra: {{runtime: {{choices: {{network: {chosen}}}}}}}\n")
    runs = find_runs([tmp_path])
    assert differing(runs) == ["optimizer.lr", "network"]
    assert [[setting(run, name) for name in ("optimizer.lr", "network", "x")] for run in runs] == [
        ["0.1", "fpn", "[1, null]"],
        ["0.01", "unet_mobilenetv2", "[1, null]"],
    ]


def test_the_network_of_a_checkpoint_is_the_one_that_is_measured(tmp_path: Path) -> None:
    run = written(tmp_path / "x", "network=segnet", results={"test/miou": 0.5})
    network = {"_target_": "bareface.segmentation.networks.unet.UNetResNet", "depth": 18}
    (run / "card.json").write_text(json.dumps({"task": "segmentation", "network": network, "size": 48}))
    written(tmp_path / "y", "network=unet_mobilenetv2", "seed=1", results={"test/miou": 0.25})
    (run / "config.yaml").write_text("seed: 0\n")
    compare([tmp_path], tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out/compare.csv").open()))
    assert [row["seed"] for row in rows] == ["", "1"], "the configuration of a test knows nothing of the training"
    parameters = sum(value.numel() for value in UNetResNet(2, 18).parameters())
    assert [(row["network"], row["parameters"]) for row in rows] == [
        ("unet_resnet18", str(parameters)),
        ("unet_mobilenetv2", "4683331"),
    ]


def test_rendered_pictures_are_said_to_be_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    titles: list[str] = []
    monkeypatch.setattr(Figure, "suptitle", lambda figure, text, **how: titles.append(text))
    for name, target in (("a", "synthetic_masks.SyntheticMasks"), ("b", "mask_folder.MaskFolder")):
        run = written(tmp_path / name, results={"test/top1": 0.5})
        (run / "config.yaml").write_text(f"data: {{_target_: bareface.data.{target}}}\n")
    for folders in (["a"], ["b"], ["a", "b"]):
        compare([tmp_path / name for name in folders], tmp_path / "out")
    assert titles == ["synthetic data", "", "synthetic data among them"]


def test_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder. Give folders of runs or of sweeps"):
        find_runs([tmp_path / "nowhere"])
    with pytest.raises(DataError, match="no run in it. Expected what bareface train, evaluate or pipeline left"):
        find_runs([tmp_path])
