"""Tables as one pass over the photos leaves them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bareface.pipeline.measures.arms import Layout


def write_outcomes(
    path: Path,
    layout: Layout,
    photos: Sequence[tuple[str, str]],
    answer: Callable[[str, str, str, int, str], Mapping[str, object]],
) -> Path:
    """``answer(key, identity, recogniser, seed, condition)`` gives what is not to be the default."""
    rows = []
    for key, identity in photos:
        for recogniser, seed, condition in layout.rows:
            row = {"key": key, "recogniser": recogniser, "seed": seed, "condition": condition, "identity": identity}
            row |= {"predicted": None, "rank": 0, "loss": 0.5, "kept": 1.0, "moved": 0.0, "matte_iou": None}
            rows.append(row | dict(answer(key, identity, recogniser, seed, condition)))
    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("key", "recogniser")),
            ("seed", pa.int32()),
            *((name, pa.string()) for name in ("condition", "identity", "predicted")),
            ("rank", pa.int32()),
            *((name, pa.float32()) for name in ("loss", "kept", "moved", "matte_iou")),
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return path


def write_embeddings(
    path: Path, layout: Layout, keys: Sequence[str], embedding: Callable[[str, str, int, str], Sequence[float]]
) -> Path:
    """``embedding(key, recogniser, seed, condition)`` gives a vector."""
    rows = [(key, *row) for key in keys for row in layout.rows]
    vectors = [np.asarray(embedding(*row), np.float32) for row in rows]
    columns = dict(zip(("key", "recogniser", "seed", "condition"), map(list, zip(*rows, strict=True)), strict=True))
    sizes = {len(vector) for vector in vectors}
    kind = pa.list_(pa.float32(), *sizes) if len(sizes) == 1 else pa.list_(pa.float32())
    values = pa.array(vectors, kind)
    table = pa.table({**columns, "embedding": values})
    pq.write_table(table, path, row_group_size=7)  # groups end in the middle of photos
    return path
