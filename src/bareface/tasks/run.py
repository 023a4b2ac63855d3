"""One job and its folder: what was asked, with what versions, what came out, and how it ended."""

import json
import logging
import math
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from bareface.errors import BarefaceError
from bareface.io.atomic import atomic_path
from bareface.module import versions
from bareface.tasks.mistakes import explain_instantiation
from bareface.tasks.targets import check_targets
from bareface.tasks.values import check_types

log = logging.getLogger(__name__)
Body = Callable[[DictConfig], Mapping[str, float]]


def is_first_process() -> bool:
    """Whether this process is the one of its job that writes and prints."""
    return os.environ.get("LOCAL_RANK", "0") == "0" and os.environ.get("NODE_RANK", "0") == "0"


def root_of(error: BaseException) -> BaseException:
    """The error without those that Hydra puts around it."""
    while isinstance(error, HydraException) and error.__cause__ is not None:
        error = error.__cause__
    return error


def is_interruption(error: BaseException) -> bool:
    """Whether it is Ctrl-C, which Lightning turns into an exit."""
    return isinstance(error, KeyboardInterrupt) or (
        isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt)
    )


def revision() -> str | None:
    """The git revision of the code, with ``+changes`` where files differ from it; None outside a checkout."""
    root = Path(__file__).resolve().parent

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def write_json(path: Path, value: object) -> None:
    """Writes a JSON file, whole or not at all; a number that JSON has no word for is null."""
    text = json.dumps(_spelt(value), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _spelt(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _spelt(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_spelt(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def finish_dashboard(failed: bool) -> None:
    """Closes a W&B run, if one is open, with the exit status that the job has."""
    wandb = sys.modules.get("wandb")
    if wandb is not None and wandb.run is not None:
        wandb.finish(exit_code=int(failed))


def _children_repeat_this_job(folder: Path) -> None:
    """Lets the processes that DDP starts compose this job, in this folder, and not the whole sweep again."""
    hydra = HydraConfig.get()
    sys.argv = [sys.argv[0], hydra.job.name, *hydra.overrides.task]
    config: Any = HydraConfig.instance().cfg
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.run.dir = str(folder)


def _take_away_if_empty(folder: Path) -> None:
    """Removes a folder that was made for this job alone and says no more than the line that the user sees."""
    hydra = HydraConfig.get()
    ours = {".hydra", "config.yaml", "versions.json", "error.txt"}
    alone = hydra.mode == RunMode.RUN and folder == Path(hydra.runtime.output_dir)
    if alone and {path.name for path in folder.iterdir()} <= ours:
        shutil.rmtree(folder)


def job(cfg: DictConfig, body: Body) -> float | None:
    """Runs one job in its folder.

    ``config.yaml`` holds the resolved configuration, ``versions.json`` what computed, ``results.json`` the final
    metrics under the names they were logged with, null where there is no such number, ``error.txt`` the traceback of a
    job that failed. The folder is the last line on standard output, however the job ended; but a job of its own that
    fails for a mistake before it has left anything takes its folder away again.

    Args:
        cfg: The composed configuration; ``cfg.run`` is the job's folder.
        body: Does the work and returns the final metrics.

    Returns:
        The monitored metric where the task has one: what a sweep optimises.
    """
    folder = Path(cfg.run)
    _children_repeat_this_job(folder)
    first = is_first_process()
    failed = True
    try:
        if first:
            for ending in ("results.json", "error.txt"):  # of an earlier job in this folder
                (folder / ending).unlink(missing_ok=True)
        missing = sorted(OmegaConf.missing_keys(cfg))
        if missing:
            raise ValueError(f"{', '.join(missing)}: no value given. Add {missing[0]}=... to the command.")
        check_targets(cfg)
        check_types(cfg)
        OmegaConf.resolve(cfg)
        OmegaConf.set_readonly(cfg, True)
        if first:
            with atomic_path(folder / "config.yaml") as temporary:
                temporary.write_text(OmegaConf.to_yaml(cfg), encoding="utf-8")
            write_json(folder / "versions.json", {**versions(), "revision": revision()})
        results = dict(body(cfg))
        failed = False
    except BaseException as error:
        if first:
            story = "interrupted\n" if is_interruption(error) else traceback.format_exc()
            (folder / "error.txt").write_text(story, encoding="utf-8")
            mistake = isinstance(root_of(error), BarefaceError | ValueError | OSError)
            if mistake or explain_instantiation(error) is not None:
                _take_away_if_empty(folder)
        raise
    else:
        if first:
            write_json(folder / "results.json", results)
    finally:
        finish_dashboard(failed)
        if first and folder.is_dir():
            print(folder, flush=True)
    monitored: Any = OmegaConf.select(cfg, "monitor.metric")
    return results.get(monitored) if monitored else None
