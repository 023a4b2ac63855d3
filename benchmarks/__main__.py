"""``make bench``: prints a table a benchmark, and the machine. ``ARGS=unet`` runs one of them."""

import argparse

from benchmarks import (
    coverage,
    curve,
    data_path,
    detection,
    embedding,
    gallery,
    manifest,
    mattes,
    networks,
    records,
    study,
    unet,
)
from benchmarks.machine import describe_machine, print_table
from benchmarks.validity import simulated


def main() -> None:
    """Runs what is asked for, or everything."""
    parser = argparse.ArgumentParser(prog="make bench")
    benchmarks = {
        "unet": lambda options: unet.measure(options.rounds, options.compiled),
        "data_path": lambda options: data_path.measure(options.rounds),
        "mattes": lambda options: mattes.measure(options.rounds),
        "networks": lambda options: networks.measure(options.rounds),
        "detection": lambda options: detection.measure(options.rounds),
        "embedding": lambda options: embedding.measure(options.rounds),
        "manifest": lambda options: manifest.measure(),
        "records": lambda options: records.measure(),
        "curve": lambda options: curve.measure(),
        "coverage": lambda options: coverage.measure(),
        "gallery": lambda options: gallery.measure(options.rounds),
        "validity_simulated": lambda options: simulated.measure(),
        "study": lambda options: study.measure(options.rounds),
    }
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(benchmarks)}; default all")
    parser.add_argument("--rounds", type=int, default=5, help="counted repetitions; the median is reported")
    parser.add_argument("--compiled", action="store_true", help="also torch.compile (minutes of compilation)")
    options = parser.parse_args()
    unknown = set(options.names) - benchmarks.keys()
    if unknown:
        parser.error(f"unknown {', '.join(sorted(unknown))}; expected any of {', '.join(benchmarks)}")
    print(describe_machine())
    for name in options.names or benchmarks:
        rows = benchmarks[name](options)
        for what in dict.fromkeys(row["what"] for row in rows):
            print_table([row for row in rows if row["what"] == what])


if __name__ == "__main__":
    main()
