"""Which study a run is, and where an interrupted one goes on."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, ListConfig, OmegaConf

from bareface.data.dataset import IdentityDataSet
from bareface.errors import DataError
from bareface.io.atomic import atomic_folder
from bareface.pipeline.canvas import canvas_of
from bareface.pipeline.parts import TABLES, check_study
from bareface.tasks import build
from bareface.tasks.launch import leave
from bareface.tasks.models import digest, load_recognisers, recogniser_files, segmenter_files

DECIDING = (
    *("data", "stage", "conditions", "matte", "mattes_from", "seed"),
    *("samples", "verification_photos", "write_cutouts"),
)
"""Options that decide outcomes, or what is kept of them."""
LEFT = ("cutouts", "figures/photos")
"""Folders that a pass leaves, beside its parts and tables."""


def study_of(cfg: DictConfig, dataset: IdentityDataSet, canvas: int) -> dict[str, Any]:
    """What decides the outcomes of a study, in plain values: another study differs in one of them.

    Files count by what they hold, wherever they lie; how photos are batched, by whom and how fast, does not count.
    The canvas counts as the number that it is, whether the run says it or its recognisers do.
    """
    study = {name: _plain(cfg[name]) for name in DECIDING} | {"canvas": canvas}
    study["data"] = {name: value for name, value in study["data"].items() if name != "root"}
    study["loader.faces"] = None if cfg.loader.faces is None else digest(Path(cfg.loader.faces))
    study |= {f"loader.{name}": cfg.loader[name] for name in ("framing", "on_no_face")}
    study["recogniser"] = {name: [digest(path) for path in paths] for name, paths in recogniser_files(cfg).items()}
    study["segmenter"] = {name: digest(path) for name, path in segmenter_files(cfg).items()}
    study["precision"] = cfg.trainer.precision
    table, photos = dataset.splits[cfg.stage].table.select(["key", "label"]), hashlib.sha256()
    for batch in table.to_batches(max_chunksize=65536):  # never as many Python strings as photos
        for column in batch.columns:
            photos.update("\n".join(map(str, column.to_pylist())).encode())
    study["photos"] = photos.hexdigest()
    return study


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if isinstance(value, DictConfig | ListConfig) else value


class StudyFolder(Callback):
    """Refuses a run in the folder of another study before anything in it is written, by Hydra or by the run."""

    def on_run_start(self, config: DictConfig, **options: object) -> None:
        """Called once by Hydra, before it makes the folder."""
        here = OmegaConf.is_interpolation(config, "run")
        folder = Path(config.hydra.run.dir if here else config.run)
        if not (folder / "parts/asked.json").is_file():
            return
        try:
            canvas = config.canvas or canvas_of(None, load_recognisers(config))
            check_study(folder, study_of(config, build.plain(config.data), canvas))
        except DataError as error:
            leave(error)
        except Exception:  # of the options or the data: the run says the same, in one line, where it belongs
            return


def take_over(cfg: DictConfig, study: dict[str, Any]) -> None:
    """Brings what the run that ``resume`` names has so far into this run's folder; that run stays as it is.

    Args:
        cfg: Has ``resume``: null, a folder, or ``last``: the newest run of the same study.
        study: What ``study_of`` said.

    Raises:
        FileNotFoundError: There is no such run.
        DataError: The run is one of another study.
    """
    if cfg.resume is None:
        return
    run = Path(cfg.run)
    earlier = _newest(cfg, study) if cfg.resume == "last" else Path(cfg.resume)
    if not (earlier / "parts/asked.json").is_file():
        raise FileNotFoundError(f"resume={cfg.resume}: no run of a study there. Give the folder of one, or last.")
    check_study(earlier, study)
    if earlier.resolve() == run.resolve() or (run / "parts").exists():
        return
    for name in LEFT:
        if (earlier / name).is_dir():
            shutil.copytree(earlier / name, run / name, copy_function=_linked, dirs_exist_ok=True)
    for table in TABLES:
        if (earlier / f"{table}.parquet").is_file():
            _linked(str(earlier / f"{table}.parquet"), str(run / f"{table}.parquet"))
    with atomic_folder(run / "parts") as folder:
        half = shutil.ignore_patterns(".*")
        shutil.copytree(earlier / "parts", folder, copy_function=_linked, ignore=half, dirs_exist_ok=True)


def _newest(cfg: DictConfig, study: dict[str, Any]) -> Path:
    found = sorted(Path(cfg.runs, cfg.task).rglob("parts/asked.json"), key=lambda path: path.parent.stat().st_mtime)
    for path in reversed(found):
        try:
            check_study(path.parent.parent, study)
        except DataError:
            continue
        return path.parent.parent
    raise FileNotFoundError(
        f"resume=last: no earlier run of this study under {cfg.runs}/{cfg.task}. Leave it out to begin one."
    )


def _linked(source: str, target: str) -> None:
    """A second name of a file: all of them are replaced as a whole, never written into."""
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)
