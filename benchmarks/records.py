"""Time and memory of the manifest of an insightface training set as large as MS1MV2."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

IDENTITIES, PICTURES = 85_742, 5_822_653
_BYTES = 64  # of a record with its frame; the index never looks at the picture
Row = dict[str, object]

_INDEX = """
import re, sys, time
from pathlib import Path
def peak():  # ru_maxrss would be that of the process that started this one, where it was larger
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
from bareface.data.insightface_record import InsightfaceRecord
imported, start = peak(), time.perf_counter()
dataset = InsightfaceRecord(sys.argv[1], split=sys.argv[2])
rows = len(dataset.manifest)
indexed, seconds, start = peak(), time.perf_counter() - start, time.perf_counter()
splits = sum(len(part) for part in dataset.splits.values())
assert rows == splits and len(dataset.identities) == int(sys.argv[3]), (rows, splits, len(dataset.identities))
print(rows, seconds, indexed, imported, time.perf_counter() - start, peak(), sep="\\t")
"""


def write_records(root: Path, ranges: bool) -> None:
    """train.rec and train.idx with the official numbers of pictures and people; the pictures are empty.

    Args:
        root: An empty folder.
        ranges: Write the ranges of identities, as the published files have them; else every label must be read.
    """
    ends = np.arange(1, IDENTITIES + 1) * PICTURES // IDENTITIES + 1
    starts = np.concatenate([[1], ends[:-1]])
    words = np.zeros((1 + PICTURES + (IDENTITIES if ranges else 0), _BYTES // 4), "<u4")
    numbers = words.view("<f4")
    words[:, 0], words[:, 1] = 0xCED7230A, _BYTES - 8
    numbers[1 : PICTURES + 1, 3] = np.repeat(np.arange(IDENTITIES), ends - starts)
    if ranges:
        words[0, 2], numbers[0, 8], numbers[0, 9] = 2, PICTURES + 1, PICTURES + 1 + IDENTITIES
        words[PICTURES + 1 :, 2], numbers[PICTURES + 1 :, 8], numbers[PICTURES + 1 :, 9] = 2, starts, ends
    first = 0 if ranges else 1
    words[first:].tofile(root / "train.rec")
    with (root / "train.idx").open("w") as file:
        file.writelines(f"{key}\t{(key - first) * _BYTES}\n" for key in range(first, len(words)))
    (root / "property").write_text(f"{IDENTITIES},112,112")


def measure() -> list[Row]:
    """Seconds and mebibytes, each in a process of its own."""
    what = f"insightface record, {PICTURES:,} pictures of {IDENTITIES:,} people"
    rows: list[Row] = []
    for ranges, how in ((True, "labels from the ranges of identities"), (False, "labels from every record")):
        with tempfile.TemporaryDirectory() as folder:
            write_records(Path(folder), ranges)
            for split in ("fractions", "disjoint") if ranges else ("fractions",):
                command = [sys.executable, "-c", _INDEX, folder, split, str(IDENTITIES)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                _, seconds, peak, imported, split_seconds, split_peak = map(float, done.stdout.split("\t"))
                row: Row = {"what": what, "how": how, "index s": seconds, "peak MiB": peak, "of it imports": imported}
                rows.append(row | {"split": split, "split s": split_seconds, "peak MiB after it": split_peak})
    return rows
