"""Starts a task as a Hydra app and answers mistakes in one line."""

import importlib
import logging
import os
import re
import select
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from hydra.types import RunMode, TaskFunction
from lightning_fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bareface.errors import BarefaceError
from bareface.precision import processor_computes_in_bf16
from bareface.tasks.conf_tree import conf_folder
from bareface.tasks.mistakes import explain_instantiation, explain_override, explain_value, option_of, refuse_empty
from bareface.tasks.run import is_first_process, is_interruption, job, root_of

MENDABLE = (BarefaceError, ValueError, OSError, MisconfigurationException, HydraException, OmegaConfBaseException)
"""Errors whose message is meant for the user; any other is a defect of the program and shows its traceback."""
OF_A_WORKER = re.compile(r"Caught \w+ in DataLoader worker process \d+\.\nOriginal Traceback")


def cpu_precision() -> str:
    """The precision that is fast on this processor without changing what is learnt."""
    return "bf16-mixed" if processor_computes_in_bf16() else "32-true"


def register_resolvers() -> None:
    """Makes ``${cpu_precision:}`` known to configurations."""
    OmegaConf.register_new_resolver("cpu_precision", cpu_precision, replace=True)


class SweepFolder(Callback):
    """Remembers where the jobs of a multirun go, and how many there were and failed."""

    found: Path | None = None
    jobs = 0
    failed = 0

    def on_multirun_start(self, config: DictConfig, **options: object) -> None:
        """Called once by Hydra, before the first job."""
        SweepFolder.found = Path(config.hydra.sweep.dir)


def launch(task: str, arguments: Sequence[str]) -> None:
    """Runs a task with Hydra's command line; leaves with exit status 1 and one line on standard error when it fails.

    Args:
        task: Name of a module of ``bareface.tasks``, of the function in it, and of the file in ``conf/``.
        arguments: Overrides and Hydra's own flags.
    """
    _quiet()
    register_resolvers()
    body = getattr(importlib.import_module(f"bareface.tasks.{task}"), task)

    def run(cfg: DictConfig) -> float | None:
        SweepFolder.jobs += 1
        try:
            _refuse_lone_sweep(task)
            return job(cfg, body)
        except Exception as error:
            if HydraConfig.get().mode == RunMode.RUN:
                leave(error, explain_value(error, task, list(arguments), conf_folder()))
            print(f"job failed: {_told(error)}", file=sys.stderr)
            SweepFolder.failed += 1
            return None  # the other jobs go on
        except (KeyboardInterrupt, SystemExit) as error:
            if not is_interruption(error):
                raise
            leave_interrupted(_how_to_go_on(Path(cfg.run)))

    function: TaskFunction = run
    app = hydra.main(config_path=str(conf_folder()), config_name=task, version_base="1.3")(function)
    sys.argv = [sys.argv[0], *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # hands errors to us instead of printing them
    SweepFolder.found, SweepFolder.jobs, SweepFolder.failed = None, 0, 0
    try:
        refuse_empty(list(arguments), conf_folder())
        app()
    except Exception as error:
        leave(error, explain_override(error, task, list(arguments), conf_folder()))
    _end_sweep(task)
    if SweepFolder.failed:
        print(f"error: {SweepFolder.failed} of {SweepFolder.jobs} jobs failed", file=sys.stderr)
        sys.exit(1)


def _end_sweep(task: str) -> None:
    """Compares the jobs of a sweep; its folder is the last line on standard output."""
    folder = SweepFolder.found
    if folder is None or task not in ("train", "pipeline") or not any(folder.rglob(".hydra/overrides.yaml")):
        return
    from bareface.tasks.compare import compare  # matplotlib is not needed before

    compare([folder], folder)
    print(folder)


def _refuse_lone_sweep(task: str) -> None:
    """A sweep without -m would be one training with the defaults. What DDP starts is a job of a sweep."""
    chosen = HydraConfig.get().runtime.choices.get("sweep")
    if chosen is not None and HydraConfig.get().mode == RunMode.RUN and is_first_process():
        raise ValueError(f"sweep={chosen}: a sweep needs -m. Write bareface {task} -m sweep={chosen} ...")


def _how_to_go_on(folder: Path) -> str:
    if (folder / "checkpoints/last.ckpt").is_file():
        return "; the same command with ckpt_path=last goes on after its last whole epoch"
    if any((folder / "parts").glob("*/")):
        return "; the same command with resume=last goes on behind what is done"
    return ""


def leave_interrupted(what: str = "") -> NoReturn:
    """Ends the command as Ctrl-C does, with one line; exit status 130."""
    if is_first_process():
        print(f"interrupted{what}", file=sys.stderr)
    sys.exit(130)


def one_line(error: BaseException) -> str | None:
    """What the user can do about it; None where the program is at fault."""
    root = root_of(error)
    if isinstance(root, OSError) and root.errno is not None and root.filename is not None:
        place = str(root.filename)
        option = option_of(place, sys.argv[1:])
        return f"{option}{place}: {root.strerror}. Give a place that can be read and written."
    if isinstance(root, MENDABLE):
        return " ".join(_without_traceback(str(root)).split())
    return explain_instantiation(error)


def _without_traceback(message: str) -> str:
    """What an error said before a loader's worker handed it on: that is the last line of the message it has now."""
    if not OF_A_WORKER.match(message):
        return message
    return message.rstrip().splitlines()[-1].partition(": ")[2]


def _told(error: BaseException) -> str:
    return one_line(error) or f"{type(error).__name__}: {error}"


def leave(error: BaseException, explanation: str | None = None) -> NoReturn:
    """Prints one line where the user can mend it, a traceback where the program is at fault; exit status 1.

    Raises:
        BrokenPipeError: Nobody reads standard output any more, as after ``| head``: no mistake, and nothing to say.
    """
    root = root_of(error)
    if isinstance(root, BrokenPipeError) and _nobody_reads():
        raise root
    line = explanation or one_line(error)
    if line is None or "BAREFACE_TRACEBACK" in os.environ:
        traceback.print_exception(error)
    elif is_first_process():
        print(f"error: {line}", file=sys.stderr)
    sys.exit(1)


def _nobody_reads() -> bool:
    """Whether the reading end of standard output was closed; a dashboard's connection can break, too."""
    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _quiet() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists and is not empty.*")
    warnings.filterwarnings("ignore", message=".*smaller than the logging interval.*")
    warnings.filterwarnings("ignore", message=".*predict returned None.*")
    warnings.filterwarnings("ignore", message=".*across ranks is zero.*")
    warnings.filterwarnings("ignore", message=".*recommended to use .self.log.*sync_dist=True.*")  # synced already
    warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
