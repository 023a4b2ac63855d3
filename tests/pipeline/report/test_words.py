import math

import pytest

from bareface.pipeline.report.words import (
    ends,
    interval_words,
    is_significant,
    p_words,
    signed_words,
    size_words,
    tick_words,
    unit_words,
    value_words,
)
from bareface.pipeline.results import Change, Quantity
from bareface.recognition.protocols.intervals import Interval

SHARE = Quantity("top1", "top-1", "share", "more")
NUMBER = Quantity("loss", "loss", "number", "less")


@pytest.mark.parametrize(
    ("quantity", "value", "plain", "signed"),
    [
        (SHARE, 0.71024, "71.02 %", "+71.02"),
        (SHARE, 1.0, "100.00 %", "+100.00"),
        (SHARE, -0.1983, "\u221219.83 %", "\u221219.83"),
        (SHARE, -0.00001, "0.00 %", "0.00"),
        (SHARE, 0.0, "0.00 %", "0.00"),
        (NUMBER, 0.41249, "0.412", "+0.412"),
        (NUMBER, -1.5, "\u22121.500", "\u22121.500"),
        (NUMBER, -0.0001, "0.000", "0.000"),
        (SHARE, math.nan, "\u2013", "\u2013"),
        (NUMBER, math.inf, "\u2013", "\u2013"),
    ],
)
def test_shares_are_percent_and_points_and_numbers_have_three_decimals(
    quantity: Quantity, value: float, plain: str, signed: str
) -> None:
    assert value_words(value, quantity) == plain
    assert signed_words(value, quantity) == signed


def test_intervals_have_both_ends_or_are_nothing() -> None:
    assert interval_words(Interval(0.6821, 0.7390, 40), SHARE) == "[68.21, 73.90]"
    assert interval_words(Interval(-0.042, 0.002, 40), SHARE, signed=True) == "[\u22124.20, +0.20]"
    assert interval_words(Interval(0.1, 0.2, 40), NUMBER, signed=True) == "[+0.100, +0.200]"
    assert interval_words(None, SHARE) == ""
    assert interval_words(Interval(math.nan, 0.2, 40), SHARE) == ""
    assert ends(Interval(0.68, 0.74, 40), SHARE) == (68, 74) and ends(Interval(0.1, 0.2, 40), NUMBER) == (0.1, 0.2)
    assert ends(None, SHARE) == ends(Interval(0.1, math.nan, 40), SHARE) == (None, None)


def test_p_sizes_ticks_and_units() -> None:
    assert [p_words(p) for p in (0.0009, 0.001, 0.0499, 1.0, None, math.nan)] == [
        *("< 0.001", "0.001", "0.050", "1.000", "\u2013", "\u2013"),
    ]
    assert [size_words(size, SHARE) for size in (-0.031, 0.031, None)] == ["3.10", "3.10", "\u2013"]
    assert [tick_words(-20.0), tick_words(0.25), tick_words(0.0), tick_words(80.0, signed=False)] == [
        *("\u221220", "+0.25", "0", "80"),
    ]
    assert [unit_words(SHARE), unit_words(SHARE, change=True), unit_words(NUMBER)] == ["%", "points", ""]


def test_only_holm_below_five_percent_is_marked() -> None:
    def change(holm: float | None) -> Change:
        return Change(-0.1, None, 0.001, holm, None)

    assert [is_significant(change(holm)) for holm in (0.049, 0.05, None)] == [True, False, False]
