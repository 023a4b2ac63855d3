"""``bareface mattes``: the mattes of all photos of a data set, made once for trainings that use them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytorch_lightning as pl
from omegaconf import DictConfig, OmegaConf
from torch.utils.data import ConcatDataset, Subset

from bareface.data.datamodule import DataModule
from bareface.data.dataset import STAGES, DataSet
from bareface.data.matte_cache import MatteCard
from bareface.data.matte_writer import MatteWriter
from bareface.pipeline.matte_maker import MatteMaker, check_source, segmenter_fingerprint
from bareface.pipeline.shown import faces_digest
from bareface.segmentation.segmenter import Segmenter
from bareface.tasks import build


def mattes(cfg: DictConfig) -> dict[str, float]:
    """Adds to the folder ``out`` the mattes that are not there yet.

    Returns:
        How many photos are in it now, how many were added, how many of those have an empty matte or none.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.trainer.devices != 1:
        raise ValueError(f"trainer.devices={cfg.trainer.devices}: expected 1, all mattes go to one place.")
    segmenter = None if cfg.segmenter is None else Segmenter.load(Path(cfg.segmenter))
    dataset: DataSet = build.plain(cfg.data)
    classes = tuple(getattr(dataset, "classes", ()))
    check_source(segmenter, cfg.mattes_from, classes, cfg.foreground)
    used = segmenter if cfg.mattes_from == "segmenter" else None
    whole = cfg.loader.faces is None
    matte: Any = OmegaConf.to_container(cfg.matte)
    card = MatteCard(
        source=cfg.mattes_from,
        segmenter=None if used is None else segmenter_fingerprint(used),
        foreground=cfg.foreground,
        matte={name: value for name, value in matte.items() if name != "_target_"},
        canvas=cfg.canvas,
        faces=faces_digest(cfg.loader.faces),
        framing=None if whole else f"{cfg.loader.framing}, {cfg.loader.on_no_face}",
        root=str(dataset.root),
    )
    data = build.evaluation_data(cfg, dataset, cfg.canvas)
    made = build.plain(cfg.matte)
    with MatteWriter(Path(cfg.out), card) as writer:
        maker = MatteMaker(segmenter, cfg.mattes_from, classes, cfg.foreground, made, writer)
        missing = list(_missing(data, writer))
        if missing:
            build.trainer(cfg, []).predict(maker, data.loader(ConcatDataset(missing)), return_predictions=False)
    before = len(writer.before.table)
    added = maker.found + maker.empty + maker.failed
    parts = f"{maker.found} with {cfg.foreground}, {maker.empty} without, {maker.failed} that could not be looked at"
    print(f"{cfg.out}: {before} mattes were there, {added} added: {parts}")
    return {"photos": before + added, "added": added, "empty": maker.empty, "failed": maker.failed}


def _missing(data: DataModule, writer: MatteWriter) -> Iterator[Subset[Any]]:
    """The photos of each stage that have no matte yet."""
    for stage in STAGES:
        if len(data.dataset.splits[stage]):
            samples = data.samples(stage, augment=False)
            known = writer.before.positions(samples.manifest.table["key"])
            rows = np.flatnonzero(np.asarray(pc.is_null(known).to_numpy(zero_copy_only=False), bool))
            if len(rows):
                yield Subset(samples, rows)  # type: ignore[arg-type]
