"""The review of a test: the table by hand, the files through the Trainer."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from bareface.callbacks.review import SegmentationReview, draw_confusion, table
from bareface.data.samples import collate

CLASSES = ("background", "face", "hair")


class Echo(nn.Module):
    """A segmenter whose scores are the first channel of the picture taken as classes."""

    classes = CLASSES

    def forward(self, image: Tensor) -> Tensor:
        return nn.functional.one_hot(image[:, 0].long(), len(CLASSES)).movedim(-1, 1).float()


class Tested(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.segmenter = Echo()

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.segmenter(batch["image"])


def sample(key: str, found: list[list[int]], truth: list[list[int]]) -> dict[str, object]:
    image = torch.tensor(found, dtype=torch.uint8).expand(3, -1, -1).contiguous()
    return {"key": key, "image": image, "mask": torch.tensor(truth, dtype=torch.uint8)}


SAMPLES = [
    sample("good.png", [[0, 1], [0, 1]], [[0, 1], [0, 1]]),
    sample("bad.png", [[0, 0], [0, 0]], [[0, 1], [1, 255]]),
    sample("half.png", [[0, 0], [0, 1]], [[0, 0], [1, 1]]),
]


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    review = SegmentationReview(tmp_path, pictures=2)
    trainer = pl.Trainer(
        callbacks=[review], logger=False, accelerator="cpu", enable_progress_bar=False, default_root_dir=tmp_path
    )
    trainer.test(Tested(), DataLoader(SAMPLES, batch_size=2, collate_fn=collate), verbose=False)
    assert [key for _, key, _ in review._worst.kept] == ["bad.png", "half.png"], "the worst first"
    return tmp_path


def test_the_table_has_a_row_a_picture(reviewed: Path) -> None:
    rows = pq.read_table(reviewed / "pictures.parquet").to_pylist()
    assert [row["key"] for row in rows] == ["bad.png", "good.png", "half.png"]
    bad, good, half = rows
    # bad: 3 pixels count, 1 background right, 2 faces taken for background: 1/3 and 0
    assert (bad["iou/background"], bad["iou/face"], bad["iou/hair"]) == (pytest.approx(1 / 3), 0, None)
    assert (bad["support/background"], bad["support/face"], bad["support/hair"]) == (1, 2, 0)
    assert good["miou"] == 1
    # half: background 2/3, face 1/2
    assert half["miou"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert {path.name for path in (reviewed / "figures").iterdir()} == {"confusion.png", "worst.png"}


def test_a_picture_without_a_counted_pixel_has_no_figure() -> None:
    assert table({"a": np.zeros((3, 3), np.int64)}, CLASSES).to_pylist()[0]["miou"] is None


def test_the_confusion_is_darkest_where_everything_is_right() -> None:
    right = draw_confusion(np.diag([9, 9, 9]), CLASSES, "")
    wrong = draw_confusion(np.fliplr(np.diag([9, 9, 9])), CLASSES, "")
    assert right.shape == wrong.shape and (right != wrong).any()


def test_refuses_no_pictures() -> None:
    with pytest.raises(ValueError, match=r"callbacks\.review\.pictures=0: expected at least 1\."):
        SegmentationReview("x", pictures=0)
