"""What studies are called in tables and figures: the values of options, without what all have in common."""

from collections.abc import Sequence
from pathlib import PurePosixPath


def told_apart(values: Sequence[str]) -> list[str]:
    """Values without the folders that all paths among them begin and end with.

    >>> told_apart(["runs/train/a/best.ckpt", "runs/train/b/best.ckpt", "null"])
    ['a', 'b', 'null']
    >>> told_apart(["faces/a.ckpt", "faces/a.ckpt"])
    ['a.ckpt', 'a.ckpt']
    """
    paths = {value: PurePosixPath(value).parts for value in values if "/" in value and "{" not in value}
    if not paths:
        return list(values)
    parts = list(paths.values())
    shortest = min(map(len, parts)) - 1  # something is left of each
    start = _common(parts, shortest)
    end = _common([part[::-1] for part in parts], shortest - start)
    names = {value: str(PurePosixPath(*part[start : len(part) - end])) for value, part in paths.items()}
    return [names.get(value, value) for value in values]


def _common(parts: Sequence[Sequence[str]], most: int) -> int:
    """How many folders all begin with."""
    return next((place for place in range(most) if len({each[place] for each in parts}) > 1), most)


def cut(text: str, most: int) -> str:
    """The text, with its middle left out where it is longer.

    >>> cut("abcdefgh", 5)
    'ab…gh'
    """
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"


def named(name: str, value: str) -> str:
    """An option's value, with the option's name where the value says little by itself.

    >>> named("matte.fill", "true"), named("foreground", "hair"), named("canvas", "128")
    ('fill=true', 'hair', 'canvas=128')
    """
    bare = value in ("", "true", "false", "null") or number(value) is not None
    return f"{name.rpartition('.')[2]}={value}" if bare else value


def number(value: str) -> float | None:
    """What is written, if that is a number."""
    try:
        return float(value)
    except ValueError:
        return None
