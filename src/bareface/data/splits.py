"""Dividing samples into train, val and test: functions of the samples and a seed, not of the order of the rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from bareface.data.dataset import STAGES, Stage
from bareface.data.manifest import Manifest, is_sorted
from bareface.errors import DataError, some

Rows = NDArray[np.int64]


def check_fractions(fractions: Sequence[float], name: str = "data.fractions") -> tuple[float, float, float]:
    """Train, val and test fractions as floats.

    Raises:
        ValueError: They are not three numbers of 0 to 1 that sum to 1, or train gets nothing.
    """
    given = tuple(float(value) for value in fractions)
    if len(given) != 3 or min(given) < 0 or given[0] == 0 or abs(sum(given) - 1) > 1e-6:
        raise ValueError(f"{name}={list(fractions)}: expected three of sum 1, train above 0, like [0.8, 0.1, 0.1].")
    return given[0], given[1], given[2]


def check_counts(counts: Sequence[int], name: str = "data.counts") -> tuple[int, int, int]:
    """Numbers of train, val and test samples.

    Raises:
        ValueError: They are not three whole numbers, or train gets nothing.
    """
    if len(counts) != 3 or any(int(value) != value or value < 0 for value in counts) or counts[0] == 0:
        raise ValueError(f"{name}={list(counts)}: expected three whole numbers, train above 0, e.g. [3000, 200, 200].")
    return int(counts[0]), int(counts[1]), int(counts[2])


def check_seed(seed: int, name: str = "data.seed") -> int:
    """The seed.

    Raises:
        ValueError: It is negative.
    """
    if seed < 0:
        raise ValueError(f"{name}={seed}: expected 0 or more.")
    return seed


def sorted_rows(manifest: Manifest) -> Rows:
    """The rows in the order of their keys."""
    keys = manifest.table["key"]
    if is_sorted(keys):
        return np.arange(len(manifest))
    return np.asarray(pc.sort_indices(keys).to_numpy(), np.int64)


def of_stages(manifest: Manifest, stages: Mapping[Stage, Rows]) -> dict[Stage, Manifest]:
    """The samples of each stage, in the order of the manifest."""
    return {stage: manifest.take(np.sort(stages[stage])) for stage in STAGES}


def by_order(manifest: Manifest, counts: Sequence[int]) -> dict[Stage, Manifest]:
    """The first of the sorted keys are train, the next val, the next test; what is left over is in none.

    Raises:
        DataError: There are fewer samples than asked for.
    """
    return of_stages(manifest, _cut(sorted_rows(manifest), check_counts(counts)))


def shuffled(manifest: Manifest, counts: Sequence[int], seed: int) -> dict[Stage, Manifest]:
    """As ``by_order``, after a seeded shuffle of the sorted keys.

    Raises:
        DataError: There are fewer samples than asked for.
    """
    rows = sorted_rows(manifest)
    # Generator.shuffle may change between numpy versions; the stream of random() does not
    order = np.argsort(np.random.default_rng(check_seed(seed)).random(len(rows)), kind="stable")
    return of_stages(manifest, _cut(rows[order], check_counts(counts)))


def counts_of(total: int, fractions: Sequence[float]) -> tuple[int, int, int]:
    """How many of ``total`` each stage gets; val and test at least one where their fraction is above 0.

    Raises:
        DataError: There are too few for that.

    >>> counts_of(10, [0.8, 0.1, 0.1])
    (8, 1, 1)
    """
    _, val, test = check_fractions(fractions)
    taken = [max(1, int(total * share + 0.5)) if share > 0 else 0 for share in (val, test)]
    if total - sum(taken) < 1:
        raise DataError(f"data.fractions={list(fractions)}: {total} are too few to divide. Use another split.")
    return total - sum(taken), taken[0], taken[1]


def by_identity(identities: NDArray[Any], fractions: Sequence[float], seed: int) -> dict[Stage, Rows]:
    """Rows of each stage such that no identity is in two of them.

    Identities are shuffled, and cut where the numbers of samples come closest to the fractions. A stage that got nobody
    takes the smallest identity of the stage with the most samples that has two or more identities.

    Args:
        identities: (N,) numbers or names.
        fractions: Of the samples, not of the identities.
        seed: Of the shuffle.

    Raises:
        DataError: There are fewer identities than stages.
    """
    _, val, test = check_fractions(fractions)
    names, positions, sizes = np.unique(identities, return_inverse=True, return_counts=True)
    order = np.argsort(np.random.default_rng(check_seed(seed)).random(len(names)), kind="stable")
    middle = np.cumsum(sizes[order]) - sizes[order] / 2
    stage = np.empty(len(names), np.int64)  # test first: its share is the same with and without a val share
    stage[order] = np.where(middle < test * len(identities), 2, np.where(middle < (test + val) * len(identities), 1, 0))
    wanted = [number for number, share in enumerate(fractions) if share > 0]
    if len(names) < len(wanted):
        what = f"{len(names)} identities are too few: {len(wanted)} stages want one each"
        raise DataError(f"data.fractions={list(fractions)}: {what}. Use another split.")
    for number in wanted:
        if not (stage == number).any():
            samples = np.bincount(stage, sizes, len(STAGES)) * (np.bincount(stage, minlength=len(STAGES)) > 1)
            theirs = order[stage[order] == samples.argmax()]
            stage[theirs[sizes[theirs].argmin()]] = number
    return {name: np.flatnonzero(stage[positions] == number) for number, name in enumerate(STAGES)}


def per_identity(labels: NDArray[np.integer[Any]], fractions: Sequence[float], seed: int) -> dict[Stage, Rows]:
    """Closed set: divides the samples of each identity, so that train knows every identity.

    An identity with at least two samples gives one or more to test, one with at least three also to val (where their
    fraction is above 0); a single sample is train.

    Args:
        labels: (N,) in the order of the sorted keys; rows of the result are positions in it.
        fractions: Of the samples of each identity.
        seed: Of the choice.
    """
    _, val, test = check_fractions(fractions)
    rank, sizes = ranks(labels, np.random.default_rng(check_seed(seed)).random(len(labels)))
    wanted_test = np.maximum(1, np.floor(sizes * test + 0.5)) if test > 0 else np.zeros(len(sizes))
    wanted_val = np.maximum(1, np.floor(sizes * val + 0.5)) if val > 0 else np.zeros(len(sizes))
    tests = np.minimum(wanted_test, sizes - 1)
    vals = np.minimum(wanted_val, sizes - 1 - tests)
    return {
        "train": np.flatnonzero(rank >= tests + vals),
        "val": np.flatnonzero((rank >= tests) & (rank < tests + vals)),
        "test": np.flatnonzero(rank < tests),
    }


def closed_set(manifest: Manifest, fractions: Sequence[float], seed: int) -> dict[Stage, Manifest]:
    """``per_identity`` for a manifest that has the column ``label``."""
    rows = sorted_rows(manifest)
    parts = per_identity(manifest.column("label")[rows], fractions, seed)
    return of_stages(manifest, {stage: rows[part] for stage, part in parts.items()})


def disjoint(manifest: Manifest, fractions: Sequence[float], seed: int) -> dict[Stage, Manifest]:
    """``by_identity`` for a manifest that has the column ``label``."""
    return of_stages(manifest, by_identity(manifest.column("label"), fractions, seed))


def all_test(manifest: Manifest) -> dict[Stage, Manifest]:
    """Every sample is for the test: what comes with a protocol is not trained on."""
    none = manifest.take(np.zeros(0, np.int64))
    return {"train": none, "val": none, "test": manifest}


def ranks(labels: NDArray[np.integer[Any]], order: NDArray[Any]) -> tuple[Rows, Rows]:
    """Position of each row among the rows of its identity, by ``order``, and how many rows that identity has."""
    rows = np.lexsort((order, labels))
    ordered = labels[rows]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1)) if len(ordered) else np.zeros(0, np.int64)
    sizes = np.diff(starts, append=len(ordered))
    rank, size = np.empty(len(labels), np.int64), np.empty(len(labels), np.int64)
    rank[rows] = np.arange(len(ordered)) - np.repeat(starts, sizes)
    size[rows] = np.repeat(sizes, sizes)
    return rank, size


def check_closed_set(stages: Mapping[Stage, Manifest], names: Sequence[str], where: str) -> None:
    """Makes sure that a classifier can name everybody it is tested on.

    Args:
        stages: The split, with the column ``label``.
        names: Of the labels.
        where: For the message.

    Raises:
        DataError: Somebody in val or test is not in train.
    """
    tested = np.concatenate([stages[stage].column("label") for stage in ("val", "test")])
    strangers = np.setdiff1d(tested, stages["train"].column("label"))
    if len(strangers):
        unknown = some([names[label] for label in strangers])
        raise DataError(f"{where}: tested but not in train: {unknown}. Add them to train, or leave them out of test.")


def _cut(rows: Rows, counts: tuple[int, int, int]) -> dict[Stage, Rows]:
    train, val, test = counts
    if train + val + test > len(rows):
        asked = f"{train} + {val} + {test} = {train + val + test} samples asked for, there are {len(rows)}"
        raise DataError(f"data.counts={list(counts)}: {asked}. Ask for fewer.")
    return {
        "train": rows[:train],
        "val": rows[train : train + val],
        "test": rows[train + val : train + val + test],
    }
