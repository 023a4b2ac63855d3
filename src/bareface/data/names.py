"""Names of people as different data sets spell them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from bareface.errors import some


def composed(name: str) -> str:
    r"""A name in Unicode's form NFC: of names that look the same, some computers write letter and accent apart.

    >>> composed("Zoe\u0308") == "Zo\u00eb"
    True
    """
    return unicodedata.normalize("NFC", name)


def one_spelling(name: str) -> str:
    """A name without what its spellings differ in: case, accents, dots, apostrophes, and what stands between words.

    A name of nothing but signs stays as it is.

    >>> one_spelling("Ada_Lovelace") == one_spelling("ada-lovelace") == one_spelling(" ADA  Lovelace")
    True
    >>> one_spelling("José_María_Aznar"), one_spelling("s01") == one_spelling("s1")
    ('jose maria aznar', False)
    >>> one_spelling("Shaquille_O'Neal") == one_spelling("Shaquille_ONeal")
    True
    """
    # the accents of Latin, Greek and Cyrillic letters alone: marks of other scripts are letters
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name))
    plain = re.sub("[.,'`\u2019]", "", unicodedata.normalize("NFKC", plain).casefold())
    words = re.sub(r"[\s_-]+", " ", plain).strip()
    return words or name


def shared_names(first: Iterable[str], second: Iterable[str]) -> dict[str, str]:
    """The people of one data set who are in another, too, whatever the spelling.

    Args:
        first: Names of identities.
        second: Names of identities, spelt in any way.

    Returns:
        For each shared name of ``first``, in its order, a name of ``second``.

    >>> shared_names(["Ada_Lovelace", "Bo"], ["ada lovelace", "Emmy Noether"])
    {'Ada_Lovelace': 'ada lovelace'}
    """
    known = {one_spelling(name): name for name in second}
    return {name: known[one_spelling(name)] for name in first if one_spelling(name) in known}


def spelt_twice(names: Iterable[str]) -> list[list[str]]:
    """Names that are probably one person's, in groups of two or more.

    >>> spelt_twice(["Ada_Lovelace", "Bo", "ada lovelace"])
    [['Ada_Lovelace', 'ada lovelace']]
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(one_spelling(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def spelling_warnings(where: object, names: Sequence[str]) -> list[str]:
    """A line about identities under two spellings, where there are any."""
    groups = spelt_twice(names)
    if not groups:
        return []
    shown = some([" = ".join(map(repr, group)) for group in groups])
    what = f"{len(groups)} people seem to be there under two spellings, each counted as an identity of its own"
    return [f"{where}: {what}: {shown}. Put the pictures of one person into one folder."]
