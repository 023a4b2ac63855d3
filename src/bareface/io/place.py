"""Whether a file can be read from a place, or written to it, before the work that needs it."""

import uuid
from pathlib import Path


def check_file(path: Path, missing: str, option: str = "") -> None:
    """Refuses what is no file, and says what it is.

    Args:
        path: The file.
        missing: What is said where there is nothing: ``no such file.``, and the remedy.
        option: What the message begins with, such as ``embeddings=``.

    Raises:
        FileNotFoundError: There is nothing.
        IsADirectoryError: There is a folder.
        OSError: There is something else, such as a device.
    """
    if path.is_file():
        return
    if path.is_dir():
        raise IsADirectoryError(f"{option}{path}: a folder, expected a file. Name the file itself.")
    if path.exists():
        raise OSError(f"{option}{path}: a device or a pipe, expected a file. Name a file on a disk.")
    raise FileNotFoundError(f"{option}{path}: {missing}")


def check_writable(path: Path, option: str = "") -> None:
    """Refuses a place where no file can be written; leaves nothing there.

    Args:
        path: The file that will be written.
        option: What the message begins with, such as ``out=``.

    Raises:
        IsADirectoryError: There is a folder of that name.
        FileNotFoundError: The folder that it would lie in is not there.
        OSError: Nothing can be written into that folder.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{option}{path}: a folder. Name the file to write in it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{option}{path}: there is no folder {path.parent}. Make it, or name another place.")
    trial = path.with_name(f".{uuid.uuid4().hex[:12]}")
    try:
        trial.touch()
        trial.unlink()
    except OSError as error:
        reason = f"no file can be written into {path.parent} ({error.strerror})"
        raise OSError(f"{option}{path}: {reason}. Name another place.") from error
