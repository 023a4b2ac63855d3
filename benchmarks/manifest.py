"""Time and memory of the manifest of a VGGFace2 of full size, and what a worker process adds to it."""

import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IDENTITIES, PICTURES = 9131, 3_311_286
Row = dict[str, object]


def write_lists(root: Path) -> None:
    """A list file of the official size, train and test together, and empty folders; no picture."""
    per_identity = [PICTURES // IDENTITIES + (number < PICTURES % IDENTITIES) for number in range(IDENTITIES)]
    for number in range(IDENTITIES):
        (root / "train" / f"n{number:06d}").mkdir(parents=True)
    with (root / "train_list.txt").open("w") as file:
        for number in range(IDENTITIES):
            file.writelines(f"n{number:06d}/{k:04d}_01.jpg\n" for k in range(1, per_identity[number] + 1))


def private_mebibytes() -> float:
    """Memory of this process alone."""
    total = 0
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty"):  # clean pages are those of the mapped file, which all processes share
            total += int(line.split()[1])
    return total / 1024


def _worker(manifest: object, start: object, report: object) -> None:
    before = private_mebibytes()
    total = 0
    for row in range(0, len(manifest), 997):  # type: ignore[arg-type]
        total += len(manifest.key(row))  # type: ignore[attr-defined]
    report.put((before, private_mebibytes(), total))  # type: ignore[attr-defined]


def child(root: Path) -> None:
    """Indexes in a process of its own, so that its peak memory is the index's."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    import_start = time.perf_counter()
    from bareface.data.vggface2 import VGGFace2

    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    dataset = VGGFace2(root=str(root))
    manifest = dataset.manifest
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    splits = time.perf_counter()
    rows = sum(len(part) for part in dataset.splits.values())
    split_seconds = time.perf_counter() - splits
    print(len(manifest), seconds, peak, imported, split_seconds, rows, start - import_start, before, sep="\t")
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        process = context.Process(target=_worker, args=(manifest, None, queue))
        process.start()
        low, high, _ = queue.get()
        process.join()
        print(method, low, high, sep="\t")


def measure() -> list[Row]:
    """Seconds and mebibytes."""
    with tempfile.TemporaryDirectory() as folder:
        write_lists(Path(folder))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.manifest", folder], capture_output=True, text=True, check=True
        )
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    rows, seconds, peak, imported, split_seconds = (float(value) for value in lines[0][:5])
    what = f"VGGFace2 manifest, {int(rows):,} rows"
    return [
        {"what": what, "how": "index", "seconds": seconds, "peak MiB": peak, "of it imports": imported},
        {"what": what, "how": "closed-set split", "seconds": split_seconds},
        *(
            {
                "what": what,
                "how": f"read 3,000 rows in a worker ({line[0]})",
                "MiB more": float(line[2]) - float(line[1]),
            }
            for line in lines[1:]
        ),
    ]


if __name__ == "__main__":
    child(Path(sys.argv[1]))
