"""pairs.txt of LFW: which pairs of pictures the verification protocol asks about."""

import re
from pathlib import Path

import numpy as np

from bareface.data.pairs import Pairs
from bareface.errors import DataError

_NUMBER = re.compile(r"[1-9]\d*")


def read_pairs(path: Path) -> Pairs:
    """Reads the file as published; the end of its lines may be LF or CRLF, the last may have none.

    The first line holds the number of folds and, after a tab, that of pairs of each kind a fold; lists of one fold
    hold the latter alone. A fold is its mated pairs, ``NAME<TAB>1<TAB>4``, then as many others,
    ``NAME<TAB>1<TAB>OTHER<TAB>2``.

    Returns:
        Pairs whose keys are ``NAME/NAME_0001.jpg``; folds as listed.

    Raises:
        DataError: The file is missing, or a line is not what its place asks for.
    """
    try:
        lines = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}). It comes with LFW.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text in UTF-8. Use the pairs.txt of LFW.") from error
    header = lines[0].split("\t")
    if len(header) > 2 or not all(_NUMBER.fullmatch(cell) for cell in header):
        raise DataError(f"{path}: line 1 is {lines[0]!r}, expected folds, a tab, pairs of each kind, e.g. 10<TAB>300.")
    folds, size = (int(cell) for cell in ([*header] if len(header) == 2 else ["1", *header]))
    expected = 1 + 2 * folds * size
    if len(lines) != expected:
        rule = f"{folds} folds of {size} + {size} pairs need {expected}"
        raise DataError(f"{path}: {len(lines)} lines, but {rule}. Use the file as published.")
    mated = np.tile(np.repeat([True, False], size), folds)
    first, second = [], []
    for position, line in enumerate(lines[1:]):
        cells = line.split("\t")
        numbers = [cells[place] for place in ((1, 2) if mated[position] else (1, 3)) if place < len(cells)]
        if len(cells) != (3 if mated[position] else 4) or not all(_NUMBER.fullmatch(number) for number in numbers):
            form = "NAME<TAB>1<TAB>4, a mated pair" if mated[position] else "NAME<TAB>1<TAB>OTHER<TAB>2"
            raise DataError(f"{path}: line {position + 2} is {line!r}, expected {form}. Use the file as published.")
        first.append(picture_key(cells[0], int(numbers[0])))
        second.append(picture_key(cells[0] if mated[position] else cells[2], int(numbers[1])))
        if not mated[position] and cells[0] == cells[2]:
            raise DataError(f"{path}: line {position + 2} is a pair of {cells[0]} where two people are expected.")
        if first[-1] == second[-1]:
            raise DataError(f"{path}: line {position + 2} is a pair of a picture with itself. Remove the line.")
    fold = np.repeat(np.arange(folds), 2 * size)
    return Pairs(np.array(first, np.str_), np.array(second, np.str_), mated, fold)


def picture_key(name: str, number: int) -> str:
    """Path of a person's picture in a folder of LFW.

    >>> picture_key("Ada_Lovelace", 4)
    'Ada_Lovelace/Ada_Lovelace_0004.jpg'
    """
    return f"{name}/{name}_{number:04d}.jpg"
