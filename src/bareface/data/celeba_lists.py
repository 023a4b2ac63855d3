"""The text files of CelebA: identities and partitions."""

from pathlib import Path

from bareface.errors import DataError


def read_numbers(path: Path) -> dict[str, int]:
    """Reads ``000001.jpg 2880`` lines: the number of each stem.

    Re-uploads of the official files have a header, other line ends, other blanks (or commas), or no newline at the end;
    all are read. The names end in ``.jpg`` also where the pictures are PNG, hence stems.

    Raises:
        DataError: A line is not a name and a whole number, or a name has two numbers.
    """
    numbers: dict[str, int] = {}
    for position, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
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
