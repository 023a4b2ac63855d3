"""Errors that a user can mend: one line that says where, what, the rule and the remedy.

The command line prints the message of these (and of ``ValueError`` and ``OSError``) without a traceback.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class BarefaceError(Exception):
    """Base of the errors below."""


class DataError(BarefaceError):
    """The files of a data set are not what their format says."""


class PictureError(DataError):
    """A picture is unreadable, truncated or too large. The only error that ``on_error: skip`` may skip."""


class FaceError(DataError):
    """A picture has no face that could be cut out of it. A result that is counted and listed, not a broken file."""


class CheckpointError(BarefaceError):
    """A file is not a checkpoint, not one that this program may load, or one of another task."""


class TrainingError(BarefaceError):
    """A training cannot go on."""


class FetchError(BarefaceError):
    """A file that was asked for could not be fetched."""


def some(names: Sequence[str], limit: int = 5) -> str:
    """The first names and the count, for messages about many files.

    >>> some(["a", "b"])
    'a, b'
    >>> some(["a", "b", "c"], limit=2)
    'a, b, ... (3 in all)'
    """
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown}, ... ({len(names)} in all)"


def nearest(wanted: str, known: Iterable[str]) -> str:
    """The known names nearest to a misspelt one, for the end of a message.

    >>> nearest("optimizer.lrr", ["optimizer.lr", "optimizer.momentum", "seed"])
    'Did you mean optimizer.lr?'
    >>> nearest("xyz", ["b", "a"])
    'Known: a, b.'
    """
    names = sorted(set(known))
    close = get_close_matches(wanted, names, n=3, cutoff=0.85) or get_close_matches(wanted, names, n=3, cutoff=0.6)
    return f"Did you mean {', '.join(close)}?" if close else f"Known: {some(names, limit=30)}."
