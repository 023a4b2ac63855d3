"""A short training, and the check before it, on each published data set with masks: tiny trees in their layouts."""

from pathlib import Path

import pytest

from data.trees import celebamask_hq, coco_person, figaro1k, lfw_parts
from e2e.conftest import PLAIN, bareface

SHORT = ["experiment=demo_segmentation", "trainer.max_epochs=1", "loader.num_workers=0", "loader.batch_size=4", *PLAIN]
WRITERS = {
    "celebamask_hq": celebamask_hq.write,
    "coco_person": coco_person.write,
    "figaro1k": figaro1k.write,
    "lfw_parts": lfw_parts.write,
}
OPTIONS = {"coco_person": ["data.val_fraction=0.2"], "celebamask_hq": ["data.size=64"]}


@pytest.mark.parametrize("name", WRITERS)
def test_a_check_and_a_training(name: str, tmp_path: Path) -> None:
    root = WRITERS[name](tmp_path / "data")
    options = [f"data={name}", f"data.root={root}", *OPTIONS.get(name, []), f"runs={tmp_path / 'runs'}"]
    check = bareface("check", *options, "workers=0")
    assert check.status == 0, check.stdout + check.stderr
    run = bareface("train", *SHORT, "size=64", *options)
    assert run.status == 0, run.stderr
    assert 0 <= run.results["test/miou"] <= 1 and 0 <= run.results["val/miou"] <= 1


def test_the_parts_of_celebamask_hq_are_not_mirrored(tmp_path: Path) -> None:
    root = celebamask_hq.write(tmp_path / "data")
    options = [
        "data=celebamask_hq",
        f"data.root={root}",
        "data.size=64",
        "data.parts=null",
        f"runs={tmp_path / 'runs'}",
    ]
    refused = bareface("train", *SHORT, "size=64", *options)
    assert refused.status == 1
    assert "flip_hor=0.5: a mirror would take left for right in r_eye, l_eye, r_brow" in refused.stderr.splitlines()[-1]
    run = bareface("train", *SHORT, "size=64", *options, "transforms.train.flip_hor=0")
    assert run.status == 0, run.stderr
    assert "test/iou/l_eye" in run.results


def test_a_check_and_a_training_on_two_of_them(tmp_path: Path) -> None:
    options = ["data=combined"]
    for name in ("figaro1k", "lfw_parts"):
        root = WRITERS[name](tmp_path / name)
        options += [f"+data@data.sources.{name}={name}", f"data.sources.{name}.root={root}"]
    options += ["+data.class_map.figaro1k={background: ignore}", "+data.weights.lfw_parts=1.5"]
    options += [f"runs={tmp_path / 'runs'}"]
    check = bareface("check", *options, "workers=0")
    assert check.status == 0, check.stdout + check.stderr
    run = bareface("train", *SHORT, "size=64", *options)
    assert run.status == 0, run.stderr
    train = (run.folder / "splits/train.txt").read_text().splitlines()
    assert sum(key.startswith("lfw_parts#2/") for key in train) == 4
    assert sum(key.startswith("figaro1k/") for key in train) == 14
    assert {"test/iou/face", "test/iou/hair"} <= run.results.keys()
