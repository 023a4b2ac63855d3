"""Runs of the command, shortened, on tiny drawn data."""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

from bareface.cli import main

SHORT = ["trainer.max_epochs=1", "loader.num_workers=0", "loader.batch_size=4", "data.height=64", "data.width=56"]
MASKS = [*SHORT, "data=synthetic_masks", "data.identities=12", "data.photos=2", "size=64"]
PEOPLE = [
    *SHORT,
    "data=synthetic_identities",
    "data.identities=4",
    "data.photos=8",
    "shorter=36",
    "crop=32",
    "canvas=48",
]
PLAIN = ["callbacks.augmented=null", "callbacks.curves=null", "callbacks.predictions=null", "logger.tensorboard=null"]
"""No figures: they take as long as a short training."""


class Done(NamedTuple):
    """A finished command."""

    status: int
    folder: Path
    stdout: str
    stderr: str

    @property
    def results(self) -> dict[str, float]:
        """The final figures."""
        return dict(json.loads((self.folder / "results.json").read_text()))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def bareface(*arguments: str) -> Done:
    """Runs the command in this process, which saves the seconds that importing takes."""
    argv, environment = sys.argv[:], dict(os.environ)
    out, err = io.StringIO(), io.StringIO()
    status = 0
    sys.argv = ["bareface", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as leave:
        status = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    finally:
        sys.argv = argv
        os.environ.clear()
        os.environ.update(environment)
        GlobalHydra.instance().clear()
        torch.use_deterministic_algorithms(False)
    lines = out.getvalue().splitlines()
    return Done(status, Path(lines[-1] if lines else "."), out.getvalue(), err.getvalue())
