"""``bareface compare``: runs beside each other, as a table and a figure, from their folders alone."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from bareface.errors import BarefaceError
from bareface.io import checkpoint
from bareface.io.atomic import atomic_path
from bareface.precision import fast_precision
from bareface.recognition.recogniser import BACKBONES
from bareface.segmentation.segmenter import NETWORKS
from bareface.tasks.compare_studies import compare_studies
from bareface.tasks.description import describe
from bareface.tasks.headlines import classes_of, grouped, headlines, names_of_groups, note, title_of
from bareface.tasks.runs import Run, find_runs
from bareface.tasks.settings import card, differing, setting
from bareface.tasks.study_runs import studies_among
from bareface.tasks.tables import markdown_table, print_lines, print_table

REPEATS = 5
LONGEST = 70
"""Letters of a run's name in the chart; the tables say all."""
TALLEST = 60.0
"""Inches: a chart of very many runs becomes denser, not taller."""


@dataclass(frozen=True)
class Cost:
    """What a network costs on this machine, one picture at a time.

    Attributes:
        parameters: Their number.
        multiply_adds: Of one picture.
        milliseconds: Of one picture, median, in the precision that this machine computes fast in.
    """

    parameters: int
    multiply_adds: int
    milliseconds: float


Entry = tuple[Run, Cost | None]


def compare(paths: Sequence[Path], out: Path) -> None:
    """Prints a table of runs and writes ``compare.csv``, ``compare.md`` and ``compare.png``.

    A run that failed stays in all of them, as failed. Runs that tell different classes apart have figures that do not
    compare; they stand in groups, each with its best run first. Every network is measured on this machine, now.
    Studies have a table and files of their own, ``studies.*``.

    Args:
        paths: Folders of runs or of sweeps.
        out: The folder to write to.

    Raises:
        FileNotFoundError: There is no such folder.
        DataError: A folder holds no run, or one that is damaged.
    """
    studies, runs = studies_among(find_runs(paths))
    if studies:
        compare_studies(studies, out)
    if runs:
        _compare_trainings(runs, out)


def _compare_trainings(runs: Sequence[Run], out: Path) -> None:
    costs: dict[str, Cost | None] = {}
    unmeasured: list[str] = []
    entries: list[Entry] = []
    for run in runs:
        key = "" if run.failure else repr(_model(run))
        if key not in costs:
            try:
                costs[key] = _cost(run)
            except (BarefaceError, ValueError) as error:
                costs[key] = None
                unmeasured.append(f"not measured: {run.folder}: {error}")
        entries.append((run, costs[key]))
    first = next(iter(headlines(runs)), "")
    ranked = sorted(entries, key=lambda entry: _rank(entry[0], first), reverse=True)
    options = differing(runs)
    ranked = grouped(ranked)
    out.mkdir(parents=True, exist_ok=True)
    _write_csv(ranked, options, out / "compare.csv")
    head, rows = _table(ranked, options)
    _write_markdown(head, rows, ranked, out / "compare.md")
    _draw(ranked, options, out / "compare.png")
    print_table(head, rows)
    print_lines([*unmeasured, *(f"failed: {run.folder}: {run.failure}" for run in runs if run.failure)])


def _rank(run: Run, figure: str) -> tuple[bool, float]:
    """What runs are sorted by: those that ended before those that did not, without the figure as with the worst."""
    value = (run.results or {}).get(figure, math.nan)
    return run.results is not None, -math.inf if math.isnan(value) else value


def _model(run: Run) -> tuple[str, dict[str, object], int, int] | None:
    """Package, what is built from it, side of its input and number of classes."""
    config = card(run.folder) or run.config
    if "network" in config and "size" in config:
        classes = len(classes_of(run)) + 1
        return NETWORKS, config["network"], config["size"], max(2, classes)
    if "backbone" in config and "crop" in config:
        return BACKBONES, config["backbone"], config["crop"], 0
    return None


def _cost(run: Run) -> Cost | None:
    made = _model(run)
    if made is None or run.results is None:
        return None
    package, spec, size, classes = made
    model: nn.Module = checkpoint.build(spec, package, **({"classes": classes} if classes else {}))
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    example = torch.rand(1, 3, size, size).contiguous(memory_format=torch.channels_last)
    with fast_precision():
        found = describe(model, example, REPEATS, backward=False)
    return Cost(found.parameters, found.multiply_adds, found.latency_ms)


def _table(entries: Sequence[Entry], options: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    shown = headlines([run for run, _ in entries])
    groups = names_of_groups(entries)
    head = [*(["classes"] if groups else []), *(options or ["run"]), *map(title_of, shown)]
    head += ["parameters", "multiply-adds", "ms a picture"]
    rows = []
    for number, (run, cost) in enumerate(entries):
        row = [*groups[number : number + 1], *([setting(run, name) for name in options] or [run.folder.name])]
        if run.results is None:
            rows.append([*row, "failed", *[""] * (len(head) - len(row) - 1)])
            continue
        row += [_percent(run.results[name]) if name in run.results else "" for name in shown]
        if cost is None:
            row += [""] * 3
        else:
            row += [f"{cost.parameters:,}", f"{cost.multiply_adds / 1e9:.2f} G", f"{cost.milliseconds:.1f}"]
        rows.append(row)
    return head, rows


def _percent(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{100 * value:.2f} %"


def _write_csv(entries: Sequence[Entry], options: Sequence[str], path: Path) -> None:
    figures = sorted({name for run, _ in entries for name in run.results or {}})
    costs = list(Cost.__dataclass_fields__)
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "status", *options, *figures, *costs])
        for run, cost in entries:
            results = run.results or {}
            given = [setting(run, name) for name in options]
            spent = [getattr(cost, name) for name in costs] if cost else [""] * len(costs)
            status = f"failed: {run.failure}" if run.failure else "done"
            numbers = ["" if math.isnan(results.get(name, math.nan)) else results[name] for name in figures]
            writer.writerow([run.folder, status, *given, *numbers, *spent])


def _write_markdown(head: list[str], rows: list[list[str]], entries: Sequence[Entry], path: Path) -> None:
    lines = markdown_table(head, rows)
    failed = [f"- {run.folder}: {run.failure}" for run, _ in entries if run.failure]
    if failed:
        lines += ["", f"{len(failed)} of {len(entries)} failed:", "", *failed]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _draw(entries: Sequence[Entry], options: Sequence[str], path: Path) -> None:
    """One row a run, one column a figure."""
    shown = headlines([run for run, _ in entries])
    panels: list[tuple[str, list[float], bool]] = []
    for name in shown:
        values = [100 * (run.results or {}).get(name, np.nan) for run, _ in entries]
        panels.append((f"{title_of(name)}, %", values, False))
    for title, field, factor in (
        ("parameters, millions", "parameters", 1e-6),
        ("multiply-adds, G", "multiply_adds", 1e-9),
        ("ms a picture", "milliseconds", 1.0),
    ):
        panels.append((title, [np.nan if cost is None else factor * getattr(cost, field) for _, cost in entries], True))
    groups = names_of_groups(entries)
    breaks = [number for number, name in enumerate(groups) if number == 0 or name != groups[number - 1]]
    rows = np.arange(len(entries)) + [sum(start <= number for start in breaks) for number in range(len(entries))]
    place = (rows[-1] - rows).astype(float)
    labels = [_label(run, options) for run, _ in entries]
    width = 0.085 * max(map(len, labels)) + 2.3 * len(panels)
    figure = Figure(figsize=(width, min(TALLEST, 1.4 + 0.3 * (place[0] + 1))), layout="constrained")
    figure.suptitle(note([run for run, _ in entries]), x=1, ha="right", fontsize=9, color="#666666")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for number, (axis, (title, values, logarithmic)) in enumerate(zip(axes, panels, strict=True)):
        _panel(axis, place, np.array(values), title, logarithmic)
        for start in breaks:
            named = groups[start] if number == 0 else ""
            axis.text(0, place[start] + 0.7, named, transform=axis.get_yaxis_transform(), fontweight="bold", fontsize=9)
            axis.axhline(place[start] + 0.55, color="#999999", linewidth=0.6)
        if number == 0:
            axis.set_yticks(place, labels, fontsize=9)
            for row, (run, _) in zip(place, entries, strict=True):
                if run.results is None:
                    axis.text(0.03, row, "failed", transform=axis.get_yaxis_transform(), va="center", color="#d55e00")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


def _label(run: Run, options: Sequence[str]) -> str:
    given = ", ".join(text for name in options if (text := setting(run, name)))
    return shorten(given, LONGEST, placeholder=" ...") or run.folder.name


def _panel(axis: Axes, place: np.ndarray, values: np.ndarray, title: str, logarithmic: bool) -> None:
    axis.set_title(title, fontsize=10, loc="left")
    axis.set_ylim(-0.7, place.max() + 1.0)
    axis.grid(axis="y", color="#e5e5e5")
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    known = np.isfinite(values)
    if not known.any():
        axis.set_xticks([])
        return
    axis.plot(values[known], place[known], "o", color="#0072b2", markersize=5)
    for value, row in zip(values[known], place[known], strict=True):
        text = f"{value:.1f}" if value >= 1 else f"{value:.2g}"
        axis.annotate(text, (value, row), (6, 0), textcoords="offset points", va="center", fontsize=8)
    low, high = values[known].min(), values[known].max()
    if not logarithmic:
        margin = max(1.0, 0.25 * (high - low))
        axis.set_xlim(low - margin, high + 2 * margin)
    elif high > 10 * low > 0:
        axis.set_xscale("log")
        axis.margins(x=0.25)
    else:
        axis.set_xlim(0, 1.4 * high)
