"""Embeddings of pictures, written as they come."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from bareface.data.samples import Batch
from bareface.errors import DataError
from bareface.io.atomic import atomic_path
from bareface.recognition.embeddings import TRAINED
from bareface.recognition.recogniser import Recogniser


class EmbeddingWriter(Protocol):
    """Takes embeddings batch by batch."""

    def write(self, keys: Sequence[str], labels: Sequence[int], embeddings: NDArray[np.float32]) -> None:
        """Adds a batch: N keys, N labels or none, (N, D) embeddings."""

    def close(self, complete: bool) -> None:
        """Ends the writing; what is not complete is not left to be mistaken for it."""


class NpyWriter:
    """One file a picture, ``identity/stem.npy``: the key with another suffix, (D,) float32. The 2019 layout.

    Args:
        folder: Where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._from: dict[Path, str] = {}

    def write(self, keys: Sequence[str], labels: Sequence[int], embeddings: NDArray[np.float32]) -> None:
        """Adds a batch.

        Raises:
            DataError: Two pictures differ in their suffix alone.
        """
        for key, embedding in zip(keys, embeddings, strict=True):
            path = (self.folder / key).with_suffix(".npy")
            if path in self._from:
                raise DataError(
                    f"{path}: both {self._from[path]} and {key} would become this file. Use format=parquet."
                )
            self._from[path] = key
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(path) as temporary:
                np.save(temporary, embedding)

    def close(self, complete: bool) -> None:
        """Nothing: every file is complete."""


class ParquetWriter:
    """One file: ``key``, ``identity`` (null where there is none), ``embedding`` (D float32).

    Args:
        path: The file; it appears when it is complete.
        size: Length D of an embedding.
        identities: Names of the labels; empty where the data has none.
        trained: Names of the identities that the recogniser was trained on, kept beside the columns.
    """

    def __init__(self, path: Path, size: int, identities: Sequence[str], trained: Sequence[str] = ()) -> None:
        self.path, self.size, self.identities = path, size, identities
        self._temporary = path.with_name(f".{path.name}.part")
        self._schema = pa.schema(
            [("key", pa.string()), ("identity", pa.string()), ("embedding", pa.list_(pa.float32(), size))],
            metadata={TRAINED: json.dumps(list(trained), ensure_ascii=False).encode()},
        )
        self._writer = pq.ParquetWriter(self._temporary, self._schema)

    def write(self, keys: Sequence[str], labels: Sequence[int], embeddings: NDArray[np.float32]) -> None:
        """Adds a batch."""
        names = [self.identities[label] for label in labels] if len(labels) else [None] * len(keys)
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(embeddings.ravel(), pa.float32()), self.size)
        self._writer.write_table(pa.table([pa.array(keys), pa.array(names, pa.string()), vectors], schema=self._schema))

    def close(self, complete: bool) -> None:
        """Puts the file in its place, or removes what there is of it."""
        self._writer.close()
        if complete:
            self._temporary.replace(self.path)
        else:
            self._temporary.unlink(missing_ok=True)


class Embedder(pl.LightningModule):
    """What ``Trainer.predict`` runs: embeds each batch and hands it to a writer.

    Args:
        recogniser: Embeds.
        writer: Writes.
        flip: Add the embedding of the mirrored picture to that of the picture.
    """

    def __init__(self, recogniser: Recogniser, writer: EmbeddingWriter, flip: bool = False) -> None:
        super().__init__()
        self.recogniser, self.writer, self.flip = recogniser, writer, flip
        self.pictures = 0
        self.eval()

    def predict_step(self, batch: Batch, batch_idx: int) -> None:
        """Embeds a batch."""
        if not batch["key"]:  # nothing of this batch could be read
            return
        image, content = batch["image"], batch["content"]
        vectors = self.recogniser.embed(image, content).float()
        if self.flip:
            vectors = vectors + self.recogniser.embed(image.flip(-1), mirrored(content, image.shape[-1])).float()
        embedding = vectors.cpu().numpy()
        labels = batch["label"].tolist() if "label" in batch else []
        self.writer.write(batch["key"], labels, embedding)
        self.pictures += len(embedding)


def mirrored(content: Tensor, width: int) -> Tensor:
    """Where the pictures lie after their canvas of some width is mirrored: (N, 4) top, left, height, width.

    >>> mirrored(torch.tensor([[0, 1, 4, 5]]), 8)
    tensor([[0, 2, 4, 5]])
    """
    top, left, height, wide = content.unbind(1)
    return torch.stack([top, width - left - wide, height, wide], 1)
