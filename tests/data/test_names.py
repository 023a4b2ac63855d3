import unicodedata

import pytest

from bareface.data.names import one_spelling, shared_names, spelling_warnings, spelt_twice

SPELLINGS = ["Ada_Lovelace", "ada lovelace", "Ada-Lovelace", "ADA__LOVELACE", " Ada Lovelace ", "A\u0301da Lovelace"]


@pytest.mark.parametrize("spelling", [*SPELLINGS, "Àda_Lovelace."])
def test_spellings_of_one_name(spelling):
    assert one_spelling(spelling) == "ada lovelace"
    assert one_spelling(unicodedata.normalize("NFC", spelling)) == one_spelling(unicodedata.normalize("NFD", spelling))


@pytest.mark.parametrize(("one", "other"), [("s1", "s01"), ("Ada", "Adam"), ("हिन्दी", "हनद"), ("か", "が"), ("_", "-")])
def test_different_names(one, other):
    assert one_spelling(one) != one_spelling(other)


def test_shared_names_keep_both_spellings():
    first = ["José_Aznar", "Bo", "George_W_Bush", "Carl-Otto"]
    second = ["george w. bush", "Jose Aznar", "Emmy"]
    assert shared_names(first, second) == {"José_Aznar": "Jose Aznar", "George_W_Bush": "george w. bush"}
    assert shared_names([], second) == {}


def test_two_spellings_in_one_data_set():
    names = ["Ada_Lovelace", "Bo", "ada lovelace", "Zoë", "Zoe\u0308", "Zoe", "...", "---"]
    assert spelt_twice(names) == [["Ada_Lovelace", "ada lovelace"], ["Zoë", "Zoe\u0308", "Zoe"]]
    assert spelling_warnings("people", names) == [
        "people: 2 people seem to be there under two spellings, each counted as an identity of its own: "
        "'Ada_Lovelace' = 'ada lovelace', 'Zoë' = 'Zoe\u0308' = 'Zoe'. Put the pictures of one person into one folder."
    ]
    assert spelling_warnings("people", ["Ada", "Bo"]) == []
