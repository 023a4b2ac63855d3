"""Loss and metrics over the epochs."""

import math
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bareface.callbacks.figures import origin
from bareface.io.atomic import atomic_path

BLUE, VERMILION = "#0072B2", "#D55E00"
COLOURS = ("#7F7F7F", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#882255", "#332288", "#999933")

LEFT_OUT = ("/support/", "/dice/")

History = dict[str, dict[int, float]]
"""Values by epoch, counted from 1, by the name they were logged with."""


class Curves(pl.Callback):
    """Draws ``loss.png`` and ``metrics.png``: what training and validation logged, epoch by epoch.

    They are drawn about once a minute and when the fit ends, well or not. The history is part of the checkpoint, so
    a resumed run draws the earlier epochs too. Counts of pixels and the Dice of each class, which says the same as its
    IoU, are left out.

    Args:
        folder: Where the figures go.
        seconds: Least time between two drawings while the fit goes on.
    """

    def __init__(self, folder: str | Path, seconds: float = 60.0) -> None:
        super().__init__()
        self.folder, self.seconds = Path(folder), seconds
        self.history: History = {}
        self._trainer: pl.Trainer | None = None
        self._trained, self._drawn = 0, 0.0

    def _record(self, stage: str, epoch: int) -> None:
        assert self._trainer is not None
        for name, value in self._trainer.callback_metrics.items():
            if name.startswith(f"{stage}/") and not any(part in name for part in LEFT_OUT):
                self.history.setdefault(name, {})[epoch] = float(value)

    def _record_training(self) -> None:
        """The module logs its training metrics after the callbacks' ``on_train_epoch_end``: fetched when needed."""
        if self._trained:
            self._record("train", self._trained)

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Remembers where the metrics are."""
        self._trainer, self._trained, self._drawn = trainer, 0, time.monotonic()

    def on_train_epoch_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Takes what the epoch before has logged."""
        self._record_training()
        self._trained = 0
        if time.monotonic() - self._drawn >= self.seconds:
            self._draw(trainer)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Takes what the validation has logged."""
        if self._trainer is not None and not trainer.sanity_checking:
            self._record("val", trainer.current_epoch + 1)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """From here on the epoch's training metrics can be had."""
        self._trained = trainer.current_epoch + 1

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Draws all epochs."""
        self._record_training()
        self._trained = 0
        self._draw(trainer)

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Draws what there is."""
        if self._trainer is not None:
            self._record_training()
            self._draw(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Plain values."""
        self._record_training()
        return {"history": {name: dict(values) for name, values in self.history.items()}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from the history of a checkpoint."""
        self.history = {name: dict(values) for name, values in state_dict["history"].items()}

    def _draw(self, trainer: pl.Trainer) -> None:
        self._drawn = time.monotonic()
        if not trainer.is_global_zero:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        grouped = panels(self.history)
        loss = {title: lines for title, lines in grouped.items() if title == "loss"}
        for name, chosen in (("loss", loss), ("metrics", {k: v for k, v in grouped.items() if k not in loss})):
            if chosen:
                with atomic_path(self.folder / f"{name}.png") as path:
                    plot(chosen, origin(trainer)).savefig(path, format="png")


Panels = dict[str, dict[str, History]]


def panels(history: History) -> Panels:
    """Sorts the names into panels.

    ``train/miou`` and ``val/miou`` share the panel ``miou``; ``val/iou/face`` and ``val/iou/hair`` share ``iou``.

    Returns:
        Stages by line by panel; a panel of one metric has the one line "".

    >>> panels({"train/loss": {1: 0.5}, "val/loss": {1: 0.6}, "val/iou/face": {1: 0.7}})
    {'loss': {'': {'train': {1: 0.5}, 'val': {1: 0.6}}}, 'iou': {'face': {'val': {1: 0.7}}}}
    """
    result: Panels = {}
    for name, values in history.items():
        stage, _, metric = name.partition("/")
        title, _, line = metric.partition("/")
        result.setdefault(title, {}).setdefault(line, {})[stage] = values
    return result


def plot(grouped: Panels, note: str = "") -> Figure:
    """One panel a metric; validation is a solid line, training a dashed one.

    Args:
        grouped: What ``panels`` made.
        note: Stands below everything, e.g. what data this is.
    """
    columns = min(3, len(grouped))
    rows = math.ceil(len(grouped) / columns)
    figure = Figure(figsize=(5 * columns, 3.8 * rows), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for number, (title, lines) in enumerate(grouped.items()):
        axes = figure.add_subplot(rows, columns, number + 1)
        for line, (label, stages) in enumerate(lines.items()):
            for stage, values in sorted(stages.items()):
                training = stage == "train"
                colour = (BLUE if training else VERMILION) if label == "" else COLOURS[line % len(COLOURS)]
                style: dict[str, Any] = {"color": colour, "linestyle": "--" if training else "-", "linewidth": 1.6}
                word = "training" if training else "validation"
                epochs = sorted(values)
                heights = [values[epoch] for epoch in epochs]
                style["marker"] = "o" if len(epochs) < 25 else None
                axes.plot(epochs, heights, markersize=3, label=f"{label} {word}".strip(), **style)
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, ncols=2 if len(lines) > 1 else 1)
    if note:
        figure.supxlabel(note, fontsize=10, color="#B43C00")
    return figure
