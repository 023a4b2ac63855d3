"""``bareface assess``: what is reported of a recogniser, with intervals, and eigenfaces beside it."""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_type_hints

import numpy as np
import pytorch_lightning as pl
from numpy.typing import NDArray
from omegaconf import DictConfig

from bareface.data.dataset import DataSet, IdentityDataSet, Stage
from bareface.data.pairs import PairDataSet
from bareface.data.splits import all_test
from bareface.data.synthetic.writer import is_drawn
from bareface.errors import DataError
from bareface.io.atomic import atomic_path
from bareface.recognition import assessment_report as report
from bareface.recognition.assessment import Assessment, difference
from bareface.recognition.assessment import assess as run_protocols
from bareface.recognition.assessment_plan import Plan, Protocol
from bareface.recognition.curve_figures import draw_curves
from bareface.recognition.embeddings import Embeddings, TableWriter
from bareface.recognition.media import by_medium, media_of
from bareface.recognition.recogniser import Recogniser
from bareface.tasks import baseline, build
from bareface.tasks.extract import embed
from bareface.tasks.values import check_options

OPTIONS = {name: hint for name, hint in get_type_hints(Plan).items() if name not in ("asked", "where")} | {
    "protocols": Sequence[Protocol] | None,
    "recogniser": Path | None,
    "embeddings": Path | None,
    "stage": Literal["train", "val", "test", "all"],
    "flip": bool,
    "templates": Literal["picture", "medium"],
    "baseline_side": int,
    "baseline_pictures": int,
}


def assess(cfg: DictConfig) -> dict[str, float]:
    """Embeds the pictures of one stage, runs the protocols, prints and writes tables and figures.

    Raises:
        ValueError: The configuration contradicts itself or the data, or the pictures do not suffice.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    check_options(cfg, OPTIONS)
    if (cfg.recogniser is None) == (cfg.embeddings is None):
        raise ValueError("assess: expected one of recogniser=FILE.ckpt and embeddings=FILE.parquet.")
    if cfg.trainer.devices != 1:
        raise ValueError(f"trainer.devices={cfg.trainer.devices}: expected 1, all embeddings go to one place.")
    if cfg.embeddings is not None and cfg.flip:
        raise ValueError("flip=true: the embeddings are made already. Use it with recogniser=FILE.ckpt.")
    folder = Path(cfg.run)
    dataset: DataSet = build.plain(cfg.data)
    plan = _plan(cfg, dataset)
    source = Embeddings.read(Path(cfg.embeddings)) if cfg.recogniser is None else build.embedding_recogniser(cfg)
    notes: list[str] = []
    stage: Stage = "test" if cfg.stage == "all" else cfg.stage
    if cfg.stage == "all":
        dataset.splits = all_test(dataset.manifest)
        notes.append("stage=all: every picture is tested, none is left for thresholds (val) or eigenfaces (train)")
    plan.measurable(_tested(cfg, dataset, stage), isinstance(dataset, PairDataSet))
    faces = baseline.unfitted(cfg, dataset, [] if cfg.stage == "all" else notes)
    pairs = dataset.pairs if isinstance(dataset, PairDataSet) else None
    stages: list[Stage] = [stage]
    if stage != "val" and len(dataset.splits["val"]) and set(plan.protocols) & {"verification", "open_set"}:
        stages.append("val")
    keys = {each: [str(key) for key in dataset.splits[each].column("key")] for each in stages}
    skipped: dict[str, str] = {}
    systems = {"recogniser": _recogniser_table(cfg, source, dataset, stages, notes)}
    beside = None if faces is None else baseline.table(cfg, faces, dataset, stages, skipped, notes)
    if beside is not None:
        systems["eigenfaces"] = beside
    found: dict[str, Assessment] = {}
    tested: list[Embeddings] = []
    for name, table in systems.items():
        test, missing = table.of(keys[stage])
        if not len(test):
            raise ValueError(f"{cfg.embeddings or dataset.root}: no embedding of any {cfg.stage} picture of the data.")
        val = table.of(keys["val"])[0] if "val" in keys else None
        pictures = len(test)
        if cfg.templates == "medium" and test.identities:
            test, val = by_medium(test), None if val is None else by_medium(val)
        found[name] = run_protocols(test, val, pairs, plan)
        if cfg.templates == "medium":
            found[name].notes.append(f"{name}: templates=medium, {pictures} pictures were pooled to {len(test)} media")
        if missing:
            found[name].notes.append(f"{name}: {len(missing)} of {len(keys[stage])} pictures left out, skipped.csv")
            skipped |= {key: f"no embedding in {cfg.embeddings}" for key in missing if cfg.embeddings is not None}
        tested.append(test)
    found["recogniser"].notes += notes
    if len(tested) == 2 and all("verification" in each.curves for each in found.values()):
        if tested[0].keys == tested[1].keys:
            found["difference"] = difference(tested[1], tested[0], plan.fars)
        else:
            shown = ", ".join(f"{name} {len(test)}" for name, test in zip(systems, tested, strict=True))
            found["recogniser"].notes.append(f"difference: left out, the pictures are not the same: {shown}")
    _list_skipped(skipped, folder / "skipped.csv")
    note = "synthetic data" if is_drawn(dataset) else ""
    report.write_tables(found, note, folder)
    draw_curves(found, note, folder / "figures")
    report.print_table(found, note, sys.stdout)
    return report.figures_of(found)


def _plan(cfg: DictConfig, dataset: DataSet) -> Plan:
    default = ["pairs"] if isinstance(dataset, PairDataSet) else ["verification", "identification", "open_set"]
    plan = Plan(
        protocols=default if cfg.protocols is None else list(cfg.protocols),  # type: ignore[arg-type]
        fars=list(cfg.fars),
        fpirs=list(cfg.fpirs),
        ranks=list(cfg.ranks),
        rank=cfg.rank,
        gallery_pictures=cfg.gallery_pictures,
        strangers=cfg.strangers,
        seed=cfg.seed,
        asked=cfg.protocols is not None,
        where=f"stage={cfg.stage}" + (", templates=medium" if cfg.templates == "medium" else ""),
    )
    if cfg.templates == "medium" and "pairs" in plan.protocols:
        raise ValueError("templates=medium: pairs are of listed pictures. Use templates=picture, or other protocols.")
    return plan


def _tested(cfg: DictConfig, dataset: DataSet, stage: Stage) -> NDArray[Any] | None:
    """Label of each test picture, or of each medium of an identity where media are compared; None without labels."""
    if not len(dataset.splits[stage]):
        raise DataError(f"stage={stage}: the split gives no {stage} pictures. Choose another data.split, or stage=all.")
    if not isinstance(dataset, IdentityDataSet):
        return None
    labels = dataset.splits[stage].column("label")
    if cfg.templates == "picture":
        return labels
    media = media_of([str(key) for key in dataset.splits[stage].column("key")])
    return np.array([label for _, label in sorted(set(zip(media, labels.tolist(), strict=True)))])


def _recogniser_table(
    cfg: DictConfig, source: Embeddings | Recogniser, dataset: DataSet, stages: Sequence[Stage], notes: list[str]
) -> Embeddings:
    if isinstance(source, Embeddings):
        notes += filter(None, [_known(dataset, stages[0], source.trained)])
        return source
    writer = TableWriter(build.names_of(dataset))
    notes += filter(None, [build.framing_note(cfg, source.framing), _known(dataset, stages[0], source.identities)])
    embed(cfg, source, dataset, stages, writer, cfg.flip)
    return writer.table


def _known(dataset: DataSet, stage: Stage, trained: Sequence[str]) -> str:
    """What is to be said where people are tested whom the recogniser was trained on; empty where there are none."""
    if not isinstance(dataset, IdentityDataSet):
        return ""
    names = dataset.identities
    tested = {names[label] for label in np.unique(dataset.splits[stage].column("label")).tolist()}
    both = len(tested & set(trained))
    if not both:
        return ""
    return (
        f"{both} of {len(tested)} {stage} identities are, by their names, among those that the recogniser was "
        "trained on: the figures are too good. Test on others: data.split=disjoint in the training and here"
    )


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
