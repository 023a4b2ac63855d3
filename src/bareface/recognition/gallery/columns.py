"""Enrolled faces as one Parquet file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bareface.errors import DataError
from bareface.recognition.gallery.gallery import Enrolled

ROWS = 65_536
"""Rows a group: 128 MiB of embeddings of 512 numbers."""


def write_columns(path: Path, enrolled: Enrolled) -> None:
    """Writes ``key``, ``identity``, ``box`` (4 float32) and ``embedding`` (D float32).

    Embeddings lie in the file as they are in memory, and every page has a checksum.
    """
    size = enrolled.embeddings.shape[1]
    schema = pa.schema(
        [
            ("key", pa.string()),
            ("identity", pa.string()),
            ("box", pa.list_(pa.float32(), 4)),
            ("embedding", pa.list_(pa.float32(), size)),
        ]
    )
    plain = dict.fromkeys(("key", "identity", "box.list.element"), "zstd") | {"embedding.list.element": "none"}
    with pq.ParquetWriter(
        path, schema, compression=plain, use_dictionary=["identity"], write_page_checksum=True, write_statistics=False
    ) as writer:
        for start in range(0, len(enrolled), ROWS):
            part = enrolled.take(np.arange(start, min(start + ROWS, len(enrolled))))
            lists = (
                pa.FixedSizeListArray.from_arrays(pa.array(column.ravel(), pa.float32()), column.shape[1])
                for column in (part.boxes, part.embeddings)
            )
            names = (pa.array(column.tolist(), pa.string()) for column in (part.keys, part.identities))
            writer.write_table(pa.table([*names, *lists], schema=schema))


def read_columns(path: Path, size: int) -> Enrolled:
    """Reads what ``write_columns`` wrote, a group at a time.

    Args:
        path: The file.
        size: Length of an embedding.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: It is damaged, or its embeddings have another length.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            kind = file.schema_arrow.field("embedding").type
            if kind != pa.list_(pa.float32(), size):
                raise DataError(
                    f"{path}: embeddings are {kind}, gallery.json says {size} float32. Restore the gallery."
                )
            rows, filled = file.metadata.num_rows, 0
            keys, identities = np.empty(rows, object), np.empty(rows, object)
            boxes, embeddings = np.empty((rows, 4), np.float32), np.empty((rows, size), np.float32)
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=["key", "identity", "box", "embedding"])
                block = slice(filled, filled + len(table))
                keys[block] = table["key"].to_numpy()
                identities[block] = table["identity"].to_numpy()
                for column, target in (("box", boxes), ("embedding", embeddings)):
                    values = table[column].combine_chunks()
                    target[block] = values.flatten().to_numpy().reshape(len(table), -1)
                filled += len(table)
            return Enrolled(keys, identities, boxes, embeddings)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:100]
        raise DataError(f"{path}: damaged ({reason}). Restore it, or enrol anew elsewhere.") from error


def read_identities(path: Path) -> list[str]:
    """Whose faces a file holds, one name a face; nobody's where it is damaged or was never finished."""
    try:
        return [str(name) for name in pq.read_table(path, columns=["identity"])["identity"].to_pylist()]
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return []
