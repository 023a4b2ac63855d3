"""A study on dashboards: its numbers as tables, its photos and figures as pictures."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import wandb
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger

from bareface.io.pictures import read_picture
from bareface.pipeline.report.flat import CONTRASTS, FINDINGS, contrasts_rows, findings_rows
from bareface.pipeline.results import Study

STAGE = "WANDB_DATA_DIR"


def publish_study(loggers: Sequence[Logger], study: Study, run: Path) -> None:
    """Puts a study on every dashboard; to be called by the first process alone, when the run's files are written.

    All get the headlines as numbers. TensorBoard and W&B get the figures that lie in ``run/figures`` as PNG files, W&B
    also ``study/findings``, ``study/contrasts``, ``study/people`` and ``study/photos`` as tables.

    Args:
        loggers: The Trainer's.
        study: All of it.
        run: The folder of the run, in which figures and the tiles of photos lie.

    Raises:
        FileNotFoundError: A tile of a photo is missing.
        PictureError: A figure is damaged.
    """
    numbers = headline_numbers(study)
    figures = {f"figures/{path.stem}": path for path in sorted((run / "figures").glob("*.png"))}
    for logger in loggers:
        logger.log_metrics(numbers)
        if isinstance(logger, WandbLogger):
            pictures = {name: wandb.Image(str(path)) for name, path in figures.items()}
            with _staged_in(Path(logger.experiment.dir).parent):
                logger.experiment.log({**_tables(study, run), **pictures})
        elif isinstance(logger, TensorBoardLogger):
            for name, path in figures.items():
                logger.experiment.add_image(name, read_picture(path), 0, dataformats="HWC")
        logger.save()


@contextmanager
def _staged_in(folder: Path) -> Iterator[None]:
    """Lets W&B copy the pictures of tables to the run's own folder, not to one that all programs of a user share."""
    given = os.environ.get(STAGE)
    os.environ.setdefault(STAGE, str(folder))
    try:
        yield
    finally:
        if given is None:
            del os.environ[STAGE]


def headline_numbers(study: Study) -> dict[str, float]:
    """The first quantity of every arm, what it gained, and the contrasts in it, with the ends of their intervals.

    ``study/RECOGNISER/CONDITION/top1``, ``..._low``, ``..._high``, ``..._change``, ``..._change_low``, and
    ``study/RECOGNISER/BG-Gap/SAME_minus_OTHER``; without what is not known.
    """
    first = study.quantities[0].name
    found: dict[str, float | None] = {}
    for row in findings_rows(study):
        if (row["group"], row["quantity"]) == ("", first):
            name = f"study/{row['recogniser']}/{row['condition']}/{first}"
            found |= {name: row["value"], f"{name}_low": row["low"], f"{name}_high": row["high"]}
            found |= _gain(f"{name}_change", row)
    for row in contrasts_rows(study):
        if row["quantity"] == first:
            arms = f"{row['condition']}_minus_{row['against_condition']}"
            found |= _gain(f"study/{row['recogniser']}/{row['question']}/{arms}", row)
    return {name: value for name, value in found.items() if value is not None}


def _gain(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row["change"], f"{name}_low": row["change_low"], f"{name}_high": row["change_high"]}


def _tables(study: Study, run: Path) -> dict[str, wandb.Table]:
    found = {"study/findings": _table(FINDINGS.names, findings_rows(study))}
    if study.contrasts:
        found["study/contrasts"] = _table(CONTRASTS.names, contrasts_rows(study))
    if study.people:
        found["study/people"] = _people(study)
    if study.shown:
        found["study/photos"] = _photos(study, run)
    return found


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> wandb.Table:
    return wandb.Table(columns=list(columns), data=[[row.get(name) for name in columns] for row in rows])


def _people(study: Study) -> wandb.Table:
    """One row an identity and recogniser, with the first quantity in every condition."""
    first = study.quantities[0].name
    rows = [
        {
            **{name: getattr(each, name) for name in ("recogniser", "identity", "group", "photos")},
            **{f"{first}: {name}": value for name, value in each.values.items() if math.isfinite(value)},
        }
        for each in study.people
    ]
    columns = ["recogniser", "identity", "group", "photos"]
    return _table([*columns, *(f"{first}: {card.name}" for card in study.conditions)], rows)


def _photos(study: Study, run: Path) -> wandb.Table:
    """One row a photo of the picture sheet: what was shown, and whom the first recogniser took it for."""
    rows: list[dict[str, Any]] = []
    for each in study.shown:
        row: dict[str, Any] = {name: getattr(each, name) for name in ("key", "identity", "kind", "note")}
        row |= {f"shown: {name}": wandb.Image(str(run / tile)) for name, tile in each.tiles.items()}
        rows.append(row | {f"predicted: {name}": who for name, who in each.predicted.items()})
    return _table(list(dict.fromkeys(name for row in rows for name in row)), rows)
