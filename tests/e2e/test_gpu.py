"""The command on a GPU."""

from pathlib import Path

import pytest
import torch

from e2e.conftest import MASKS, PEOPLE, bareface

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


@pytest.mark.parametrize("compiled", ["false", "true"])
def test_training_and_pipeline_on_a_gpu(compiled: str, tmp_path: Path) -> None:
    common = ("trainer=gpu", f"data.root={tmp_path}", f"runs={tmp_path}/runs")
    learning = (*common, f"compile={compiled}")
    segmentation = bareface("train", "experiment=demo_segmentation", *MASKS, *learning)
    recognition = bareface("train", "experiment=demo_recognition", *PEOPLE, *learning)
    assert segmentation.status == recognition.status == 0, segmentation.stderr + recognition.stderr
    people = [option for option in PEOPLE if not option.startswith(("trainer.max", "shorter", "crop"))]
    checkpoints = [
        f"{name}='{run.folder / 'checkpoints/best.ckpt'}'"
        for name, run in (("segmenter", segmentation), ("recogniser", recognition))
    ]
    run = bareface("pipeline", *people, "data.background_bias=0.5", *checkpoints, *common)
    assert run.status == 0, run.stderr
    assert run.results["test/original/top1"] == pytest.approx(recognition.results["test/top1"])
