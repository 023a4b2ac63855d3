"""What a study has so far: parts that appear whole, so that one that was interrupted goes on behind them."""

import csv
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from bareface.errors import DataError
from bareface.io.atomic import atomic_folder, atomic_path
from bareface.pipeline.album import Album, develop
from bareface.pipeline.outcomes import SCHEMA, merge, write_sorted
from bareface.pipeline.results import Shown
from bareface.segmentation.metrics import SegmentationMetrics, figures_of

TABLES = ("outcomes", "embeddings")
Rows = NDArray[np.int64]


@dataclass
class Part:
    """What was seen since the last part was put in place.

    Attributes:
        outcomes: Tables of ``SCHEMA``.
        embeddings: Tables of embeddings.
        skipped: Key and reason of photos that are in no condition.
        photos: Number of photos that went through.
        seconds: For each condition.
        quality: By segmenter: what ``SegmentationMetrics`` counts.
    """

    outcomes: list[pa.Table] = field(default_factory=list)
    embeddings: list[pa.Table] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    photos: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    quality: dict[str, SegmentationMetrics] = field(default_factory=dict)

    def bytes(self) -> int:
        """How much memory it takes, about."""
        return sum(table.nbytes for table in (*self.outcomes, *self.embeddings))


@dataclass(frozen=True)
class Passed:
    """What the pass over the photos leaves, beside its tables.

    Attributes:
        photos: How many were shown in every condition.
        left_out: Key and reason of the others.
        shown: The picture sheet.
        quality: Figures of each segmenter against the masks of the data, where they have the same classes.
        milliseconds: To compose a photo and to ask everybody, by condition.
    """

    photos: int
    left_out: dict[str, str]
    shown: tuple[Shown, ...]
    quality: dict[str, dict[str, float]]
    milliseconds: dict[str, float]


class Parts:
    """The parts of one study, in ``RUN/parts``, and what becomes of them.

    Args:
        run: Folder of the run.
        study: Plain values that decide outcomes: only the same study goes on in a folder.

    Raises:
        DataError: The folder holds another study. Nothing is changed then.
    """

    def __init__(self, run: Path, study: Mapping[str, Any]) -> None:
        self.run, self.folder = run, run / "parts"
        self.study = json.loads(json.dumps(study))
        check_study(run, self.study)

    def begin(self) -> None:
        """Makes the folder, and says in it which study this is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "asked.json").is_file():
            _write_json(self.folder / "asked.json", self.study)

    @property
    def passed(self) -> Passed | None:
        """What was left by a pass that has come to its end; None before."""
        path = self.folder / "passed.json"
        if not path.is_file():
            return None
        values = json.loads(path.read_text(encoding="utf-8"))
        return Passed(**{**values, "shown": tuple(Shown(**each) for each in values["shown"])})

    def remaining(self, keys: pa.ChunkedArray, batches: Sequence[Rows], processes: int = 1) -> list[Rows]:
        """The batches, or what of them, that are in no part yet.

        Args:
            keys: Of the data, row by row.
            batches: Rows of each batch.
            processes: Each gets at least one batch, if an empty one.
        """
        if self.passed is not None:
            left: list[Rows] = []
        else:
            done = [pq.read_table(part / "outcomes.parquet", columns=["key"])["key"].unique() for part in self._parts()]
            done += [pa.array([key for key, _ in notes["skipped"]], pa.string()) for notes in self._notes().values()]
            known = pa.concat_arrays([pa.array([], pa.string()), *done])
            there = pc.is_in(keys, value_set=known).to_numpy(zero_copy_only=False)
            left = [rows for rows in (batch[~there[batch]] for batch in batches) if len(rows)]
        return left + [np.empty(0, np.int64)] * (processes - len(left))

    def earlier(self) -> list[dict[str, Any]]:
        """What albums have kept so far."""
        return [entry for notes in self._notes().values() for entry in notes["album"]]

    def add(self, part: Part, album: Album, embeddings: pa.Schema, rows: int, process: int) -> None:
        """Puts a part in its place.

        Args:
            part: What was seen.
            album: Writes what it kept since the last part.
            embeddings: Schema of the embeddings.
            rows: Of one photo.
            process: Who worked on it; each numbers its own.
        """
        numbers = [int(path.name.split("-")[1]) for path in self._parts() if path.name.startswith(f"{process}-")]
        with atomic_folder(self.folder / f"{process}-{max(numbers, default=-1) + 1:06}") as folder:
            write_sorted(part.outcomes, SCHEMA, folder / "outcomes.parquet", rows)
            write_sorted(part.embeddings, embeddings, folder / "embeddings.parquet", rows)
            notes = {
                "skipped": part.skipped,
                "photos": part.photos,
                "seconds": part.seconds,
                "quality": {name: _counts(metrics) for name, metrics in part.quality.items()},
                "album": album.write(folder),
            }
            _write_json(folder / "notes.json", notes)

    def join(self, embeddings: pa.Schema, rows: int, special: int) -> None:
        """Joins the parts to the tables of the run and takes them away; called once, when all are there.

        Args:
            embeddings: Schema of the embeddings.
            rows: Of one photo.
            special: As ``Album``'s.
        """
        if self.passed is None:
            self._join(embeddings, rows, special)
        for folder in self.folder.iterdir():  # with what a killed process has left half-written
            if folder.is_dir():
                shutil.rmtree(folder)

    def _join(self, embeddings: pa.Schema, rows: int, special: int) -> None:
        parts, notes = self._parts(), self._notes()
        for name, schema in zip(TABLES, (SCHEMA, embeddings), strict=True):
            merge([part / f"{name}.parquet" for part in parts], schema, self.run / f"{name}.parquet", rows)
        left_out = dict(sorted((key, reason) for each in notes.values() for key, reason in each["skipped"]))
        photos = sum(each["photos"] for each in notes.values())
        seconds: dict[str, float] = {}
        for each in notes.values():
            for name, value in each["seconds"].items():
                seconds[name] = seconds.get(name, 0.0) + value
        written = [(part, entry) for part, each in notes.items() for entry in each["album"]]
        passed = Passed(
            pq.read_metadata(self.run / "outcomes.parquet").num_rows // rows,
            left_out,
            tuple(develop(written, special, self.run)),
            _quality([each["quality"] for each in notes.values()]),
            {name: value / max(photos, 1) * 1e3 for name, value in seconds.items()},
        )
        _write_json(self.folder / "passed.json", asdict(passed))

    def list_left_out(self) -> None:
        """One ``RUN/skipped.csv`` in place of what each process, and each interrupted run, has listed for itself."""
        if self.passed is None or not self.passed.left_out:
            return
        with atomic_path(self.run / "skipped.csv") as path, path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("key", "reason"))
            table.writerows(self.passed.left_out.items())
        for other in self.run.glob("skipped.*.csv"):
            other.unlink()

    def _parts(self) -> list[Path]:
        there = self.folder.iterdir() if self.folder.is_dir() else ()
        found = (path for path in there if re.fullmatch(r"\d+-\d+", path.name))
        return sorted(found, key=lambda path: tuple(map(int, path.name.split("-"))))

    def _notes(self) -> dict[Path, dict[str, Any]]:
        return {part: json.loads((part / "notes.json").read_text(encoding="utf-8")) for part in self._parts()}


def check_study(run: Path, study: Mapping[str, Any]) -> None:
    """Makes sure that a folder holds this study or none.

    Raises:
        DataError: It holds another one.
    """
    path = run / "parts" / "asked.json"
    if not path.is_file():
        if (run / "outcomes.parquet").exists():
            raise DataError(f"{run}: holds outcomes, and not of which study. Choose another folder.")
        return
    there = json.loads(path.read_text(encoding="utf-8"))
    other = sorted(name for name in {*there, *study} if there.get(name) != study.get(name))
    if other:
        remedy = "Choose another folder, or give the options of then"
        raise DataError(f"{run}: holds another study, which differs in {', '.join(other)}. {remedy}.")


def _write_json(path: Path, value: object) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _counts(metrics: SegmentationMetrics) -> dict[str, Any]:
    values = {name: getattr(metrics, name).cpu().tolist() for name in ("matrix", "summed", "pictures")}
    return {"classes": list(metrics.classes), **values}


def _quality(counts: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, float]]:
    """The figures of each segmenter from what all parts counted."""
    found = {}
    for name in dict.fromkeys(name for part in counts for name in part):
        parts = [part[name] for part in counts if name in part]
        sums = [sum(torch.tensor(part[each]) for part in parts) for each in ("matrix", "summed", "pictures")]
        figures = figures_of(parts[0]["classes"], *map(torch.as_tensor, sums))
        found[name] = {figure: float(value) for figure, value in figures.items()}
    return found
