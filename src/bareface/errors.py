"""Errors that a user can mend: one line that says where, what, the rule and the remedy.

The command line prints the message of these (and of ``ValueError`` and ``OSError``) without a traceback.
"""

from collections.abc import Sequence


class BarefaceError(Exception):
    """Base of the errors below."""


class DataError(BarefaceError):
    """The files of a data set are not what their format says."""


class PictureError(DataError):
    """A picture is unreadable, truncated or too large. The only error that ``on_error: skip`` may skip."""


class CheckpointError(BarefaceError):
    """A file is not a checkpoint, not one that this program may load, or one of another task."""


def some(names: Sequence[str], limit: int = 5) -> str:
    """The first names and the count, for messages about many files.

    >>> some(["a", "b"])
    'a, b'
    >>> some(["a", "b", "c"], limit=2)
    'a, b, ... (3 in all)'
    """
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown}, ... ({len(names)} in all)"
