"""Multiruns of ``bareface pipeline``: one study each, one summary of them all. What is studied is made up."""

import csv
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf
from tasks.study_example import example

from bareface.tasks import pipeline
from bareface.tasks.conf_tree import conf_folder
from e2e.conftest import Done, bareface


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A study that loses 10 points, 10 more without hair, and 100 for each face width that the matte is off."""

    def study(cfg: DictConfig) -> dict[str, float]:
        if cfg.recogniser == "none.ckpt":
            raise ValueError(f"recogniser={cfg.recogniser}: no such file. Give a checkpoint.")
        lost = 0.1 + 0.1 * ("hair" not in cfg.foreground) + abs(cfg.matte.grow)
        example({"removed": -lost}).write(Path(cfg.run) / "study.json")
        return {"test/removed/top1": 0.9 - lost}

    monkeypatch.setattr(pipeline, "pipeline", study)


def rows(done: Done) -> list[dict[str, Any]]:
    with (done.folder / "studies.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["quantity"] in ("top1", "")]


def test_how_hair_and_face_scale_is_one_command_and_ends_with_its_plot(tmp_path: Path) -> None:
    lists = OmegaConf.load(conf_folder() / "sweep/matte_growth.yaml").hydra.sweeper.params
    assert lists == {"matte.grow": "-0.2,-0.1,0,0.1,0.2,0.4", "foreground": "face,hair,face+hair"}
    shorter = "matte.grow=-0.2,0.4"
    done = bareface("pipeline", "-m", "sweep=matte_growth", shorter, "recogniser=r.ckpt", f"runs={tmp_path}")
    assert done.status == 0, done.stderr
    assert done.folder.parent == tmp_path / "pipeline/matte_growth" and "change, points [95 %]" in done.stdout
    changed = {
        (float(row["matte.grow"]), row["foreground"]): float(row["change"])
        for row in rows(done)
        if row["condition"] == "removed"
    }
    expected = {(-0.2, "face"): -0.4, (-0.2, "hair"): -0.3, (-0.2, "face+hair"): -0.3}
    expected |= {(0.4, "face"): -0.6, (0.4, "hair"): -0.5, (0.4, "face+hair"): -0.5}
    assert changed == pytest.approx(expected)
    drawing = (done.folder / "studies.svg").read_text()
    assert "matte.grow" in drawing and "bands: 95 % intervals" in drawing and (done.folder / "studies.png").is_file()
    again = bareface("compare", str(done.folder), "--out", str(tmp_path / "again"))
    assert again.status == 0 and (tmp_path / "again/studies.md").read_text() == (done.folder / "studies.md").read_text()


@pytest.mark.parametrize("option", ["segmenter", "recogniser"])
def test_checkpoints_give_a_study_each(option: str, tmp_path: Path) -> None:
    given = [f"{option}=one.ckpt,two.ckpt", *([] if option == "recogniser" else ["recogniser=r.ckpt"])]
    done = bareface("pipeline", "-m", *given, f"runs={tmp_path}")
    assert done.status == 0, done.stderr
    assert sorted(path.parent.name for path in done.folder.glob("*/study.json")) == ["0", "1"]
    names = [line.split(" | ")[0] for line in (done.folder / "studies.md").read_text().splitlines()[6:]]
    assert names == ["| one.ckpt", "| one.ckpt", "| two.ckpt", "| two.ckpt"]


def test_a_study_that_failed_is_in_the_summary(tmp_path: Path) -> None:
    done = bareface("pipeline", "-m", "recogniser=none.ckpt,r.ckpt", f"runs={tmp_path}")
    assert done.status == 1 and done.stderr.splitlines()[-1] == "error: 1 of 2 jobs failed"
    assert [row["status"] for row in rows(done)] == [
        "done",
        "done",
        "failed: ValueError: recogniser=none.ckpt: no such file. Give a checkpoint.",
    ]
