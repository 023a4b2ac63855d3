"""The list of pictures that could not be read."""

import csv
import logging
from pathlib import Path

import pytorch_lightning as pl

from bareface.data.samples import Batch
from bareface.io.atomic import atomic_path

log = logging.getLogger(__name__)


class SkippedPictures(pl.Callback):
    """Lists the pictures that the loaders skipped, with the reason, however the run ends.

    The table has the columns ``key`` and ``reason`` and one row a picture. Without a skipped picture there is no file.
    Under DDP every process lists what it was given, the second one in ``NAME.1.csv`` and so on, because a process that
    fails cannot wait for the others.

    Args:
        path: The CSV file.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self.reasons: dict[str, str] = {}
        self._written = 0

    def _collect(self, trainer: pl.Trainer, batch: Batch) -> None:
        for key, reason in batch["skipped"]:
            if not self.reasons:
                log.warning("%s", f"skipped {key} ({reason}) The run goes on, {self._file(trainer)} will list all.")
            self.reasons.setdefault(key, reason)

    def _file(self, trainer: pl.Trainer) -> Path:
        rank = trainer.global_rank
        return self.path if rank == 0 else self.path.with_suffix(f".{rank}{self.path.suffix}")

    def _write(self, trainer: pl.Trainer) -> None:
        if len(self.reasons) == self._written:
            return
        path = self._file(trainer)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("key", "reason"))
            table.writerows(sorted(self.reasons.items()))
        self._written = len(self.reasons)
        log.warning("%s", f"{self._written} {'picture' if self._written == 1 else 'pictures'} skipped, see {path}")

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: object, batch: Batch, batch_idx: int
    ) -> None:
        """Collects."""
        self._collect(trainer, batch)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: object, batch: Batch, *index: int
    ) -> None:
        """Collects."""
        self._collect(trainer, batch)

    def on_test_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: object, batch: Batch, *index: int
    ) -> None:
        """Collects."""
        self._collect(trainer, batch)

    def on_predict_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: object, batch: Batch, *index: int
    ) -> None:
        """Collects."""
        self._collect(trainer, batch)

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        """Writes the list at the end of a fit, a test or a prediction."""
        self._write(trainer)

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Writes the list of a run that failed."""
        self._write(trainer)
