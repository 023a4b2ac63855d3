"""A look at every file of a data set, before a run does."""

import hashlib
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from tqdm import tqdm

from bareface.data.dataset import STAGES, DataSet, IdentityDataSet, MaskDataSet
from bareface.data.manifest import Manifest
from bareface.data.mask import IGNORE
from bareface.data.pairs import PairDataSet
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some

_CHUNK = 256


@dataclass
class Inspection:
    """What was found.

    Attributes:
        root: The folder of the data set.
        samples: How many there are.
        stages: How many each stage has, and ``none`` has.
        faulty: Why a sample cannot be read, by key.
        unknown_values: Number of mask files that hold a code (or a colour) without a class, by code.
        sizes: ``height`` and ``width`` with ``min``, ``median`` and ``max``, and ``distinct``, the number of sizes.
        lone_identities: Identities with fewer than two pictures.
        duplicates: Keys of the same file content in more than one stage, one list a content.
        class_shares: Share of the pixels of all masks, by class name and ``ignore``.
        errors: Training would fail, one line each.
        warnings: Training would not fail, one line each.
    """

    root: str
    samples: int = 0
    stages: dict[str, int] = field(default_factory=dict)
    faulty: dict[str, str] = field(default_factory=dict)
    unknown_values: dict[int | str, int] = field(default_factory=dict)
    sizes: dict[str, Any] = field(default_factory=dict)
    lone_identities: list[str] = field(default_factory=list)
    duplicates: list[list[str]] = field(default_factory=list)
    class_shares: dict[str, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether training would not fail for what was looked at."""
        return not self.errors

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        values = asdict(self)
        values["unknown_values"] = {str(code): files for code, files in self.unknown_values.items()}
        return {"ok": self.ok, **values}


@dataclass
class _Part:
    """What was found in some consecutive rows."""

    sizes: NDArray[np.int32]  # (n, 2), 0 where the sample cannot be read
    digests: NDArray[np.uint64]  # (n,), 0 where there is no file
    pixels: NDArray[np.int64]  # (256,) by class index
    faulty: dict[str, str]
    unknown: Counter[int | str]


def inspect(dataset: DataSet, workers: int) -> Inspection:
    """Reads every picture and every mask, and goes on after errors.

    Args:
        dataset: Any; of a ``SurveyedDataSet`` all errors of the index are told, else the first.
        workers: Processes that read; 0 = this one.
    """
    found = Inspection(str(dataset.root))
    try:
        survey = dataset.survey() if isinstance(dataset, SurveyedDataSet) else Survey(dataset.manifest)
    except DataError as error:
        found.errors.append(str(error))
        return found
    manifest = survey.manifest
    found.errors += survey.errors
    found.warnings += survey.warnings
    found.samples = len(manifest)
    if not len(manifest):
        found.errors.append(f"{dataset.root}: no samples found.")
        return found
    stages = _stages(dataset, manifest, found)
    parts = list(_parts(dataset, manifest, workers))
    for part in parts:
        found.faulty |= part.faulty
    if found.faulty:
        shown = some([f"{key} ({reason})" for key, reason in found.faulty.items()], limit=1)
        found.errors.append(f"{dataset.root}: {len(found.faulty)} samples cannot be read: {shown}.")
    _sizes(np.concatenate([part.sizes for part in parts]), found)
    _masks(dataset, parts, found)
    _identities(dataset, manifest, found)
    _duplicates(manifest, stages, np.concatenate([part.digests for part in parts]), found)
    return found


def _stages(dataset: DataSet, manifest: Manifest, found: Inspection) -> NDArray[np.int64]:
    """The stage of each row, -1 for none."""
    stages = np.full(len(manifest), -1)
    try:
        splits = dataset.split(manifest)
    except DataError as error:
        found.errors.append(str(error))
        return stages
    for number, stage in enumerate(STAGES):
        rows = pc.index_in(splits[stage].table["key"], value_set=manifest.table["key"].combine_chunks())
        stages[np.asarray(rows.drop_null().to_numpy(), np.int64)] = number  # a repeated picture has no row of its own
        found.stages[stage] = len(splits[stage])
        needed = ("test",) if isinstance(dataset, PairDataSet) else ("train", "test")
        if stage in needed and not len(splits[stage]):
            found.errors.append(f"{dataset.root}: the split gives no {stage} pictures. Choose another data.split.")
    found.stages["none"] = int((stages < 0).sum())
    return stages


def _parts(dataset: DataSet, manifest: Manifest, workers: int) -> Iterator[_Part]:
    starts = range(0, len(manifest), _CHUNK)
    bar = tqdm(total=len(manifest), unit=" pictures", disable=None)
    with bar:
        if workers == 0:
            for start in starts:
                yield _look(dataset, manifest, start)
                bar.update(_CHUNK)
            return
        context = multiprocessing.get_context("spawn")  # forking a process that runs threads can hang
        with ProcessPoolExecutor(workers, context, _prepare, (dataset, manifest)) as pool:
            for part in pool.map(_look_prepared, starts):
                yield part
                bar.update(len(part.sizes))


_prepared: tuple[DataSet, Manifest]


def _prepare(dataset: DataSet, manifest: Manifest) -> None:
    global _prepared
    _prepared = dataset, manifest


def _look_prepared(start: int) -> _Part:
    return _look(*_prepared, start)


def _look(dataset: DataSet, manifest: Manifest, start: int) -> _Part:
    rows = range(start, min(start + _CHUNK, len(manifest)))
    sizes, digests = np.zeros((len(rows), 2), np.int32), np.zeros(len(rows), np.uint64)
    part = _Part(sizes, digests, np.zeros(256, np.int64), {}, Counter())
    for position, row in enumerate(rows):
        sample = manifest.row(row)
        try:
            content = dataset.content(manifest, row)
            # 8 bytes: among 3.3 million files two different ones agree by chance once in 3 million times
            part.digests[position] = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
            if isinstance(dataset, SurveyedDataSet):
                part.unknown.update(dataset.unknown_values(sample))
            record = dataset.read(manifest, row)
            part.sizes[position] = record.image.shape[:2]
            if record.mask is not None:
                part.pixels += np.bincount(record.mask.ravel(), minlength=256)
        except (DataError, OSError) as error:
            part.faulty[sample["key"]] = str(error)
    return part


def _sizes(sizes: NDArray[np.int32], found: Inspection) -> None:
    read = sizes[sizes[:, 0] > 0]
    if len(read):
        for name, side in zip(("height", "width"), read.T, strict=True):
            found.sizes[name] = {"min": int(side.min()), "median": float(np.median(side)), "max": int(side.max())}
        found.sizes["distinct"] = len(np.unique(read, axis=0))


def _masks(dataset: DataSet, parts: list[_Part], found: Inspection) -> None:
    unknown: Counter[int | str] = sum((part.unknown for part in parts), Counter())
    found.unknown_values = dict(sorted(unknown.items(), key=lambda item: f"{item[0]:>8}"))
    if unknown:
        files = ", ".join(f"{code} in {number} files" for code, number in found.unknown_values.items())
        found.warnings.append(f"{dataset.root}: masks hold values without a class: {files}.")
    pixels = sum((part.pixels for part in parts), np.zeros(256, np.int64))
    if pixels.any() and isinstance(dataset, MaskDataSet | IdentityDataSet):
        indices = [*enumerate(dataset.classes), (IGNORE, "ignore")]
        found.class_shares = {name: float(pixels[index] / pixels.sum()) for index, name in indices}
        absent = [name for index, name in enumerate(dataset.classes) if not pixels[index]]
        if absent:
            remedy = "Nothing can be learnt of it; check the masks, or leave the class out"
            found.warnings.append(f"{dataset.root}: no mask has a pixel of {', '.join(absent)}. {remedy}.")


def _identities(dataset: DataSet, manifest: Manifest, found: Inspection) -> None:
    if isinstance(dataset, IdentityDataSet):
        numbers = np.bincount(manifest.column("label"))
        all_names = dataset.names(manifest)
        found.lone_identities = [all_names[label] for label in np.flatnonzero(numbers < 2)]
        if found.lone_identities:
            names = some(found.lone_identities)
            found.warnings.append(f"{dataset.root}: identities of fewer than 2 pictures cannot be tested: {names}.")


def _duplicates(manifest: Manifest, stages: NDArray[np.int64], digests: NDArray[np.uint64], found: Inspection) -> None:
    rows = np.flatnonzero((digests > 0) & (stages >= 0))
    rows = rows[np.argsort(digests[rows], kind="stable")]
    same = digests[rows][1:] == digests[rows][:-1]
    rows = rows[np.append(same, False) | np.append(False, same)] if len(rows) else rows
    for group in np.split(rows, np.flatnonzero(np.diff(digests[rows])) + 1):
        if len(set(stages[group].tolist())) > 1:
            found.duplicates.append([manifest.key(row) for row in group.tolist()])
    if found.duplicates:
        pairs = some([" = ".join(keys) for keys in found.duplicates])
        found.warnings.append(f"{found.root}: the same file in more than one stage: {pairs}.")
