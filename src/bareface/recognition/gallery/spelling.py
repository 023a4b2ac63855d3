"""Names that are probably meant to be one."""

import unicodedata
from collections.abc import Iterable


def spelling(name: str) -> str:
    """What is left of a name without case, accents, spaces and punctuation.

    >>> spelling("Ada_Lovelace") == spelling("ada  lovelace") == spelling("Ada-Lovelacé")
    True
    """
    return "".join(letter for letter in unicodedata.normalize("NFKD", name).casefold() if letter.isalnum())


def spelt_alike(names: Iterable[str]) -> list[list[str]]:
    """Groups of two and more names that differ in their spelling alone, sorted.

    >>> spelt_alike(["Bob", "ada lovelace", "Ada_Lovelace", "bob 2"])
    [['Ada_Lovelace', 'ada lovelace']]
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        groups.setdefault(spelling(name), []).append(name)
    return [group for key, group in groups.items() if key and len(group) > 1]
