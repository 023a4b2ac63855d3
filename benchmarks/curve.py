"""Time and memory of the curve of very many scores, from the scores to AUC, EER and TAR at a FAR."""

import subprocess
import sys
import time
from pathlib import Path

MATED, NON_MATED = 1_000_000, 100_000_000
Row = dict[str, object]


def peak_mebibytes() -> float:
    """The most memory that this process has held; what its parent held does not count."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def child(non_mated: int) -> None:
    """Measures in a process of its own, so that its peak memory is the curve's."""
    import numpy as np

    from bareface.recognition.protocols.curve import Curve

    rng = np.random.default_rng(0)
    strangers = rng.standard_normal(non_mated, np.float32)
    mates = rng.standard_normal(MATED, np.float32) + np.float32(3)
    held = peak_mebibytes()
    start = time.perf_counter()
    curve = Curve.of(mates, strangers, overwrite=True)
    tar = curve.tar_at_far(1e-6).tar
    figures = curve.auc, curve.eer, tar
    points = len(curve.points().far)
    seconds = time.perf_counter() - start
    peak = peak_mebibytes()
    print(seconds, peak, held, points, *figures, sep="\t")


def measure() -> list[Row]:
    """Seconds and mebibytes; the scores themselves are made before the clock starts."""
    rows: list[Row] = []
    for count in (10_000_000, NON_MATED):
        command = [sys.executable, "-m", "benchmarks.curve", str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, peak, held, points, auc, eer, tar = (float(value) for value in done.stdout.split())
        what = f"curve of {MATED:,} mated scores"
        row: Row = {"what": what, "non-mated": f"{count:,}", "seconds": seconds, "peak MiB": peak}
        row |= {"of it scores and imports": held, "AUC": f"{auc:.5f}", "EER": f"{eer:.5f}"}
        rows.append(row | {"TAR at FAR 1e-6": f"{tar:.5f}", "points drawn": int(points)})
    return rows


if __name__ == "__main__":
    child(int(sys.argv[1]))
