"""``bareface pipeline``: removes backgrounds, recognises what is left, compares: a study."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytorch_lightning as pl
from omegaconf import DictConfig, OmegaConf

from bareface.callbacks.predictions import draw_lot
from bareface.data.dataset import IdentityDataSet, Stage
from bareface.errors import DataError
from bareface.pipeline.canvas import canvas_of
from bareface.pipeline.conditions import Condition
from bareface.pipeline.cutout_set import CutoutSet
from bareface.pipeline.lot import verification_lot
from bareface.pipeline.matte import Matte
from bareface.pipeline.measures.plan import References
from bareface.pipeline.module import PipelineModule
from bareface.pipeline.partners import batches, in_order, partners
from bareface.pipeline.parts import Parts
from bareface.pipeline.prerequisites import check_partners
from bareface.pipeline.report.files import write_report
from bareface.pipeline.report.terminal import print_study
from bareface.pipeline.results import Study
from bareface.tasks import build
from bareface.tasks.dashboard import log_configuration
from bareface.tasks.models import load_recognisers, load_segmenters
from bareface.tasks.resume import study_of, take_over
from bareface.tasks.run import is_first_process
from bareface.tasks.study import measured, plan_of
from bareface.tasks.study_dashboard import publish_study
from bareface.tasks.targets import check_targets
from bareface.tasks.values import check_options, check_types

OPTIONS = {
    "fars": Sequence[float],
    "fpirs": Sequence[float],
    "references": References,
    "stage": Stage,
    "samples": int,
    "verification_photos": int,
    "canvas": int | None,
    "resume": str | None,
    "mattes_from": Literal["segmenter", "mask"],
    "write_cutouts": bool,
}


def pipeline(cfg: DictConfig) -> dict[str, float]:
    """Shows every photo of one stage in every condition, measures, writes and prints the report.

    Returns:
        Every figure of every arm.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    folder = Path(cfg.run)
    check_options(cfg, OPTIONS)  # before anything is computed
    if cfg.samples < 0:
        raise ValueError(f"samples={cfg.samples}: expected 0 or more.")
    if cfg.canvas is not None and cfg.canvas < 1:
        raise ValueError(f"canvas={cfg.canvas}: expected at least 1 pixel.")
    plan_of(cfg)
    conditions = _conditions(cfg)
    recognisers, segmenters = load_recognisers(cfg), load_segmenters(cfg)
    dataset = build.plain(cfg.data)
    if not isinstance(dataset, IdentityDataSet):
        raise ValueError(f"data={type(dataset).__name__} has no identities. Use data=identity_folder or the like.")
    framing = next(iter(recognisers.values()))[0].framing
    canvas = canvas_of(cfg.canvas, recognisers)
    data = build.evaluation_data(cfg, dataset, canvas, framing)
    manifest = data.samples(cfg.stage, augment=False).manifest
    labels, keys = manifest.column("label"), manifest.column("key")
    compared = verification_lot(labels, cfg.verification_photos, cfg.seed) if cfg.verification_photos else labels[:0]
    swapping = any(condition.partner is not None for condition in conditions.values())
    lending = partners(labels, cfg.seed) if swapping else None
    check_partners(conditions, lending, cfg.stage)
    study = study_of(cfg, dataset, canvas)
    if is_first_process():  # Lightning starts the others, which come here later
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
        typical=[str(key) for key in sorted(keys, key=draw_lot)[: cfg.samples]],
        special=cfg.samples,
        embedded=[str(keys[row]) for row in compared],
        partners=lending,
        cutouts=CutoutSet(folder / "cutouts", data.samples(cfg.stage, augment=False)) if cfg.write_cutouts else None,
    )
    loggers = build.each(cfg.logger)
    trainer = build.trainer(cfg, loggers)
    if is_first_process():
        data.write_splits(folder / "splits")
        log_configuration(loggers, OmegaConf.to_container(cfg), {})
    size = cfg.loader.batch_size
    rows = in_order(len(manifest), size) if lending is None else batches(lending, size)
    remaining = parts.remaining(manifest.table["key"], rows, trainer.world_size)
    trainer.predict(module, data.stage_batches(cfg.stage, remaining), return_predictions=False)
    if not module.passed.photos:
        raise DataError(
            f"{dataset.root}: no photo can be shown in every condition, {folder / 'skipped.csv'} says why of each. "
            "Use another segmenter, foreground or matte.threshold, or fewer conditions."
        )
    if not is_first_process():
        return {}
    found = measured(cfg, dataset, recognisers, segmenters, conditions, canvas, module.passed)
    found.write(folder / "study.json")
    write_report(found, folder)
    results = figures_of(found)
    for name, quality in module.passed.quality.items():
        results |= {f"test/{name}/{figure}": value for figure, value in quality.items()}
    publish_study(loggers, found, folder)
    print_study(found, sys.stdout)
    return results


def _conditions(cfg: DictConfig) -> dict[str, Condition]:
    """What is shown, by name.

    Raises:
        ValueError: One is no condition, or has a matte of its own that no matte can be.
    """
    made = {}
    for name, node in cfg.conditions.items():
        if node is None:
            continue
        if not isinstance(node, DictConfig) or "_target_" not in node:
            raise ValueError(f"conditions.{name}={node}: expected {{_target_: CLASS, its options}}.")
        own = node.get("matte")
        if isinstance(own, DictConfig):
            matte = {"_target_": f"{Matte.__module__}.{Matte.__name__}", **own}
            checked = OmegaConf.create({"conditions": {name: {"matte": matte}}})
            check_targets(checked)
            check_types(checked)
        made[str(name)] = build.plain(node)
        if not isinstance(made[str(name)], Condition):
            raise ValueError(
                f"conditions.{name}: {node['_target_']} is no condition. See bareface.pipeline.conditions."
            )
    return made


def figures_of(study: Study) -> dict[str, float]:
    """Every number of everybody's photos under the name that it is logged with; the first recogniser has no name."""
    first = study.recognisers[0].name
    figures: dict[str, float] = {}
    for each in study.findings:
        if each.group:
            continue
        name = "/".join(
            ["test", *([] if each.recogniser == first else [each.recogniser]), each.condition, each.quantity]
        )
        figures[name] = each.value
        if each.interval is not None:
            figures |= {f"{name}_low": each.interval.low, f"{name}_high": each.interval.high}
        if each.change is not None:
            figures[f"{name}_change"] = each.change.value
            if each.change.interval is not None:
                figures[f"{name}_change_low"] = each.change.interval.low
                figures[f"{name}_change_high"] = each.change.interval.high
    return figures
