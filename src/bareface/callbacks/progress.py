"""How far a run is, and when it will be done."""

import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

NAMES: dict[TrainerFn | None, str] = {
    TrainerFn.FITTING: "Training",
    TrainerFn.VALIDATING: "Validating",
    TrainerFn.TESTING: "Testing",
    TrainerFn.PREDICTING: "Predicting",
}
BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]"


class _Bar(tqdm):  # type: ignore[type-arg]
    """Only draws: when to is decided by ``Progress``."""

    monitor_interval = 0  # no thread, since the loaders fork


class _Lines(_Bar):
    """The bar where there is no terminal: a line of text each time."""

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Writes a line; an empty one, with which a bar is wiped out, is none."""
        if msg is None:
            self.fp.write(f"{self}\n")
            self.fp.flush()

    def close(self) -> None:
        """Writes the last line."""
        if not self.disable:
            self.display()
        super().close()


def total_batches(trainer: pl.Trainer) -> int | None:
    """Training batches of the whole fit, those before a resumption included; None where nobody can know."""
    epoch, epochs, steps = trainer.num_training_batches, trainer.max_epochs, trainer.max_steps
    ends: list[float] = [math.inf]
    if epochs is not None and epochs >= 0:
        ends.append(epochs * epoch)
    if steps >= 0:
        batches = trainer.accumulate_grad_batches
        whole, rest = (0, steps) if math.isinf(epoch) else divmod(steps, math.ceil(epoch / batches))
        ends.append((whole * epoch if whole else 0) + rest * batches)
    return None if math.isinf(min(ends)) else int(min(ends))


class Progress(pl.callbacks.ProgressBar):
    """One bar on standard error for a whole fit, test or prediction, with the time that is left.

    The time that is left follows from the mean speed so far, validation included; validation has no bar of its own.
    Where standard error is not a terminal, a line of text is written now and then instead. Under DDP the first process
    shows its own batches.

    Args:
        metric: The validation metric to show, e.g. ``val/miou``; None for none.
        line_seconds: Least time between two lines where standard error is not a terminal.
    """

    def __init__(self, metric: str | None = None, line_seconds: float = 10.0) -> None:
        super().__init__()
        self.metric, self.line_seconds = metric, line_seconds
        self._enabled, self._interval, self._drawn = True, 0.0, 0.0
        self._bar: _Bar | None = None
        self._redirected = ExitStack()
        self._epoch, self._evaluations = 0, 0
        self._loss: Tensor | None = None

    def disable(self) -> None:
        """Shows nothing: on all processes but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Shows the bar again."""
        self._enabled = True

    def _start(self, trainer: pl.Trainer, total: float | None, done: int = 0) -> None:
        if not self._enabled:
            return
        terminal = sys.stderr.isatty() and os.get_terminal_size(sys.stderr.fileno()).columns > 0  # 0: docker run -t
        known = None if total is None or math.isinf(total) else int(total)
        self._interval, self._drawn = 0.2 if terminal else self.line_seconds, time.monotonic()
        self._bar = (_Bar if terminal else _Lines)(
            desc=NAMES[trainer.state.fn],
            total=known,
            initial=done,
            bar_format=None if known is None else BAR if terminal else BAR.replace("|{bar}|", ""),
            leave=terminal,
            dynamic_ncols=True,
            file=sys.stderr,
        )
        if terminal:
            self._redirected.enter_context(logging_redirect_tqdm())  # messages go above the bar, not into it

    def _draw(self, trainer: pl.Trainer, done: int, note: str = "") -> None:
        if self._bar is None:
            return
        self._bar.n = done
        if time.monotonic() - self._drawn >= self._interval:  # reading the loss waits for the GPU, so not every time
            self._bar.set_postfix_str(self._text(trainer, note))
            self._drawn = time.monotonic()

    def _stop(self, trainer: pl.Trainer) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(self._text(trainer), refresh=False)
            self._bar.close()
            self._bar = None
        self._redirected.close()

    def _text(self, trainer: pl.Trainer, note: str = "") -> str:
        if trainer.state.fn != TrainerFn.FITTING:
            return ""
        epochs = trainer.max_epochs
        parts = [f"epoch {self._epoch}" if epochs is None or epochs < 0 else f"epoch {self._epoch}/{epochs}"]
        if note:
            parts.append(note)
        if self._loss is not None:
            parts.append(f"loss {float(self._loss) * trainer.accumulate_grad_batches:.4g}")
        if self.metric is not None and self.metric in trainer.callback_metrics:
            parts.append(f"{self.metric} {float(trainer.callback_metrics[self.metric]):.4f}")
        return ", ".join(parts)

    def on_train_batch_start(
        self, trainer: pl.Trainer, module: pl.LightningModule, batch: object, batch_idx: int
    ) -> None:
        """Opens the bar at the first batch, which is not batch 0 where a run is resumed."""
        self._epoch = trainer.current_epoch + 1
        if self._bar is None:
            self._start(trainer, total_batches(trainer), _finished(trainer, batch_idx))

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        """Moves the bar."""
        self._loss = outputs.get("loss") if isinstance(outputs, Mapping) else None
        self._draw(trainer, _finished(trainer, batch_idx + 1))

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Leaves the bar as it ended."""
        self._stop(trainer)

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Leaves the bar where it was, and the cursor on a line of its own."""
        self._stop(trainer)

    def on_validation_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Opens a bar where validation is all there is to do."""
        self._begin(trainer, TrainerFn.VALIDATING, trainer.num_val_batches)

    def on_validation_batch_end(self, trainer: pl.Trainer, *arguments: object) -> None:
        """Moves the bar, or says how far the validation within a fit is."""
        self._evaluated(trainer, trainer.num_val_batches)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Leaves the bar of a validation as it ended."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self._stop(trainer)

    def on_test_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Opens the bar."""
        self._begin(trainer, TrainerFn.TESTING, trainer.num_test_batches)

    def on_test_batch_end(self, trainer: pl.Trainer, *arguments: object) -> None:
        """Moves the bar."""
        self._evaluated(trainer, trainer.num_test_batches)

    def on_test_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Leaves the bar as it ended."""
        self._stop(trainer)

    def on_predict_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Opens the bar."""
        self._begin(trainer, TrainerFn.PREDICTING, trainer.num_predict_batches)

    def on_predict_batch_end(self, trainer: pl.Trainer, *arguments: object) -> None:
        """Moves the bar."""
        self._evaluated(trainer, trainer.num_predict_batches)

    def on_predict_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Leaves the bar as it ended."""
        self._stop(trainer)

    def _begin(self, trainer: pl.Trainer, function: TrainerFn, batches: Sequence[float]) -> None:
        self._evaluations = 0
        if trainer.state.fn == function:
            self._start(trainer, sum(batches))

    def _evaluated(self, trainer: pl.Trainer, batches: Sequence[float]) -> None:
        self._evaluations += 1
        if trainer.state.fn != TrainerFn.FITTING:
            self._draw(trainer, self._evaluations)
        elif self._bar is not None:
            self._draw(trainer, int(self._bar.n), f"validating {self._evaluations}/{sum(batches)}")


def _finished(trainer: pl.Trainer, of_this_epoch: int) -> int:
    epoch = trainer.num_training_batches
    return of_this_epoch if math.isinf(epoch) else trainer.current_epoch * int(epoch) + of_this_epoch
