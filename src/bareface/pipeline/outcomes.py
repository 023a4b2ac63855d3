"""What became of every photo in every condition: counted, and written as it comes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor
from torchmetrics import Metric

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("condition", pa.string()),
        ("identity", pa.string()),
        ("predicted", pa.string()),
        ("rank", pa.int32()),
        ("loss", pa.float32()),
        ("kept", pa.float32()),
    ]
)
"""``rank``: identities that score at least as high as the right one; 0 = right. ``kept``: share of the photo shown."""


class Answers(NamedTuple):
    """A batch in one condition: (N,) each."""

    predicted: Tensor
    rank: Tensor
    loss: Tensor
    kept: Tensor


class OutcomeWriter:
    """Appends batches to a Parquet file that appears when it is complete.

    Args:
        path: The file.
        identities: Names of the recogniser's labels.
    """

    def __init__(self, path: Path, identities: Sequence[str]) -> None:
        self.path, self.identities = path, identities
        path.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = path.with_name(f".{path.name}.part")
        self._writer: pq.ParquetWriter | None = pq.ParquetWriter(self._temporary, SCHEMA)

    def write(self, keys: Sequence[str], label: Tensor, answers: dict[str, Answers]) -> None:
        """Adds a batch, photo by photo, each with its conditions in order."""
        names = list(answers)
        stacked = [torch.stack(values, 1).cpu() for values in zip(*answers.values(), strict=True)]
        predicted, rank, loss, kept = (values.flatten().numpy() for values in stacked)
        columns = {
            "key": [key for key in keys for _ in names],
            "condition": names * len(keys),
            "identity": [self.identities[number] for number in label.tolist() for _ in names],
            "predicted": [self.identities[number] for number in predicted],
            "rank": rank,
            "loss": loss,
            "kept": kept,
        }
        assert self._writer is not None
        self._writer.write_table(pa.table(columns, schema=SCHEMA))

    def close(self, complete: bool) -> None:
        """Puts the file in its place, or removes what there is of it."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            if complete:
                self._temporary.replace(self.path)
            else:
                self._temporary.unlink(missing_ok=True)


def merge(parts: Sequence[Path], path: Path) -> None:
    """Joins the parts that several processes wrote to one file in the order of the keys, and removes them."""
    if len(parts) > 1:
        table = pa.concat_tables([pq.read_table(part) for part in parts])
        order = pa.compute.sort_indices(table, sort_keys=[("key", "ascending")])  # stable: conditions keep their order
        temporary = path.with_name(f".{path.name}.part")
        pq.write_table(table.take(order), temporary)
        temporary.replace(path)
        for part in parts:
            part.unlink()
    elif parts[0] != path:
        parts[0].replace(path)


class Tally(Metric):
    """Right answers by condition and identity, and the time it took; over all processes.

    Args:
        conditions: Their names.
        identities: Number of the recogniser's labels.
    """

    full_state_update = False
    first: Tensor
    among_five: Tensor
    loss: Tensor
    pictures: Tensor
    seconds: Tensor
    segmenting: Tensor

    def __init__(self, conditions: Sequence[str], identities: int) -> None:
        super().__init__()
        self.conditions = tuple(conditions)
        count = len(self.conditions)
        whole, real = torch.int64, torch.float64
        self.add_state("first", torch.zeros(count, identities, dtype=whole), dist_reduce_fx="sum")
        self.add_state("among_five", torch.zeros(count, identities, dtype=whole), dist_reduce_fx="sum")
        self.add_state("loss", torch.zeros(count, dtype=real), dist_reduce_fx="sum")
        self.add_state("pictures", torch.zeros(identities, dtype=whole), dist_reduce_fx="sum")
        self.add_state("seconds", torch.zeros(count, dtype=real), dist_reduce_fx="sum")
        self.add_state("segmenting", torch.zeros((), dtype=real), dist_reduce_fx="sum")

    def update(self, label: Tensor, answers: dict[str, Answers], seconds: Sequence[float], segmenting: float) -> None:
        """Adds a batch."""
        self.pictures.index_add_(0, label, torch.ones_like(label))
        for row, answer in enumerate(answers.values()):
            self.first[row].index_add_(0, label, (answer.rank < 1).long())
            self.among_five[row].index_add_(0, label, (answer.rank < 5).long())
            self.loss[row] += answer.loss.double().sum()
        self.seconds += torch.tensor(seconds, dtype=torch.float64).to(self.seconds.device)
        self.segmenting += segmenting

    def compute(self) -> dict[str, Tensor]:
        """The sums, by name, on the CPU."""
        names = ("first", "among_five", "loss", "pictures", "seconds", "segmenting")
        return {name: getattr(self, name).cpu() for name in names}
