"""The review of a test: the table by hand, the files through the Trainer."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader

from bareface.callbacks.figures import Picture
from bareface.callbacks.review import SegmentationReview, draw_confusion, table
from bareface.data.samples import Batch, collate
from bareface.segmentation.metrics import Measured, measure

CLASSES = ("background", "face", "hair")


class Echo(nn.Module):
    """A segmenter whose scores are the first channel of the picture taken as classes."""

    classes = CLASSES

    def forward(self, image: Tensor) -> Tensor:
        return nn.functional.one_hot(image[:, 0].long(), len(CLASSES)).movedim(-1, 1).float()


class Scored(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.segmenter = Echo()

    def test_step(self, batch: Batch, batch_idx: int) -> dict[str, Measured]:
        scores = self.segmenter(batch["image"])
        return {"measured": measure(scores, batch["content"], batch["original_mask"], outlines=True)}


def sample(key: str, found: list[list[int]], truth: list[list[int]]) -> dict[str, object]:
    image = torch.tensor(found, dtype=torch.uint8).expand(3, -1, -1).contiguous()
    mask = torch.tensor(truth, dtype=torch.uint8)
    content = torch.tensor([0, 0, *mask.shape])
    return {"key": key, "image": image, "content": content, "mask": mask, "original_mask": mask}


SAMPLES = [
    sample("good.png", [[0, 1], [0, 1]], [[0, 1], [0, 1]]),
    sample("blank.png", [[0, 0], [0, 0]], [[255, 255], [255, 255]]),  # nothing counts: not among the worst
    sample("bad.png", [[0, 0], [0, 0]], [[0, 1], [1, 255]]),
    sample("half.png", [[0, 0], [0, 1]], [[0, 0], [1, 1]]),
]


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    review = SegmentationReview(tmp_path, pictures=2)
    trainer = pl.Trainer(
        callbacks=[review], logger=False, accelerator="cpu", enable_progress_bar=False, default_root_dir=tmp_path
    )
    trainer.test(Scored(), DataLoader(SAMPLES, batch_size=2, collate_fn=collate), verbose=False)
    assert [key for _, key, _ in review._worst.kept] == ["bad.png", "half.png"], "the worst first"
    return tmp_path


def test_the_table_has_a_row_a_picture(reviewed: Path) -> None:
    rows = pq.read_table(reviewed / "pictures.parquet").to_pylist()
    assert [row["key"] for row in rows] == ["bad.png", "blank.png", "good.png", "half.png"]
    bad, blank, good, half = rows
    assert blank["miou"] is None and blank["support/background"] == 0
    # bad: 3 pixels count, 1 background right, 2 faces taken for background: 1/3 and 0
    assert (bad["iou/background"], bad["iou/face"], bad["iou/hair"]) == (pytest.approx(1 / 3), 0, None)
    assert (bad["support/background"], bad["support/face"], bad["support/hair"]) == (1, 2, 0)
    assert (good["miou"], good["dice"], good["boundary_iou"], good["hd95"]) == (1, 1, 1, 0)
    # bad: the face is not found at all, which counts as the diagonal
    assert (bad["hd95/face"], bad["boundary_iou/face"], bad["hd95/hair"]) == (pytest.approx(8**0.5), 0, None)
    # half: background 2/3, face 1/2
    assert half["miou"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert {path.name for path in (reviewed / "figures").iterdir()} == {"confusion.png", "worst.png"}


def test_a_picture_without_a_counted_pixel_has_no_figure() -> None:
    logits, nothing = torch.zeros(1, 3, 4, 4), torch.full((4, 4), 255, dtype=torch.uint8)
    measured = measure(logits, torch.tensor([[0, 0, 4, 4]]), [nothing], outlines=True)
    row = table(["a"], [measured], CLASSES).to_pylist()[0]
    assert {value for name, value in row.items() if name != "key" and "support" not in name} == {None}


def test_the_confusion_is_darkest_where_everything_is_right() -> None:
    right = draw_confusion(np.diag([9, 9, 9]), CLASSES, "")
    wrong = draw_confusion(np.array([[9, 0, 0], [9, 0, 0], [9, 0, 0]]), CLASSES, "")
    assert np.corrcoef(*blue(right))[0, 1] > 0.8, "down the diagonal"
    rows, columns = blue(wrong)
    assert np.ptp(rows) > 2 * np.ptp(columns), "all in the column of what they were taken for"


def blue(picture: Picture) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the pixels of the darkest blue, that of a share of 1."""
    red, _, blue = (picture[..., channel].astype(int) for channel in range(3))
    return np.nonzero((blue - red > 80) & (red < 30))


def test_refuses_no_pictures() -> None:
    with pytest.raises(ValueError, match=r"callbacks\.review\.pictures=0: expected at least 1\."):
        SegmentationReview("x", pictures=0)
