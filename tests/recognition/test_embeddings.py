"""Tables of embeddings."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from bareface.data.normalise import Normalise
from bareface.errors import DataError
from bareface.recognition.embeddings import Embeddings, TableWriter
from bareface.recognition.extraction import Embedder, ParquetWriter


def test_what_extract_wrote_is_read(tmp_path):
    path = tmp_path / "e.parquet"
    vectors = np.arange(12, dtype=np.float32).reshape(4, 3)
    file, memory = ParquetWriter(path, 3, ["Ada", "Bob"]), TableWriter(["Ada", "Bob"])
    for writer in (file, memory):
        writer.write(["a/1", "a/2"], [0, 0], vectors[:2])
        writer.write(["b/1", "b/2"], [1, 1], vectors[2:])
        writer.close(True)
    for table in (Embeddings.read(path), memory.table):
        assert table.keys == ("a/1", "a/2", "b/1", "b/2") and table.identities == ("Ada", "Ada", "Bob", "Bob")
        np.testing.assert_array_equal(table.vectors, vectors)
        part, missing = table.of(["b/2", "c/9", "a/1"])
        assert part.keys == ("b/2", "a/1") and part.identities == ("Bob", "Ada") and missing == ["c/9"]
        np.testing.assert_array_equal(part.vectors, vectors[[3, 0]])


def test_without_identities(tmp_path):
    writer = ParquetWriter(tmp_path / "e.parquet", 2, [])
    writer.write(["a"], [], np.ones((1, 2), np.float32))
    writer.close(True)
    assert Embeddings.read(tmp_path / "e.parquet").identities == ()
    assert len(TableWriter([]).table) == 0


def written(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"embeddings=.*x: no such file. Make one with bareface extract"):
        Embeddings.read(tmp_path / "x")
    (tmp_path / "text").write_text("nothing")
    with pytest.raises(DataError, match="not a Parquet file"):
        Embeddings.read(tmp_path / "text")
    with pytest.raises(DataError, match="has no column embedding, identity. Make it with bareface extract"):
        Embeddings.read(written(tmp_path / "a", key=["a"]))
    with pytest.raises(DataError, match="embedding is of list"):
        Embeddings.read(written(tmp_path / "b", key=["a"], identity=["x"], embedding=[[1.0]]))
    two = pa.FixedSizeListArray.from_arrays(pa.array([1.0, 2.0], pa.float32()), 1)
    with pytest.raises(DataError, match="1 keys occur twice: a"):
        Embeddings.read(written(tmp_path / "c", key=["a", "a"], identity=["x", "x"], embedding=two))


class Corner(torch.nn.Module):
    """Sees a picture's left column."""

    embedding_size = 3

    def forward(self, image):
        return image[:, :, :, 0].mean(2)


def test_the_mirrored_picture_is_added():
    from bareface.recognition.recogniser import Recogniser

    recogniser = Recogniser.__new__(Recogniser)
    torch.nn.Module.__init__(recogniser)
    recogniser.shorter = recogniser.crop = 4
    recogniser.normalise = Normalise((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    recogniser.backbone = Corner()
    image = torch.full((1, 3, 6, 6), 99, dtype=torch.uint8)
    image[:, :, 0:4, 0:4] = torch.arange(4, dtype=torch.uint8) * 10  # the picture: columns 0, 10, 20, 30
    batch = {"image": image, "content": torch.tensor([[0, 0, 4, 4]]), "key": ["a"], "skipped": []}
    found = []
    for flip in (False, True):
        writer = TableWriter([])
        Embedder(recogniser, writer, flip).predict_step(batch, 0)
        found.append(writer.table.vectors[0, 0])
    left, both = found
    flipped = dict(batch, image=image.flip(-1), content=torch.tensor([[0, 2, 4, 4]]))
    writer = TableWriter([])
    Embedder(recogniser, writer).predict_step(flipped, 0)
    assert both == pytest.approx(left + writer.table.vectors[0, 0]) and both > left
