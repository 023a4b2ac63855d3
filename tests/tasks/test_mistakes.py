"""What the command line says to a misspelt option."""

from pathlib import Path

import pytest
from e2e.conftest import bareface


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (
            ["train", "network=unet_mobilnetv2"],
            "network=unet_mobilnetv2: there is no such option. Did you mean unet_mobilenetv2",
        ),
        (["train", "netwrk=x"], "netwrk=x: train has no such option. Did you mean network?"),
        (["train", "optimizer.lrr=2"], "optimizer.lrr=2: train has no such option. Did you mean optimizer.lr?"),
        (["train", "experiment=report_segmentatoin"], "Did you mean report_segmentation"),
        (["train", "backbone=resnet18"], "backbone=resnet18: train has no such option"),
        (["train", "module=recognition", "optimizer.momentun=1"], "Did you mean optimizer.momentum?"),
        (["train", "optimizer.lr=["], "optimizer.lr=["),
        (["describe"], "expected one of network=... and backbone=..."),
        (["evaluate"], "ckpt_path: no value given. Add ckpt_path=..."),
        (["train", "data=mask_folder"], "data.root: no value given. Add data.root=..."),
    ],
)
def test_one_line_and_exit_status_1(arguments: list[str], answer: str, tmp_path: Path) -> None:
    done = bareface(*arguments, f"runs={tmp_path}")
    assert done.status == 1
    lines = [line for line in done.stderr.splitlines() if line]
    assert answer in lines[-1]
    assert lines[-1].startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_misspelt_task() -> None:
    done = bareface("trian")
    assert done.status == 2
    assert "Did you mean 'train'" in done.stderr
