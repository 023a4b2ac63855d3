"""Files and folders that appear whole or not at all."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path``; what was written there takes the place of ``path`` when the block ends well.

    The temporary name has the suffix of ``path``. It is removed when the block raises, and ``path`` stays as it was.

    Args:
        path: The file to write, in a folder that exists.
    """
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:12]}{path.suffix}")
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
        _to_disk(path.parent)  # else a power cut can undo the renaming
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside ``path``; with the files put there it gets that name when the block ends well.

    It is removed when the block raises.

    Args:
        path: The folder to make, in one that exists.

    Raises:
        OSError: There is such a folder already, and it is not empty.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}")
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            _to_disk(file)
        os.replace(temporary, path)
        _to_disk(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
