"""``bareface check``: looks at every file of a data set before a run does."""

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from bareface.data.dataset import DataSet
from bareface.data.inspection import Inspection, inspect
from bareface.errors import DataError
from bareface.tasks import build
from bareface.tasks.run import write_json


def check(cfg: DictConfig) -> dict[str, float]:
    """Prints a table and writes ``check.json`` into the run's folder.

    Raises:
        DataError: Training on this data would fail.
    """
    dataset: DataSet = build.plain(cfg.data)
    found = inspect(dataset, cfg.workers)
    write_json(Path(cfg.run) / "check.json", found.to_dict())
    Console().print(_table(found), soft_wrap=True)
    for line in found.warnings:
        print(f"warning: {line}")
    for line in found.errors:
        print(f"problem: {line}")
    if not found.ok:
        raise DataError(f"{found.root}: training would fail, {len(found.errors)} problems above; all in check.json.")
    return {"samples": found.samples, "faulty": len(found.faulty), "duplicates": len(found.duplicates)}


def _table(found: Inspection) -> Table:
    table = Table("what", "found", title=found.root)
    table.add_row("samples", f"{found.samples:,}")
    for stage, count in found.stages.items():
        table.add_row(f"  {stage}", f"{count:,}")
    table.add_row("cannot be read", f"{len(found.faulty):,}")
    for side in ("height", "width"):
        if side in found.sizes:
            sizes = found.sizes[side]
            table.add_row(f"{side}, pixels", f"{sizes['min']} to {sizes['max']}, median {sizes['median']:g}")
    for name, share in found.class_shares.items():
        table.add_row(f"pixels of {name}", f"{share:.1%}")
    for code, files in found.unknown_values.items():
        table.add_row(f"unknown mask value {code}", f"in {files:,} files")
    table.add_row("identities with one picture", f"{len(found.lone_identities):,}")
    table.add_row("same content in two stages", f"{len(found.duplicates):,}")
    return table
