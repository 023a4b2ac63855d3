"""Trains a recogniser."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import Metric

from bareface.data.dataset import STAGES, Stage
from bareface.data.samples import Batch
from bareface.errors import some
from bareface.module import TrainingModule
from bareface.recognition.embedding_metrics import EmbeddingMetrics
from bareface.recognition.metrics import RecognitionMetrics
from bareface.recognition.recogniser import Recogniser


class RecognitionModule(TrainingModule):
    """Trains a recogniser on pictures with identities; knows nothing of files.

    With closed-set metrics, validation and test have a loss and score identities, all of which the recogniser must
    know. With others they look at embeddings alone, and training logs its loss only.

    Args:
        recogniser: What is trained.
        loss: What the head gives with a label, and the columns of the right identities in it, to a scalar.
        metrics: Of validation and test, and of training where they can be.
        optimizer: Called with the parameters that are to be trained.
        scheduler: Called with the optimizer, stepped once an epoch; None for a constant learning rate.
        freeze: ``backbone`` trains the head alone; batch norm then neither trains nor gathers statistics.
        identities: Names of the labels of the data; None: the recogniser's.

    Raises:
        ValueError: The head, the loss, the metrics and the data do not go together.
    """

    labels: Tensor

    def __init__(
        self,
        recogniser: Recogniser,
        loss: nn.Module,
        metrics: RecognitionMetrics | EmbeddingMetrics,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer],
        scheduler: Callable[[Optimizer], LRScheduler] | None = None,
        freeze: Literal["backbone"] | None = None,
        identities: Sequence[str] | None = None,
    ) -> None:
        closed_set, head = metrics.closed_set, recogniser.head
        measured = [stage for stage in STAGES if stage != "train" or (closed_set and not head.samples)]
        clones: dict[Stage, Metric] = {stage: metrics.clone() for stage in measured}
        losses: tuple[Stage, ...] = STAGES if closed_set else ("train",)
        super().__init__(recogniser.card, loss, clones, optimizer, scheduler, losses)
        if freeze not in (None, "backbone"):
            raise ValueError(f"module.freeze={freeze}: expected backbone or null.")
        if closed_set and not head.scores_identities:
            name = type(head).__name__
            remedy = "Use metrics=embedding"
            if not getattr(loss, "of_embeddings", False):
                remedy += ", and to train loss=triplet or loss=triplet_semihard; or another head, such as arcface"
            raise ValueError(f"metrics=closed_set: head {name} scores no identities. {remedy}.")
        if head.samples and getattr(loss, "label_smoothing", 0) > 0:
            name = type(head).__name__
            raise ValueError(f"loss.label_smoothing={loss.label_smoothing}: head {name} allows none. Set it to 0.")
        self.register_buffer("labels", _positions(identities, recogniser.identities, closed_set), persistent=False)
        self.recogniser, self.freeze_backbone, self.closed_set = recogniser, freeze == "backbone", closed_set
        self._ddp_params_and_buffers_to_ignore: list[str] = []
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

    def check_loss(self, loss: str | None = None, head: str | None = None) -> None:
        """Makes sure that the loss takes what the head gives. To test a checkpoint, another one does no harm.

        Args:
            loss: What the user calls it, for the message; None: its class's name.
            head: Likewise.

        Raises:
            ValueError: It does not.
        """
        loss, head = loss or type(self.loss).__name__, head or type(self.recogniser.head).__name__
        of_embeddings = getattr(self.loss, "of_embeddings", False)
        if of_embeddings and self.recogniser.head.scores_identities:
            what = f"compares embeddings, head={head} gives scores of identities"
            raise ValueError(f"loss={loss}: {what}. Use head=embedding with it, or loss=softmax.")
        if not (of_embeddings or self.recogniser.head.scores_identities):
            what = f"takes scores of identities, head={head} gives embeddings"
            raise ValueError(f"loss={loss}: {what}. Use loss=triplet or loss=triplet_semihard, or head=arcface.")

    def configure_model(self) -> None:
        """Shares the head among the processes where it can be, and keeps DDP away from what then differs.

        Raises:
            ValueError: Gradients are to be clipped by a norm that each process would see another part of.
        """
        own = self.recogniser.head.distribute()
        if own and self.trainer.gradient_clip_val is not None:
            clip = f"trainer.gradient_clip_val={self.trainer.gradient_clip_val}"
            raise ValueError(f"{clip}: several processes share this head's gradients. Set it to null.")
        self._ddp_params_and_buffers_to_ignore = [f"recogniser.head.{name}" for name in own]

    def on_train_start(self) -> None:
        """Applies the mode once more: the Trainer leaves the modes that it finds."""
        self.train()

    def _step(self, batch: Batch, stage: Stage) -> dict[str, Tensor]:
        head, training = self.recogniser.head, stage == "train"
        features = self.recogniser.features(batch["image"], None if training else batch["content"])
        # Closed-set labels are the head's. Others are told apart by the data's.
        label = self.labels[batch["label"]] if training or self.closed_set else batch["label"]
        scores = head(features, label if training else None)
        if f"{stage}_metrics" in self.metrics:
            self.stage_metrics(stage).update(features.detach(), scores.detach(), label)
        if not (training or self.closed_set):
            return {}
        return {"loss": self.loss(scores, head.target(label) if training else label)}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the card; puts the optimizer's memory of a shared head together, as the head's own weights are."""
        super().on_save_checkpoint(checkpoint)
        self._change_states_of_the_head(checkpoint, self.recogniser.head.whole)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses the checkpoint of another model; takes this process's part of a shared head."""
        super().on_load_checkpoint(checkpoint)
        self._change_states_of_the_head(checkpoint, self.recogniser.head.part)

    def _change_states_of_the_head(self, checkpoint: dict[str, Any], change: Callable[[Tensor], Tensor]) -> None:
        trained = [name for name, value in self.named_parameters() if value.requires_grad]
        places = [trained.index(name) for name in self._ddp_params_and_buffers_to_ignore if name in trained]
        for optimizer in checkpoint.get("optimizer_states", ()) if places else ():
            for place in places:
                state = optimizer["state"].get(place, {})
                changed = {name: change(v) if isinstance(v, Tensor) and v.ndim else v for name, v in state.items()}
                optimizer["state"] = {**optimizer["state"], place: changed}


def _positions(names: Sequence[str] | None, known: Sequence[str], all_known: bool) -> Tensor:
    """For each of the names its position among the known ones; -1 for those that are not."""
    position = {name: number for number, name in enumerate(known)}
    names = known if names is None else names
    strangers = [name for name in names if name not in position]
    if strangers and all_known:
        who = f"{len(strangers)} identities that the recogniser does not know: {some(strangers)}"
        raise ValueError(f"metrics=closed_set: the data has {who}. Use metrics=embedding, or another data.split.")
    return torch.tensor([position.get(name, -1) for name in names])
