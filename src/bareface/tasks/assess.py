"""``bareface assess``: what is reported of a recogniser, with intervals, and eigenfaces beside it."""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from numpy.typing import NDArray
from omegaconf import DictConfig
from torch.utils.data import Dataset, Subset

from bareface.data.dataset import STAGES, DataSet, IdentityDataSet, Stage
from bareface.data.pairs import PairDataSet
from bareface.data.samples import Batch
from bareface.io.atomic import atomic_path
from bareface.recognition import assessment_report as report
from bareface.recognition.assessment import Assessment, Plan, difference
from bareface.recognition.assessment import assess as run_protocols
from bareface.recognition.curve_figures import draw_curves
from bareface.recognition.eigenfaces import Eigenfaces
from bareface.recognition.embeddings import Embeddings, TableWriter
from bareface.tasks import build
from bareface.tasks.extract import embed

GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""Share of red, green and blue in a grey picture (ITU-R BT.601)."""


def assess(cfg: DictConfig) -> dict[str, float]:
    """Embeds the pictures of one stage, runs the protocols, prints and writes tables and figures.

    Raises:
        ValueError: The configuration contradicts itself or the data, or the pictures do not suffice.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if (cfg.recogniser is None) == (cfg.embeddings is None):
        raise ValueError("assess: expected one of recogniser=FILE.ckpt and embeddings=FILE.parquet.")
    if cfg.trainer.devices != 1:
        raise ValueError(f"trainer.devices={cfg.trainer.devices}: expected 1, all embeddings go to one place.")
    if cfg.stage not in STAGES:
        raise ValueError(f"stage={cfg.stage}: expected train, val or test.")
    if cfg.embeddings is not None and cfg.flip:
        raise ValueError("flip=true: the embeddings are made already. Use it with recogniser=FILE.ckpt.")
    folder = Path(cfg.run)
    dataset: DataSet = build.plain(cfg.data)
    plan = _plan(cfg, dataset)
    pairs = dataset.pairs if isinstance(dataset, PairDataSet) else None
    stages: list[Stage] = [cfg.stage]
    if cfg.stage != "val" and len(dataset.splits["val"]) and set(plan.protocols) & {"verification", "open_set"}:
        stages.append("val")
    keys = {stage: [str(key) for key in dataset.splits[stage].column("key")] for stage in stages}
    skipped: dict[str, str] = {}
    notes: list[str] = []
    systems = {"recogniser": _recogniser_table(cfg, dataset, stages, notes)}
    if cfg.baseline is not None:
        systems["eigenfaces"] = _baseline_table(cfg, dataset, stages, skipped)
    found: dict[str, Assessment] = {}
    tested: list[Embeddings] = []
    for name, table in systems.items():
        test, missing = table.of(keys[cfg.stage])
        if not len(test):
            raise ValueError(f"{cfg.embeddings or dataset.root}: no embedding of any {cfg.stage} picture of the data.")
        found[name] = run_protocols(test, table.of(keys["val"])[0] if "val" in keys else None, pairs, plan)
        if missing:
            found[name].notes.append(f"{name}: {len(missing)} of {len(keys[cfg.stage])} pictures left out, skipped.csv")
            skipped |= {key: f"no embedding in {cfg.embeddings}" for key in missing if cfg.embeddings is not None}
        tested.append(test)
    found["recogniser"].notes += notes
    if "verification" in plan.protocols and len(tested) == 2:
        if tested[0].keys == tested[1].keys:
            found["difference"] = difference(tested[1], tested[0], plan.fars)
        else:
            shown = ", ".join(f"{name} {len(test)}" for name, test in zip(systems, tested, strict=True))
            found["recogniser"].notes.append(f"difference: left out, the pictures are not the same: {shown}")
    _list_skipped(skipped, folder / "skipped.csv")
    note = "synthetic data" if type(dataset).__module__.startswith("bareface.data.synthetic") else ""
    report.write_tables(found, note, folder)
    draw_curves(found, note, folder / "figures")
    report.print_table(found, note, sys.stdout)
    return report.figures_of(found)


def _plan(cfg: DictConfig, dataset: DataSet) -> Plan:
    default = ["pairs"] if isinstance(dataset, PairDataSet) else ["verification", "identification", "open_set"]
    return Plan(
        protocols=default if cfg.protocols is None else list(cfg.protocols),  # type: ignore[arg-type]
        fars=list(cfg.fars),
        fpirs=list(cfg.fpirs),
        ranks=list(cfg.ranks),
        rank=cfg.rank,
        gallery_pictures=cfg.gallery_pictures,
        strangers=cfg.strangers,
        seed=cfg.seed,
    )


def _names(dataset: DataSet) -> tuple[str, ...]:
    return dataset.identities if isinstance(dataset, IdentityDataSet) else ()


def _recogniser_table(cfg: DictConfig, dataset: DataSet, stages: Sequence[Stage], notes: list[str]) -> Embeddings:
    if cfg.embeddings is not None:
        return Embeddings.read(Path(cfg.embeddings))
    writer = TableWriter(_names(dataset))
    recogniser = build.embedding_recogniser(cfg)
    if note := build.framing_note(cfg, recogniser.framing):
        notes.append(note)
    embed(cfg, recogniser, dataset, stages, writer, cfg.flip)
    return writer.table


def _baseline_table(cfg: DictConfig, dataset: DataSet, stages: Sequence[Stage], skipped: dict[str, str]) -> Embeddings:
    """Eigenfaces fitted to the training pictures. What cannot be read is added to ``skipped`` where the loader may."""
    if not len(dataset.splits["train"]):
        raise ValueError("baseline: the split gives no train pictures to fit it to. Set baseline=null.")
    faces: Eigenfaces = build.plain(cfg.baseline)
    faces.fit(np.concatenate([grey for _, grey in _grey(cfg, dataset, "train", cfg.baseline_pictures, skipped)]))
    writer = TableWriter(_names(dataset))
    for stage in stages:
        for batch, grey in _grey(cfg, dataset, stage, None, skipped):
            labels = batch["label"].tolist() if "label" in batch else []
            writer.write(batch["key"], labels, faces.embed(grey))
    return writer.table


def _grey(
    cfg: DictConfig, dataset: DataSet, stage: Stage, most: int | None, skipped: dict[str, str]
) -> Iterator[tuple[Batch, NDArray[np.float32]]]:
    """The pictures of a stage, or so many of them evenly spaced: batches and (N, side, side) grey."""
    data = build.evaluation_data(cfg, dataset, cfg.baseline_side)
    samples: Dataset[Any] = data.samples(stage, augment=False)
    total = len(dataset.splits[stage])
    if most is not None and most < total:
        samples = Subset(samples, np.linspace(0, total - 1, most).astype(int).tolist())
    for batch in data.loader(samples):
        skipped |= dict(batch["skipped"])
        if batch["key"]:
            yield batch, np.einsum("nchw,c->nhw", batch["image"].numpy(), GREY)


def _list_skipped(skipped: Mapping[str, str], path: Path) -> None:
    """Adds to the list of pictures that were left out, which the loader may have begun."""
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            skipped = {**skipped, **dict(list(csv.reader(file))[1:])}
    if not skipped:
        return
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("key", "reason"))
        table.writerows(sorted(skipped.items()))
