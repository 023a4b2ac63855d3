"""What became of every photo in every condition, and how embeddings stand beside it: as tables, batch by batch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor

from bareface.io.atomic import atomic_path
from bareface.pipeline.respondent import Answers, Respondent

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("recogniser", pa.string()),
        ("seed", pa.int32()),
        ("condition", pa.string()),
        ("identity", pa.string()),
        ("predicted", pa.string()),
        ("rank", pa.int32()),
        ("loss", pa.float32()),
        ("kept", pa.float32()),
        ("moved", pa.float32()),
        ("matte_iou", pa.float32()),
    ]
)
"""``rank``: identities that score at least as high as the right one; 0 = right. ``kept``: share of the photo shown.
``moved``: 1 - cosine to the embedding in the first condition. ``matte_iou``: of the matte with the ground truth."""
GROUP = 128
"""Photos whose rows stand together in a file and are found together."""
STRETCH = 8192
"""Photos whose rows are joined at a time."""


class Form:
    """How batches become tables: one row a photo, respondent and condition, in this order.

    Args:
        respondents: Who is asked.
        conditions: Names of what is shown.
        identities: Names of the labels of the data.
    """

    def __init__(self, respondents: Sequence[Respondent], conditions: Sequence[str], identities: Sequence[str]) -> None:
        arms = [(each.called, each.seed, condition) for each in respondents for condition in conditions]
        self.respondents, self.conditions = len(respondents), len(conditions)
        self._arms = pa.table(
            {
                "recogniser": pa.array([name for name, _, _ in arms], pa.string()),
                "seed": pa.array([seed for _, seed, _ in arms], pa.int32()),
                "condition": pa.array([condition for *_, condition in arms], pa.string()),
            }
        )
        self._identities = pa.array(identities, pa.string())
        names = [each.names for each in respondents]
        self._names = pa.array([name for each in names for name in each], pa.string())
        self._offset = np.cumsum([0, *map(len, names)])[:-1]
        sizes = {int(each.recogniser.backbone.embedding_size) for each in respondents}  # type: ignore[arg-type]
        # Vectors of several lengths stand in one column, which then says of each how long it is.
        kind = pa.list_(pa.float32(), *sizes) if len(sizes) == 1 else pa.list_(pa.float32())
        self.embeddings = pa.schema([("key", pa.string()), *self._arms.schema, ("embedding", kind)])

    def outcomes(
        self, keys: Sequence[str], label: Tensor, answers: Sequence[Sequence[Answers]], moved: Tensor, per_photo: Tensor
    ) -> pa.Table:
        """The rows of N photos.

        Args:
            keys: N keys.
            label: (N,) labels of the data.
            answers: By condition, then by respondent.
            moved: (N, respondents, conditions).
            per_photo: (N, 2, conditions): share that is shown, and IoU of the matte, NaN = unknown.
        """
        predicted, rank = (
            torch.stack([torch.stack([each[part] for each in asked], 1) for asked in answers], 2).cpu().numpy()
            for part in (0, 1)
        )
        loss = torch.stack([torch.stack([each.loss for each in asked], 1) for asked in answers], 2)
        unknown = predicted.ravel() < 0
        places = (predicted + self._offset[None, :, None]).ravel()
        arms = self._arms.num_rows
        row = pa.array(np.repeat(np.arange(len(keys)), arms))
        shown, overlap = (
            per_photo[:, part, None].expand(-1, self.respondents, -1).cpu().numpy().ravel() for part in (0, 1)
        )
        columns = [
            pa.array(keys, pa.string()).take(row),
            *self._repeated(len(keys)),
            self._identities.take(pa.array(label.cpu().numpy())).take(row),
            self._names.take(pa.array(places, mask=unknown)),
            pa.array(rank.ravel().astype(np.int32), mask=unknown),
            pa.array(loss.cpu().numpy().ravel(), pa.float32(), mask=unknown),
            pa.array(shown, pa.float32()),
            pa.array(moved.float().cpu().numpy().ravel(), pa.float32()),
            pa.array(overlap, pa.float32(), mask=np.isnan(overlap)),
        ]
        return pa.table(columns, schema=SCHEMA)

    def vectors(self, keys: Sequence[str], embeddings: Sequence[Sequence[NDArray[np.float32]]]) -> pa.Table:
        """The embeddings of some photos: by condition, then by respondent, (N, D) each."""
        count, arms = len(keys), self._arms.num_rows
        by_arm = [asked[number] for number in range(self.respondents) for asked in embeddings]
        lengths = np.concatenate([np.full(count, vectors.shape[1]) for vectors in by_arm])
        flat = pa.array(np.concatenate([vectors.ravel() for vectors in by_arm]), pa.float32())
        kind = self.embeddings.field("embedding").type
        if pa.types.is_fixed_size_list(kind):
            column: pa.Array = pa.FixedSizeListArray.from_arrays(flat, kind.list_size)
        else:
            column = pa.ListArray.from_arrays(np.append(0, np.cumsum(lengths)).astype(np.int32), flat)
        order = pa.array(np.arange(count * arms).reshape(arms, count).T.ravel())  # from arm by arm to photo by photo
        row = pa.array(np.repeat(np.arange(count), arms))
        columns = [pa.array(keys, pa.string()).take(row), *self._repeated(count), column.take(order)]
        return pa.table(columns, schema=self.embeddings)

    def _repeated(self, count: int) -> list[pa.ChunkedArray]:
        return list(self._arms.take(pa.array(np.tile(np.arange(self._arms.num_rows), count))).columns)


def write_sorted(tables: Sequence[pa.Table], schema: pa.Schema, path: Path, rows: int) -> None:
    """Writes tables as one, in the order of the keys; rows of one key stay in their order.

    Args:
        tables: They fit in memory together.
        schema: Of each.
        path: The file.
        rows: Of one photo.
    """
    with pq.ParquetWriter(path, schema) as writer:
        _append(writer, pa.concat_tables([schema.empty_table(), *tables]), rows)


def _append(writer: pq.ParquetWriter, table: pa.Table, rows: int) -> None:
    if table.num_rows:
        order = pc.sort_indices(table, sort_keys=[("key", "ascending")])  # it is stable
        writer.write_table(table.take(order), row_group_size=GROUP * rows)


def merge(parts: Sequence[Path], schema: pa.Schema, path: Path, rows: int) -> None:
    """Joins files that are sorted by key to one that is; a stretch of keys at a time is in memory.

    Args:
        parts: The files. No key is in two of them.
        schema: Of each.
        path: The file, which appears whole.
        rows: Of one photo.
    """
    first = sorted(key for part in parts for key in _first_keys(part))
    bounds = first[:: STRETCH // GROUP]
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        if bounds:
            source = ds.dataset([str(part) for part in parts], schema=schema)
            for low, high in zip(bounds, [*bounds[1:], None], strict=True):
                inside = pc.field("key") >= low
                table = source.to_table(filter=inside if high is None else inside & (pc.field("key") < high))
                _append(writer, table, rows)


def _first_keys(part: Path) -> list[str]:
    """The first key of each group of rows, from the file's end: the rows are not read."""
    with pq.ParquetFile(part) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    return [str(group.column(0).statistics.min) for group in groups]
