"""``bareface pipeline``: removes backgrounds, recognises what is left, compares."""

import sys
from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig, OmegaConf

from bareface.callbacks.figures import Cell, Picture, Section, publish, sheet
from bareface.callbacks.predictions import draw_lot
from bareface.data.dataset import IdentityDataSet
from bareface.errors import DataError
from bareface.io.pictures import read_picture
from bareface.pipeline import report
from bareface.pipeline.cutout_set import CutoutSet
from bareface.pipeline.module import PipelineModule
from bareface.pipeline.partners import batches, in_order, partners
from bareface.pipeline.parts import Parts
from bareface.pipeline.results import Shown
from bareface.recognition.figures import RIGHT, WRONG
from bareface.tasks import build
from bareface.tasks.dashboard import log_configuration
from bareface.tasks.models import load_recognisers, load_segmenters
from bareface.tasks.resume import study_of, take_over
from bareface.tasks.run import is_first_process


def pipeline(cfg: DictConfig) -> dict[str, float]:
    """Shows every photo of one stage in every condition, prints and writes the tables.

    Returns:
        The figures of each condition, and the segmenter's quality where the data has masks.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    folder = Path(cfg.run)
    recognisers, segmenters = load_recognisers(cfg), load_segmenters(cfg)
    dataset = build.plain(cfg.data)
    if not isinstance(dataset, IdentityDataSet):
        raise ValueError(f"data={type(dataset).__name__} has no identities. Use data=identity_folder or the like.")
    framing = next(iter(recognisers.values()))[0].framing
    data = build.evaluation_data(cfg, dataset, cfg.canvas, framing)
    conditions = {str(name): build.plain(node) for name, node in cfg.conditions.items() if node is not None}
    manifest = dataset.splits[cfg.stage]
    keys = sorted(manifest.column("key"), key=draw_lot)[: cfg.samples] if cfg.samples else []
    swapping = any(condition.partner is not None for condition in conditions.values())
    lending = partners(manifest.column("label"), cfg.seed) if swapping else None
    study = study_of(cfg, dataset)
    take_over(cfg, study)
    parts = Parts(folder, study)
    module = PipelineModule(
        recognisers,
        segmenters,
        conditions,
        build.plain(cfg.matte),
        cfg.mattes_from,
        dataset.classes,
        dataset.identities,
        parts,
        typical=[str(key) for key in keys],
        special=cfg.samples,
        partners=lending,
        cutouts=CutoutSet(folder / "cutouts", data.samples(cfg.stage, augment=False)) if cfg.write_cutouts else None,
    )
    loggers = build.each(cfg.logger)
    trainer = build.trainer(cfg, loggers)
    if is_first_process():
        data.write_splits(folder / "splits")
        log_configuration(loggers, OmegaConf.to_container(cfg), {})
    rows_of_batches = (
        in_order(len(manifest), cfg.loader.batch_size) if lending is None else batches(lending, cfg.loader.batch_size)
    )
    remaining = parts.remaining(manifest.table["key"], rows_of_batches, trainer.world_size)
    trainer.predict(module, data.stage_batches(cfg.stage, remaining), return_predictions=False)
    passed = module.passed
    if not passed.photos:
        raise DataError(
            f"{dataset.root}: no photo can be shown in every condition, {folder / 'skipped.csv'} says why of each. "
            "Use another segmenter, foreground or matte.threshold, or fewer conditions."
        )
    rows = report.rows_of(folder / "outcomes.parquet", passed.milliseconds)
    quality = next(iter(passed.quality.values()), None)
    results = report.figures_of(rows)
    if quality is not None:
        results |= {f"test/segmenter/{name}": value for name, value in quality.items()}
    for logger in loggers:
        logger.log_metrics(results)
        logger.save()
    if is_first_process():
        note = "synthetic data" if type(dataset).__module__.startswith("bareface.data.synthetic") else ""
        miou = None if quality is None else quality["miou"]
        report.write_tables(rows, miou, note, folder)
        report.draw_conditions(rows, note, folder / "figures" / "conditions.png")
        typical = [photo for photo in passed.shown if photo.kind == "typical"]
        if typical:
            publish(trainer, "figures/samples", _samples(typical, folder, note), folder / "figures" / "samples.png")
        report.print_table(rows, miou, note, sys.stdout)
    return results


def _samples(photos: list[Shown], folder: Path, note: str) -> Picture:
    cells = []
    for photo in photos:
        tiles = [read_picture(folder / file) for file in photo.tiles.values()]
        lines: list[tuple[str, tuple[int, int, int] | None]] = [(f"{photo.identity}  {photo.key}", None)]
        for name, predicted in photo.predicted.items():
            right = predicted == photo.identity
            lines.append((f"{name}: {'✓' if right else '✗'} {predicted}", RIGHT if right else WRONG))
        cells.append(Cell(tiles, lines))
    return sheet("Photos in each condition", [Section("", cells)], names=list(photos[0].tiles), note=note)
