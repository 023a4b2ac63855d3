"""Trains a recogniser."""

from collections.abc import Callable, Iterable
from typing import Literal, Self

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from bareface.data.dataset import STAGES, Stage
from bareface.data.samples import Batch
from bareface.module import TrainingModule
from bareface.recognition.metrics import RecognitionMetrics
from bareface.recognition.recogniser import Recogniser


class RecognitionModule(TrainingModule):
    """Trains a recogniser on pictures with identities; knows nothing of files.

    Args:
        recogniser: What is trained.
        loss: (N, identities) logits and (N,) labels to a scalar.
        optimizer: Called with the parameters that are to be trained.
        scheduler: Called with the optimizer, stepped once an epoch; None for a constant learning rate.
        freeze: ``backbone`` trains the head alone; batch norm then neither trains nor gathers statistics.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        loss: nn.Module,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer],
        scheduler: Callable[[Optimizer], LRScheduler] | None = None,
        freeze: Literal["backbone"] | None = None,
    ) -> None:
        metrics = {stage: RecognitionMetrics() for stage in STAGES}
        super().__init__(recogniser.card, loss, metrics, optimizer, scheduler)
        if freeze not in (None, "backbone"):
            raise ValueError(f"module.freeze={freeze}: expected backbone or null.")
        self.recogniser, self.freeze_backbone = recogniser, freeze == "backbone"
        if self.freeze_backbone:
            recogniser.backbone.requires_grad_(False)

    @property
    def network(self) -> nn.Module:
        """The recogniser's backbone."""
        return self.recogniser.backbone

    def train(self, mode: bool = True) -> Self:
        """Sets the mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        if self.freeze_backbone:
            self.recogniser.backbone.eval()
        return self

    def on_train_start(self) -> None:
        """Applies the mode once more: the Trainer leaves the modes that it finds."""
        self.train()

    def _step(self, batch: Batch, stage: Stage) -> dict[str, Tensor]:
        logits = self.recogniser(batch["image"], None if stage == "train" else batch["content"])
        self.stage_metrics(stage).update(logits.detach(), batch["label"])
        return {"loss": self.loss(logits, batch["label"])}
