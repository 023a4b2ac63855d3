"""The text files of CelebA: identities and partitions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bareface.data.dataset import STAGES, Stage
from bareface.errors import DataError, some
from bareface.io.text import read_lines


def read_numbers(path: Path) -> dict[str, int]:
    """Reads ``000001.jpg 2880`` lines: the number of each stem.

    Re-uploads of the official files have a header, other line ends, other blanks (or commas), or no newline at the end;
    all are read. The names end in ``.jpg`` also where the pictures are PNG, hence stems.

    Raises:
        DataError: A line is not a name and a whole number, or a name has two numbers.
    """
    numbers: dict[str, int] = {}
    for position, line in enumerate(read_lines(path), start=1):
        fields = line.replace(",", " ").split()
        if not fields or (position == 1 and not fields[-1].isdecimal()):
            continue
        if len(fields) != 2 or not fields[1].isdecimal():
            raise DataError(f"{path}: line {position} is {line.strip()!r}, expected a name and a number.")
        stem, number = fields[0].rpartition(".")[0] or fields[0], int(fields[1])
        if numbers.setdefault(stem, number) != number:
            raise DataError(f"{path}: line {position} gives {stem} the number {number}, before it had {numbers[stem]}.")
    if not numbers:
        raise DataError(f"{path}: no lines. Expected a name and a number in each.")
    return numbers


def find_list(root: Path, folder: str, name: str) -> Path | None:
    """The file, at the root or in its official folder; None where it is in neither."""
    for path in (root / name, root / folder / name):
        if path.is_file():
            return path
    return None


def listed_numbers(path: Path, stems: Sequence[str]) -> NDArray[np.int32]:
    """The number that a list gives each stem.

    Raises:
        DataError: As ``read_numbers``, or the list has no line for a stem.
    """
    numbers = read_numbers(path)
    missing = [stem for stem in stems if stem not in numbers]
    if missing:
        raise DataError(f"{path}: has no line for {some(missing)}. Use the official file.")
    return np.array([numbers[stem] for stem in stems], np.int32)


def read_partition(path: Path, stems: Sequence[str]) -> dict[Stage, NDArray[np.int64]]:
    """Positions of the stems that ``list_eval_partition.txt`` puts into each stage.

    Raises:
        DataError: As ``listed_numbers``, or a partition is not 0, 1 or 2.
    """
    numbers = listed_numbers(path, stems)
    if not np.isin(numbers, (0, 1, 2)).all():
        raise DataError(f"{path}: partition {numbers.max()}, expected 0, 1 or 2.")
    return {stage: np.flatnonzero(numbers == number) for number, stage in enumerate(STAGES)}


def needs_list(split: str, root: Path, folder: str, name: str) -> DataError:
    """The error where a split needs a list that ``find_list`` did not find."""
    where = f"{root / name} or {root / folder / name}"
    return DataError(f"data.split={split}: needs {where}. It comes with CelebA (folder {folder}).")
