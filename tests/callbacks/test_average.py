"""The moving average of the weights, by hand and through the Trainer."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from bareface.callbacks.average import WeightAverage


class Counter(pl.LightningModule):
    """Its only weight is the number of steps taken."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.seen: list[float] = []

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        return -self.weight.sum()

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.seen.append(self.weight.item())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1.0)


def fitted(average: WeightAverage, folder: Path, steps: int) -> Counter:
    module, loader = Counter(), DataLoader(torch.zeros(1, 1))
    trainer = pl.Trainer(
        max_epochs=steps,
        callbacks=[average],
        logger=False,
        accelerator="cpu",
        default_root_dir=folder,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
    )
    trainer.fit(module, loader, loader)
    return module


def test_the_average_follows_the_ramp(tmp_path: Path) -> None:
    # The first step is taken as it is; then 2/11 of 1 and 9/11 of 2; then 3/12 of that and 9/12 of 3.
    second = 2 / 11 * 1 + 9 / 11 * 2
    third = 3 / 12 * second + 9 / 12 * 3
    module = fitted(WeightAverage(decay=0.999), tmp_path, steps=3)
    assert module.seen == pytest.approx([1, second, third])
    assert module.weight.item() == pytest.approx(third), "what is left in the end is the average"


def test_the_decay_is_the_most_that_it_keeps(tmp_path: Path) -> None:
    assert fitted(WeightAverage(decay=0.0), tmp_path, steps=3).seen == [1, 2, 3]


@pytest.mark.parametrize("decay", [1.0, -0.1])
def test_refuses_other_decays(decay: float) -> None:
    with pytest.raises(ValueError, match=rf"callbacks\.average\.decay={decay}: expected 0 <= decay < 1\."):
        WeightAverage(decay)
