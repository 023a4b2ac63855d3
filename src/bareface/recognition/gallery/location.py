"""Where ``--gallery`` points."""

from pathlib import Path

from bareface.recognition.gallery.gallery import Store

MILVUS = "milvus:"


def store(location: str) -> Store:
    """The place that a location names.

    Args:
        location: A folder; or ``milvus:FILE.db``, a Milvus Lite file; or ``milvus:http://HOST:19530``, a server.
            ``#NAME`` at the end of the last two tells several galleries in one place apart.

    Raises:
        ValueError: Nothing is named, or Milvus is and its package is not installed.
        FileNotFoundError: The folder of a Milvus Lite file is not there.
    """
    if not location.startswith(MILVUS):
        from bareface.recognition.gallery.embedded import EmbeddedStore

        if not location or "://" in location:
            expected = "expected a folder, milvus:FILE.db or milvus:http://HOST:19530"
            raise ValueError(f"gallery={location}: {expected}.")
        return EmbeddedStore(Path(location))
    file = location.removeprefix(MILVUS).partition("#")[0]
    folder = Path(file).parent
    if "://" not in file and not folder.is_dir():
        raise FileNotFoundError(f"gallery={location}: there is no folder {folder}. Make it, or name another place.")
    from bareface.recognition.gallery.milvus import MilvusStore

    return MilvusStore(location)
