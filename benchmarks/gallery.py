"""Exact search in a million faces, HNSW in 200,000, and what it costs to enrol into 100,000.

The faces are drawn: each identity has a centre, whose spread falls along the axes as in trained embeddings (axis i has
variance 1 / (1 + i / 32)); ten faces lie around it, with noise of the same shape, so that two of them have a cosine of
0.6 on average. A probe is an eleventh face of somebody who is enrolled.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import torch
from numpy.typing import NDArray

from bareface.recognition.gallery.embedded import EmbeddedStore
from bareface.recognition.gallery.gallery import Card, Enrolled
from bareface.recognition.gallery.index import ExactIndex, HnswIndex
from bareface.recognition.gallery.ranking import calibrate

SIZE, BATCH, FACES_EACH = 512, 64, 10
EXACT, HNSW, ENROLLED, NEW = 1_000_000, 200_000, 100_000, 1_000
Row = dict[str, object]


def faces(count: int, probes: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Embeddings of enrolled faces, and of probes of the first identities in a random order."""
    rng = np.random.default_rng(0)
    spread = (1 / np.sqrt(1 + np.arange(SIZE) / 32)).astype(np.float32)
    centres = rng.standard_normal((count // FACES_EACH, SIZE), np.float32) * spread
    noise = np.sqrt(np.float32(1 / 0.6 - 1)) * spread
    enrolled = np.empty((len(centres) * FACES_EACH, SIZE), np.float32)
    for start in range(0, len(centres), 1000):
        block = slice(start * FACES_EACH, (start + 1000) * FACES_EACH)
        enrolled[block] = np.repeat(centres[start : start + 1000], FACES_EACH, axis=0)
        enrolled[block] += rng.standard_normal(enrolled[block].shape, np.float32) * noise
        enrolled[block] /= np.linalg.norm(enrolled[block], axis=1, keepdims=True)
    looked_for = centres[rng.permutation(len(centres))[:probes]]
    looked_for = looked_for + rng.standard_normal(looked_for.shape, np.float32) * noise
    return enrolled, looked_for / np.linalg.norm(looked_for, axis=1, keepdims=True)


def measure(rounds: int) -> list[Row]:
    """A process of its own for each part tells the memory apart."""
    rows: list[Row] = []
    for part in PARTS:
        command = [sys.executable, "-m", "benchmarks.gallery", part, str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=True)
        rows += json.loads(done.stdout)
    return rows


def _seconds(call: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """The median and the least; on a machine that others use, the least says what the program can do."""
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times)), min(times)


def _held(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(f"{field}:")).split()[1]) / 2**20


def _about() -> Row:
    return {"load": round(os.getloadavg()[0], 1), "GiB at most": _held("VmHWM")}


def exact(rounds: int) -> list[Row]:
    """FAISS's own way and that of large galleries, on the same faces, with the same answer."""
    what = f"Exact search in {EXACT:,} x {SIZE}, batches of {BATCH}, the best 10"
    matrix, probes = faces(EXACT, BATCH)
    rows: list[Row] = []
    answers = []
    for how, index in (("FAISS, float32", ExactIndex(matrix, many=EXACT + 1)), ("8 bits first", ExactIndex(matrix))):
        start = time.perf_counter()
        answers.append(index.search(probes, 10))
        first = time.perf_counter() - start
        taken, least = _seconds(lambda index=index: index.search(probes, 10), rounds)  # type: ignore[misc]
        speed = {"probes/s": BATCH / taken, "at best": BATCH / least, "first batch, s": first}
        rows.append({"what": what, "how": how, **speed, **_about()})
    assert (answers[0][1] == answers[1][1]).all()
    return rows


def hnsw(rounds: int) -> list[Row]:
    """How many probes a second, and how many get the row that exact search gives."""
    matrix, probes = faces(HNSW, 2048)
    start = time.perf_counter()
    index = HnswIndex.of(matrix)
    built = time.perf_counter() - start
    right = ExactIndex(matrix).search(probes, 1)[1]
    recall = float((index.search(probes, 1)[1] == right).mean())
    taken, least = _seconds(
        lambda: [index.search(probes[at : at + BATCH], 1) for at in range(0, len(probes), BATCH)], rounds
    )
    what = f"HNSW in {HNSW:,} x {SIZE}, batches of {BATCH}"
    figures = {"what": what, "recall@1": f"{recall:.4f}", "probes/s": len(probes) / taken}
    return [{**figures, "at best": len(probes) / least, "build, s": built, **_about()}]


def enrol(rounds: int) -> list[Row]:
    """Adds a thousand faces to a gallery and opens it."""
    matrix, _ = faces(ENROLLED + NEW)
    names = np.array([f"{number // FACES_EACH}" for number in range(len(matrix))], object)
    keys = np.array([f"{name}/{number}.jpg" for number, name in enumerate(names)], object)
    everybody = Enrolled(keys, names, np.zeros((len(keys), 4), np.float32), matrix)
    first, later = np.arange(ENROLLED), np.arange(ENROLLED, ENROLLED + NEW)
    what = f"A gallery of {ENROLLED:,} x {SIZE} in a folder"
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddedStore(Path(folder) / "gallery")
        with store.writing():
            gallery = store.empty(Card("", SIZE, "picture", "none")).adding(everybody.take(first))
            gallery.commit(gallery.card.calibration)
        opening, _ = _seconds(store.open, rounds)
        with store.writing():
            start = time.perf_counter()
            changed = store.open().adding(everybody.take(later))
            added = time.perf_counter()
            calibration = calibrate(changed, searches=1000)
            calibrated = time.perf_counter()
            changed.commit(calibration)
            written = time.perf_counter()
    figures = {"open, s": opening, f"open and add {NEW:,}, s": added - start, "1,000 searches, s": calibrated - added}
    return [{"what": what, **figures, "write, s": written - calibrated, **_about()}]


PARTS = {"exact": exact, "hnsw": hnsw, "enrol": enrol}

if __name__ == "__main__":
    cores = len(os.sched_getaffinity(0))
    faiss.omp_set_num_threads(cores)
    torch.set_num_threads(cores)
    print(json.dumps(PARTS[sys.argv[1]](int(sys.argv[2]))))
