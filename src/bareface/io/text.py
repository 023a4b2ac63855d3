"""Lists in text files."""

from pathlib import Path

from bareface.errors import DataError


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, whatever ends them; a byte order mark is left out.

    Raises:
        DataError: It is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file (byte {error.start}). Use the published list.") from error
