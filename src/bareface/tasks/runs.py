"""What the folders of runs say: nothing but files is read."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from bareface.errors import DataError

PLACES = {"runs", "run", "name"}
"""Options that say where a run lies, not what it is."""
AGAIN = "Run it again, or move the folder away."


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        folder: Where it lies.
        overrides: The options that it was started with, by name.
        config: Its configuration.
        results: Its final figures, NaN where it has none; None where it did not end well.
        failure: Why it did not; "" where it did.
    """

    folder: Path
    overrides: dict[str, str]
    config: dict[str, Any]
    results: dict[str, float] | None
    failure: str


def find_runs(paths: Sequence[Path]) -> list[Run]:
    """The runs that lie in folders, at any depth, each once; jobs of a sweep in their order.

    Raises:
        FileNotFoundError: There is no such folder.
        DataError: A folder holds no run, or a study without its configuration.
    """
    folders: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            raise FileNotFoundError(f"{path}: no such folder. Give folders of runs or of sweeps.")
        found = [file.parent.parent for file in path.rglob(".hydra/overrides.yaml")]
        bare = sorted({file.parent for file in path.rglob("study.json")} - set(found), key=_natural)
        if bare:
            raise DataError(f"{bare[0]}: study.json without .hydra/overrides.yaml, which says of what. {AGAIN}")
        if not found:
            raise DataError(f"{path}: no run in it. Expected what bareface train, evaluate or pipeline left.")
        folders |= dict.fromkeys(sorted(found, key=_natural))
    return [read_run(folder) for folder in folders]


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part or 0), text) for part, text in re.findall(r"(\d*)(\D*)", str(path))]


def read_run(folder: Path) -> Run:
    """Reads one run, however it ended.

    Raises:
        DataError: It has no configuration, or its results are no JSON.
    """
    given: Any = OmegaConf.to_container(OmegaConf.load(folder / ".hydra/overrides.yaml"))
    overrides = dict(_parts(option) for option in given)
    resolved = folder / "config.yaml"
    config = resolved if resolved.is_file() else folder / ".hydra/config.yaml"
    if not config.is_file():
        raise DataError(f"{folder}: no config.yaml and no .hydra/config.yaml. {AGAIN}")
    plain: Any = OmegaConf.to_container(OmegaConf.load(config), resolve=False)
    results, error = folder / "results.json", folder / "error.txt"
    if results.is_file():
        try:
            found = json.loads(results.read_text(encoding="utf-8"))
            figures = {name: math.nan if value is None else value for name, value in found.items()}
            return Run(folder, overrides, plain, figures, "")
        except (ValueError, AttributeError) as reason:
            raise DataError(f"{results}: not JSON ({reason}). {AGAIN}") from reason
    failure = "did not end"
    if error.is_file():
        lines = [line for line in error.read_text(encoding="utf-8").splitlines() if line.strip()]
        failure = lines[-1].strip() if lines else "failed"
    return Run(folder, overrides, plain, None, failure)


def _parts(option: str) -> tuple[str, str]:
    name, _, value = option.partition("=")
    return name.lstrip("+"), "taken out" if name.startswith("~") else value
