"""Studies beside each other: tables of made-up studies, whose numbers are known."""

import csv
from pathlib import Path
from typing import Any

import pytest
from tasks.study_example import LOSS, TOP1, example, left

from bareface.errors import DataError
from bareface.pipeline.results import Quantity
from bareface.tasks.compare import compare
from bareface.tasks.runs import find_runs
from bareface.tasks.study_names import told_apart
from bareface.tasks.study_runs import groups_of, studies_among


def lines(folder: Path) -> list[str]:
    return (folder / "studies.md").read_text().splitlines()


def rows(folder: Path) -> list[dict[str, Any]]:
    with (folder / "studies.csv").open() as file:
        return list(csv.DictReader(file))


def test_one_row_a_study_recogniser_and_condition(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = tmp_path / "sweep"
    left(sweep / "2", example({"removed": -0.2}, ("a", "b"), iou={"removed": 0.875}), "foreground=hair", "runs=x")
    left(sweep / "10", example({"removed": -0.1}, ("a", "b"), holm=0.0004), "foreground=face", "runs=y")
    left(sweep / "3", None, "foreground=person", error="ValueError: no class person. Use face.")
    compare([sweep], tmp_path / "out")
    assert lines(tmp_path / "out") == [
        "# Studies",
        "",
        "## drawn faces, 200 photos (synthetic data)",
        "",
        "| foreground | recogniser | condition | top-1 [95 %] | change, points [95 %] | p (Holm) | matte IoU |",
        "|---|---|---|---|---|---|---|",
        "| hair | a | original | 90.0 % [85.0, 95.0] |  |  |  |",
        "| hair | a | removed | 70.0 % [65.0, 75.0] | -20.0 [-25.0, -15.0] | 0.004 | 87.5 % |",
        "| hair | b | original | 90.0 % [85.0, 95.0] |  |  |  |",
        "| hair | b | removed | 60.0 % [55.0, 65.0] | -30.0 [-35.0, -25.0] | 0.004 | 87.5 % |",
        "| face | a | original | 90.0 % [85.0, 95.0] |  |  |  |",
        "| face | a | removed | 80.0 % [75.0, 85.0] | -10.0 [-15.0, -5.0] | < 0.001 |  |",
        "| face | b | original | 90.0 % [85.0, 95.0] |  |  |  |",
        "| face | b | removed | 70.0 % [65.0, 75.0] | -20.0 [-25.0, -15.0] | < 0.001 |  |",
        "| person | failed |  |  |  |  |  |",
        "",
        "1 of 3 failed:",
        "",
        f"- {sweep / '3'}: ValueError: no class person. Use face.",
    ]
    printed = capsys.readouterr().out
    assert "│ hair       │ a          │ removed   │ 70.0 % [65.0, 75.0] │ -20.0 [-25.0, -15.0]" in printed
    assert f"failed: {sweep / '3'}: ValueError: no class person. Use face." in printed
    assert not (tmp_path / "out/compare.md").exists(), "there is no training among them"


def test_the_flat_file_has_every_quantity_and_contrast(tmp_path: Path) -> None:
    left(tmp_path / "1", example({"same": -0.05}, gap=0.03), "canvas=64")
    left(tmp_path / "2", None, "canvas=128", error="ValueError: x")
    compare([tmp_path], tmp_path)
    found = rows(tmp_path)
    assert [(row["canvas"], row["condition"], row["quantity"], row["question"]) for row in found] == [
        ("64", "original", "top1", ""),
        ("64", "original", "loss", ""),
        ("64", "same", "top1", ""),
        ("64", "same", "loss", ""),
        ("64", "same", "top1", "BG-Gap"),
        ("128", "", "", ""),
    ]
    assert {
        name: found[3][name] for name in ("unit", "value", "low", "change", "holm", "gained", "lost", "photos")
    } == {
        "unit": "number",
        "value": "0.55",
        "low": "0.5",
        "change": "0.05",
        "holm": "0.004",
        "gained": "2",
        "lost": "7",
        "photos": "190",
    }
    assert (found[4]["change"], found[4]["value"], found[4]["against_condition"]) == ("0.03", "", "other")
    assert found[5]["status"] == "failed: ValueError: x" and found[0]["status"] == "done"


def test_the_gap_stands_with_the_condition_that_it_is_of(tmp_path: Path) -> None:
    left(tmp_path / "1", example({"same": -0.05, "other": -0.08}, gap=0.03))
    compare([tmp_path], tmp_path)
    head, _, *found = lines(tmp_path)[4:9]
    assert head.endswith("| p (Holm) | BG-Gap, points [95 %] |")
    assert [row.split(" | ")[2] for row in found] == ["original", "same", "other"]
    assert [row.split(" | ")[-1] for row in found] == [" |", "+3.0 [-2.0, +8.0] |", " |"]


def test_what_has_no_interval_says_so(tmp_path: Path) -> None:
    left(tmp_path / "1", example({"removed": -0.5}, half=None, quantities=(LOSS,)))
    compare([tmp_path], tmp_path)
    assert lines(tmp_path)[4].endswith("| loss [95 %] | change [95 %] | p (Holm) |")
    assert lines(tmp_path)[7].endswith("| removed | 1.000 (no interval) | +0.500 (no interval) |  |")


def test_studies_of_other_photos_stand_in_groups(tmp_path: Path) -> None:
    for number, (bias, photos) in enumerate(((0.0, 190), (0.5, 190), (0.0, 150), (0.0, 290))):
        left_out = 50 if photos == 150 else 10
        study = example({"removed": -0.1 * number}, photos=photos, left_out=left_out)
        left(tmp_path / str(number), study, f"data.background_bias={bias}", f"matte.grow={number}")
    left(tmp_path / "8", None, "data.background_bias=0.5", "matte.grow=8")
    left(tmp_path / "9", None, "data.background_bias=7", "matte.grow=9")
    compare([tmp_path], tmp_path)
    found = lines(tmp_path)
    assert [line for line in found if line.startswith("## ")] == [
        "## drawn faces, data.background_bias=0.0, 200 photos (synthetic data)",
        "## drawn faces, data.background_bias=0.5, 200 photos (synthetic data)",
        "## drawn faces, data.background_bias=0.0, 300 photos (synthetic data)",
        "## not finished",
    ]
    cells = [line.split(" | ")[1:3] for line in found if line.startswith("| 0.0 | ") and " removed " in line]
    assert cells == [["0", "190"], ["2", "150"], ["3", "recogniser"]], (
        "150 of the same 200 were shown with others' mattes"
    )
    assert "| 0.5 | 8 | failed |  |  |  |  |" in found and found[-7:-5] == ["|---|---|---|", "| 7 | 9 | failed |"]


def test_studies_are_compared_in_what_all_of_them_measured(tmp_path: Path) -> None:
    rank1 = Quantity("rank1", "rank 1 of 20", "share", "more")
    left(tmp_path / "1", example({"removed": -0.2}, quantities=(TOP1, LOSS, rank1)), "recogniser=a.ckpt")
    left(tmp_path / "2", example({"removed": -0.1}, quantities=(rank1,)), "recogniser=b.ckpt")
    compare([tmp_path], tmp_path)
    assert "| rank 1 of 20 [95 %] |" in lines(tmp_path)[4]
    assert [line.split(" | ")[4] for line in lines(tmp_path)[7:11:2]] == ["-20.0 [-25.0, -15.0]", "-10.0 [-15.0, -5.0]"]


def test_trainings_and_studies_have_files_of_their_own(tmp_path: Path) -> None:
    left(tmp_path / "study", example({"removed": -0.2}))
    training = left(tmp_path / "training", None)
    (training / "config.yaml").write_text("task: train\n")
    (training / "results.json").write_text('{"test/top1": 0.5}')
    earlier = left(tmp_path / "pipeline", None)
    (earlier / "results.json").write_text('{"test/original/top1": 0.25, "test/top1": 0.25}')
    compare([tmp_path], tmp_path / "out")
    table = (tmp_path / "out/compare.md").read_text()
    assert "| training | 50.00 % |" in table and "study" not in table
    assert {row["run"] for row in rows(tmp_path / "out")} == {str(tmp_path / "study")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("compare.csv", "compare.md", "compare.png"),
        *("studies.csv", "studies.md", "studies.png", "studies.svg"),
    }


def test_a_study_that_a_later_run_in_its_folder_did_not_finish_has_failed(tmp_path: Path) -> None:
    again = left(tmp_path / "1", example({"removed": -0.2}))
    (again / "results.json").unlink()
    (again / "error.txt").write_text("interrupted\n")
    compare([tmp_path], tmp_path)
    assert lines(tmp_path)[2:] == [
        *("## not finished", "", "| run | status |", "|---|---|", "| 1 | failed |", ""),
        *("1 of 1 failed:", "", f"- {again}: interrupted"),
    ]


def test_checkpoints_are_called_by_what_tells_them_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = f"/runs/train/{name}/checkpoints/best.ckpt"
        left(tmp_path / name, example({"removed": -0.2}), f"segmenter={path}")
    compare([tmp_path], tmp_path)
    assert [line.split(" | ")[0] for line in lines(tmp_path)[6:10]] == ["| one", "| one", "| two", "| two"]
    assert rows(tmp_path)[0]["segmenter"] == "/runs/train/one/checkpoints/best.ckpt"
    assert told_apart(["/a/x.ckpt", "b/x.ckpt", "{n: c/d}", "null"]) == ["/a", "b", "{n: c/d}", "null"]
    assert told_apart(["x.ckpt", "y.ckpt"]) == ["x.ckpt", "y.ckpt"]


def test_how_many_pictures_are_shown_does_not_tell_studies_apart(tmp_path: Path) -> None:
    for number in (1, 2):
        left(tmp_path / str(number), example({"removed": -0.2}), f"samples={number}", "sweep=matte_growth")
    (group,) = groups_of(studies_among(find_runs([tmp_path]))[0])
    assert [each.run.folder.name for each in group.entries] == ["1", "2"]
    compare([tmp_path], tmp_path)
    assert lines(tmp_path)[4].startswith("| run | recogniser |")


def test_damaged_folders(tmp_path: Path) -> None:
    broken = left(tmp_path / "broken", example({"removed": -0.2}))
    (broken / "study.json").write_text('{"title": "x"}')
    with pytest.raises(
        DataError, match=r"broken/study\.json: not the result of a study \(.*\)\. Run the study again\."
    ):
        compare([tmp_path], tmp_path)
    example({"removed": -0.2}).write(broken / "study.json")
    (broken / "config.yaml").unlink()
    with pytest.raises(DataError, match=r"broken: no config\.yaml and no \.hydra/config\.yaml\. Run it again, or move"):
        compare([tmp_path], tmp_path)
    (broken / ".hydra/overrides.yaml").unlink()
    with pytest.raises(
        DataError, match=r"broken: study\.json without \.hydra/overrides\.yaml, which says of what\. Run"
    ):
        compare([tmp_path], tmp_path)
    (broken / "study.json").unlink()
    with pytest.raises(DataError, match=r": no run in it\. Expected what bareface train, evaluate or pipeline left\."):
        compare([tmp_path], tmp_path)
    assert not list(tmp_path.glob("studies.*"))
