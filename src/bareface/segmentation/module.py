"""Trains a segmenter."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import Metric

from bareface.data.dataset import Stage
from bareface.data.samples import Batch
from bareface.module import TrainingModule
from bareface.segmentation.confusion import confusion
from bareface.segmentation.losses.generalised_wasserstein_dice import GeneralisedWassersteinDiceLoss
from bareface.segmentation.metrics import Measured, OutlineMetrics, SegmentationMetrics, measure
from bareface.segmentation.segmenter import Segmenter


class SegmentationModule(TrainingModule):
    """Trains a segmenter on pictures with masks; knows nothing of files.

    Args:
        segmenter: What is trained.
        loss: (N, C, H, W) logits and (N, H, W) class indices, 255 = ignore, to a scalar.
        optimizer: Called with the parameters that are to be trained.
        scheduler: Called with the optimizer, stepped once an epoch; None for a constant learning rate.
        auxiliary_weight: Factor of the loss of each auxiliary head, where the network has such.

    Raises:
        ValueError: The loss is not one of masks.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        loss: nn.Module,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer],
        scheduler: Callable[[Optimizer], LRScheduler] | None = None,
        auxiliary_weight: float = 1.0,
    ) -> None:
        metrics: dict[Stage, Metric] = {
            "train": SegmentationMetrics(segmenter.classes),
            "val": SegmentationMetrics(segmenter.classes),
            "test": OutlineMetrics(segmenter.classes),
        }
        for part in loss.modules():
            if isinstance(part, GeneralisedWassersteinDiceLoss):
                part.name_classes(segmenter.classes)
        _try(loss, len(segmenter.classes))
        super().__init__(segmenter.card, loss, metrics, optimizer, scheduler)
        self.segmenter, self.auxiliary_weight = segmenter, auxiliary_weight

    @property
    def network(self) -> nn.Module:
        """The segmenter's network."""
        return self.segmenter.network

    def _step(self, batch: Batch, stage: Stage) -> dict[str, Any]:
        """The loss, and ``measured``. Training is measured on its augmented canvases, the rest at full resolution."""
        output = self.segmenter(batch["image"])
        logits, *auxiliary = [output] if isinstance(output, Tensor) else output
        if stage == "train":
            measured = Measured(confusion(logits.detach().max(1).indices, batch["mask"], len(self.segmenter.classes)))
        else:
            measured = measure(logits, batch["content"], batch["original_mask"], outlines=stage == "test")
        self.stage_metrics(stage).update(measured)
        loss: Tensor = self.loss(logits, batch["mask"])
        for head in auxiliary:
            loss = loss + self.auxiliary_weight * self.loss(head, batch["mask"])
        return {"loss": loss, "measured": measured}


def _try(loss: nn.Module, classes: int) -> None:
    """Finds the losses of other tasks before the data is read; errors of values have words of their own, later."""
    try:
        with torch.no_grad():
            loss(torch.zeros(1, classes, 2, 2), torch.zeros(1, 2, 2, dtype=torch.uint8))
    except ValueError:
        return
    except Exception as error:
        wanted = "Use one for segmentation, e.g. loss=dice or loss=cross_entropy"
        raise ValueError(f"loss={type(loss).__name__}: does not take masks ({error}). {wanted}.") from error
