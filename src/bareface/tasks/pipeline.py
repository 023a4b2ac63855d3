"""``bareface pipeline``: removes backgrounds, recognises what is left, compares."""

import sys
from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig, OmegaConf

from bareface.callbacks.figures import Cell, Picture, Section, publish, sheet
from bareface.callbacks.predictions import draw_lot
from bareface.data.dataset import IdentityDataSet
from bareface.errors import DataError
from bareface.pipeline import report
from bareface.pipeline.cutout_set import CutoutSet
from bareface.pipeline.module import PipelineModule, Sample
from bareface.pipeline.partners import batches, partners
from bareface.recognition.figures import RIGHT, WRONG
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.segmenter import Segmenter
from bareface.tasks import build
from bareface.tasks.dashboard import log_configuration
from bareface.tasks.run import is_first_process


def pipeline(cfg: DictConfig) -> dict[str, float]:
    """Shows every photo of one stage in every condition, prints and writes the tables.

    Returns:
        The figures of each condition, and the segmenter's quality where the data has masks.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    folder = Path(cfg.run)
    recogniser = Recogniser.load(Path(cfg.recogniser))
    segmenter = None if cfg.segmenter is None else Segmenter.load(Path(cfg.segmenter))
    dataset = build.plain(cfg.data)
    if not isinstance(dataset, IdentityDataSet):
        raise ValueError(f"data={type(dataset).__name__} has no identities. Use data=identity_folder or the like.")
    data = build.evaluation_data(cfg, dataset, cfg.canvas, recogniser.framing)
    conditions = {str(name): build.plain(node) for name, node in cfg.conditions.items() if node is not None}
    manifest = dataset.splits[cfg.stage]
    keys = sorted(manifest.column("key"), key=draw_lot)[: cfg.samples] if cfg.samples else []
    swapping = any(condition.partner is not None for condition in conditions.values())
    lending = partners(manifest.column("label"), cfg.seed) if swapping else None
    module = PipelineModule(
        recogniser,
        segmenter,
        conditions,
        build.plain(cfg.matte),
        cfg.mattes_from,
        dataset.classes,
        dataset.identities,
        folder,
        [str(key) for key in keys],
        lending,
        CutoutSet(folder / "cutouts", data.samples(cfg.stage, augment=False)) if cfg.write_cutouts else None,
    )
    loggers = build.each(cfg.logger)
    trainer = build.trainer(cfg, loggers)
    if is_first_process():
        data.write_splits(folder / "splits")
        log_configuration(loggers, OmegaConf.to_container(cfg), {})
    if lending is None:
        loader = data.stage_dataloader(cfg.stage)
    else:
        loader = data.stage_batches(cfg.stage, batches(lending, cfg.loader.batch_size))
    try:
        trainer.predict(module, loader, return_predictions=False)
    except BaseException:
        module.abandon()
        raise
    sums = module.tally.compute()
    if not int(sums["pictures"].sum()):
        raise DataError(
            f"{dataset.root}: no photo can be shown in every condition, {folder / 'skipped.csv'} says why of each. "
            "Use another segmenter, foreground or matte.threshold, or fewer conditions."
        )
    rows = report.rows_of(list(conditions), sums)
    quality = None if module.quality is None else {name: float(v) for name, v in module.quality.compute().items()}
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
        if module.samples:
            publish(trainer, "figures/samples", _samples(module.samples, note), folder / "figures" / "samples.png")
        report.print_table(rows, miou, note, sys.stdout)
    return results


def _samples(samples: list[Sample], note: str) -> Picture:
    cells = []
    for sample in sorted(samples, key=lambda each: each.key):
        conditions = list(sample.shown.items())
        tiles = [conditions[0][1], *([] if sample.matte is None else [sample.matte]), *(p for _, p in conditions[1:])]
        lines: list[tuple[str, tuple[int, int, int] | None]] = [(f"{sample.identity}  {sample.key}", None)]
        for name, predicted in sample.predicted.items():
            right = predicted == sample.identity
            lines.append((f"{name}: {'✓' if right else '✗'} {predicted}", RIGHT if right else WRONG))
        cells.append(Cell(tiles, lines))
    first, *others = samples[0].shown
    names = [first, *([] if samples[0].matte is None else ["matte"]), *others]
    return sheet("Photos in each condition", [Section("", cells)], names=names, note=note)
