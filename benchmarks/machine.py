"""What the figures were measured on, and how time is taken."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from bareface.tasks.run import revision


def describe_machine() -> str:
    """One line: processor, cores, memory, versions, commit."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
        flags = next(line for line in lines if line.startswith("flags")).split()
        model += " with bf16" if "avx512_bf16" in flags or "amx_bf16" in flags else " without bf16"
    except (OSError, StopIteration):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB{gpu}; Python {platform.python_version()}, "
        f"torch {torch.__version__}, {torch.get_num_threads()} threads; commit {revision()}"
    )


def alternate(
    candidates: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of each candidate, taken in turn, so that a machine that slows down slows all of them.

    One uncounted call of each comes first. With ``time.process_time`` as the clock other programs do not count.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, call in candidates.items():
            start = clock()
            call()
            if number:
                times[name].append(clock() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def print_table(rows: list[dict[str, object]]) -> None:
    """Prints rows as Markdown, so that they can be pasted into RESULTS.md."""
    columns = [name for name in dict.fromkeys(key for row in rows for key in row) if name != "what"]
    print(f"\n**{rows[0]['what']}**\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        cells = (row.get(name, "") for name in columns)
        print("| " + " | ".join(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |")
