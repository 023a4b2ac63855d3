"""``bareface extract``: an embedding for every picture."""

from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig
from torch.utils.data import ConcatDataset

from bareface.data.dataset import STAGES, DataSet, IdentityDataSet
from bareface.recognition.extraction import Embedder, EmbeddingWriter, NpyWriter, ParquetWriter
from bareface.tasks import build


def extract(cfg: DictConfig) -> dict[str, float]:
    """Writes ``embeddings.parquet``, or ``embeddings/`` with a file a picture, into the run's folder."""
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.trainer.devices != 1:
        raise ValueError(f"trainer.devices={cfg.trainer.devices}: expected 1, all embeddings go to one place.")
    if cfg.format not in ("parquet", "npy"):
        raise ValueError(f"format={cfg.format}: expected parquet or npy.")
    if cfg.stage not in ("all", *STAGES):
        raise ValueError(f"stage={cfg.stage}: expected all, train, val or test.")
    recogniser = build.embedding_recogniser(cfg)
    dataset: DataSet = build.plain(cfg.data)
    data = build.evaluation_data(cfg, dataset, recogniser.canvas)
    stages = [stage for stage in STAGES if len(dataset.splits[stage])] if cfg.stage == "all" else [cfg.stage]
    loader = data.loader(ConcatDataset([data.samples(stage, augment=False) for stage in stages]))
    folder = Path(cfg.run)
    size = recogniser.backbone.embedding_size
    identities = dataset.identities if isinstance(dataset, IdentityDataSet) else ()
    writer: EmbeddingWriter = NpyWriter(folder / "embeddings")
    if cfg.format == "parquet":
        writer = ParquetWriter(folder / "embeddings.parquet", int(size), identities)  # type: ignore[arg-type]
    embedder = Embedder(recogniser, writer)
    complete = False
    try:
        build.trainer(cfg, []).predict(embedder, loader, return_predictions=False)
        complete = True
    finally:
        writer.close(complete)
    return {"pictures": embedder.pictures, "embedding_size": int(size)}  # type: ignore[arg-type]
