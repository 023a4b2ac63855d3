"""What training a segmenter and training a recogniser have in common."""

import platform
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MeanMetric, Metric

from bareface import __version__
from bareface.data.dataset import STAGES, Stage
from bareface.data.samples import Batch
from bareface.errors import CheckpointError, TrainingError


def versions() -> dict[str, str]:
    """Versions of what computes."""
    return {
        "bareface": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "pytorch-lightning": version("pytorch-lightning"),
        "numpy": np.__version__,
    }


class TrainingModule(pl.LightningModule):
    """One step for three stages, one set of metrics a stage, and checkpoints that carry the card of their model.

    Metrics are logged once an epoch as ``stage/name``.

    Args:
        card: What the model is made of, plain values.
        loss: Scores and target to a scalar.
        metrics: Of each stage that has some; each computes a dictionary of figures.
        optimizer: Called with the parameters that are to be trained.
        scheduler: Called with the optimizer, stepped once an epoch; None for a constant learning rate.
        losses: The stages whose mean loss is logged; the outputs of their steps have a ``loss``.

    Attributes:
        class_counts: Pixels of each class that the loss weighs the classes by; None where it does not.
    """

    def __init__(
        self,
        card: dict[str, Any],
        loss: nn.Module,
        metrics: Mapping[Stage, Metric],
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer],
        scheduler: Callable[[Optimizer], LRScheduler] | None = None,
        losses: Collection[Stage] = STAGES,
    ) -> None:
        super().__init__()
        self.card, self.loss = card, loss
        self.metrics = nn.ModuleDict({f"{stage}_metrics": metrics[stage] for stage in metrics})
        # A metric, not Lightning's own mean: that one is reduced when a callback of one process first looks at it.
        self.losses = nn.ModuleDict({f"{stage}_loss": MeanMetric() for stage in losses})
        self.pictures: dict[Stage, tuple[int, int]] = dict.fromkeys(STAGES, (0, 0))  # read and skipped in an epoch
        self.make_optimizer, self.make_scheduler = optimizer, scheduler
        self.class_counts: list[int] | None = None

    @property
    @abstractmethod
    def network(self) -> nn.Module:
        """The part that costs the time: what ``compile`` compiles."""

    @abstractmethod
    def _step(self, batch: Batch, stage: Stage) -> dict[str, Any]:
        """Scores a batch, updates the stage's metrics, returns the ``loss`` if any and what else callbacks may want."""

    def _shared_step(self, batch: Batch, stage: Stage) -> dict[str, Any] | None:
        read, skipped = self.pictures[stage]
        self.pictures[stage] = read + len(batch["key"]), skipped + len(batch["skipped"])
        if not batch["key"]:  # nothing of this batch could be read
            return None
        outputs = self._step(batch, stage)
        if "loss" in outputs:
            if stage == "train" and not bool(outputs["loss"].isfinite()):
                raise TrainingError(self._last_words(outputs["loss"].item()))
            self.stage_loss(stage).update(outputs["loss"].detach(), weight=len(batch["key"]))
        return outputs

    def _last_words(self, loss: float) -> str:
        rates = ", ".join(f"{group['lr']:.3g}" for group in self.trainer.optimizers[0].param_groups)
        when = f"at step {self.global_step} (epoch {self.current_epoch}) with the learning rate {rates}"
        return f"train/loss={loss} {when}: expected a number. Lower optimizer.lr, or set trainer.gradient_clip_val."

    def stage_metrics(self, stage: Stage) -> Metric:
        """The metrics of one stage."""
        metrics = self.metrics[f"{stage}_metrics"]
        assert isinstance(metrics, Metric)
        return metrics

    def stage_loss(self, stage: Stage) -> MeanMetric:
        """The mean loss of one stage."""
        loss = self.losses[f"{stage}_loss"]
        assert isinstance(loss, MeanMetric)
        return loss

    def _check_read(self, stage: Stage) -> None:
        """Refuses an epoch without a picture: it has no figures, and a training learns nothing from it."""
        counts = torch.tensor(self.pictures[stage], device=self.device)
        self.pictures[stage] = 0, 0
        read, skipped = self.trainer.strategy.reduce(counts, reduce_op="sum").tolist()
        if skipped and not read:
            rest = "the list is skipped.csv in the run's folder. Mend what it names, or leave it out"
            raise TrainingError(f"{stage}: all {skipped} pictures of the epoch were skipped, {rest}.")

    def _log_metrics(self, stage: Stage) -> None:
        self._check_read(stage)
        figures: dict[str, Any] = {}  # over all processes
        if f"{stage}_loss" in self.losses:
            figures["loss"] = self.stage_loss(stage).compute()
            self.stage_loss(stage).reset()
        if f"{stage}_metrics" in self.metrics:
            figures |= self.stage_metrics(stage).compute()
            self.stage_metrics(stage).reset()
        self.log_dict({f"{stage}/{name}": value for name, value in figures.items()})

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Any] | None:
        """The loss of one batch; None skips it."""
        return self._shared_step(batch, "train")

    def validation_step(self, batch: Batch, batch_idx: int) -> dict[str, Any] | None:
        """Updates the validation metrics."""
        return self._shared_step(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> dict[str, Any] | None:
        """Updates the test metrics."""
        return self._shared_step(batch, "test")

    def on_train_epoch_end(self) -> None:
        """Logs the training metrics."""
        self._log_metrics("train")

    def on_validation_epoch_end(self) -> None:
        """Logs the validation metrics."""
        self._log_metrics("val")

    def on_test_epoch_end(self) -> None:
        """Logs the test metrics."""
        self._log_metrics("test")

    def configure_optimizers(self) -> Any:
        """The optimizer over what is to be trained, and its scheduler."""
        optimizer = self.make_optimizer([value for value in self.parameters() if value.requires_grad])
        if self.make_scheduler is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": self.make_scheduler(optimizer)}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the card, so that no configuration is needed to use the checkpoint, and the class counts if any."""
        checkpoint["card"] = {**self.card, "versions": versions()}
        if self.class_counts is not None:
            checkpoint["class_counts"] = self.class_counts

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses the checkpoint of another model.

        Raises:
            CheckpointError: The card differs from this model's.
        """
        card = {name: value for name, value in checkpoint["card"].items() if name != "versions"}
        for name in ("task", *sorted(card.keys() | self.card.keys())):
            if card.get(name) != self.card.get(name):
                theirs, ours = _shorten(card.get(name)), _shorten(self.card.get(name))
                raise CheckpointError(f"ckpt_path: its {name} is {theirs}, this run's is {ours}. Use a matching one.")


def _shorten(value: object) -> str:
    if isinstance(value, list) and len(value) > 5:
        return f"a list of {len(value)}"
    return str(value)
