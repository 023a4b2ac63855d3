"""``bareface extract``: an embedding for every picture."""

from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig
from torch.utils.data import ConcatDataset

from bareface.data.dataset import STAGES, DataSet, Stage
from bareface.errors import DataError
from bareface.recognition.extraction import Embedder, EmbeddingWriter, NpyWriter, ParquetWriter
from bareface.recognition.recogniser import Recogniser
from bareface.tasks import build


def extract(cfg: DictConfig) -> dict[str, float]:
    """Writes ``embeddings.parquet``, or ``embeddings/`` with a file a picture, into the run's folder.

    Raises:
        ValueError: The configuration contradicts itself.
        DataError: No picture could be read, where ``loader.on_error=skip`` lets some be left out.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.trainer.devices != 1:
        raise ValueError(f"trainer.devices={cfg.trainer.devices}: expected 1, all embeddings go to one place.")
    if cfg.format not in ("parquet", "npy"):
        raise ValueError(f"format={cfg.format}: expected parquet or npy.")
    if cfg.stage not in ("all", *STAGES):
        raise ValueError(f"stage={cfg.stage}: expected all, train, val or test.")
    recogniser = build.embedding_recogniser(cfg)
    dataset: DataSet = build.plain(cfg.data)
    stages = [stage for stage in STAGES if len(dataset.splits[stage])] if cfg.stage == "all" else [cfg.stage]
    folder = Path(cfg.run)
    size = recogniser.backbone.embedding_size
    writer: EmbeddingWriter = NpyWriter(folder / "embeddings")
    if cfg.format == "parquet":
        path = folder / "embeddings.parquet"
        writer = ParquetWriter(path, int(size), build.names_of(dataset), recogniser.identities)  # type: ignore[arg-type]
    pictures = embed(cfg, recogniser, dataset, stages, writer)
    if not pictures:
        raise DataError(f"{dataset.root}: no picture could be embedded. skipped.csv in {folder} says why.")
    return {"pictures": pictures, "embedding_size": int(size)}  # type: ignore[arg-type]


def embed(
    cfg: DictConfig,
    recogniser: Recogniser,
    dataset: DataSet,
    stages: Sequence[Stage],
    writer: EmbeddingWriter,
    flip: bool = False,
) -> int:
    """Embeds the pictures of some stages in the order of their keys, and closes the writer.

    Args:
        cfg: Has the loader, the trainer and the callbacks.
        recogniser: Embeds.
        dataset: Has the pictures.
        stages: Which of them.
        writer: Takes the embeddings.
        flip: Add the embedding of each mirrored picture.

    Returns:
        How many pictures could be read.
    """
    embedder = Embedder(recogniser, writer, flip)
    complete = False
    try:
        data = build.evaluation_data(cfg, dataset, recogniser.canvas, recogniser.framing)
        loader = data.loader(ConcatDataset([data.samples(stage, augment=False) for stage in stages]))
        build.trainer(cfg, []).predict(embedder, loader, return_predictions=False)
        complete = True
    finally:
        writer.close(complete)
    return embedder.pictures
