"""Exponential moving average of the weights."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor


class WeightAverage(WeightAveraging):
    """Validates, tests and saves a moving average of the weights in place of the weights themselves.

    After ``n`` steps the average keeps ``min(decay, (1 + n) / (10 + n))`` of itself, so that a short training is not
    an average of its beginning. The statistics of batch norm are averaged alike.

    Args:
        decay: The most that the average keeps of itself in a step.

    Raises:
        ValueError: ``decay`` is not in [0, 1).

    Source: Tarvainen and Valpola, Mean teachers, NeurIPS 2017; the ramp is that of TensorFlow's moving average.
    """

    def __init__(self, decay: float) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"callbacks.average.decay={decay}: expected 0 <= decay < 1.")
        self.decay = decay
        super().__init__(avg_fn=self._average)

    def _average(self, average: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        keep = min(self.decay, (1 + float(steps)) / (10 + float(steps)))
        return keep * average + (1 - keep) * current

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Goes on where the average was when a training is resumed.

        For any other use the checkpoint's weights are the average already; Lightning's own callback, used in a test
        after a training, would put the weights of the last step in their place.
        """
        if trainer.state.fn == TrainerFn.FITTING:
            super().on_load_checkpoint(trainer, pl_module, checkpoint)
