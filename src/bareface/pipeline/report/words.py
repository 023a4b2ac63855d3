"""How values, intervals and names are written for people, the same in every form of the report."""

import math

from bareface.pipeline.results import Change, Quantity
from bareface.recognition.protocols.intervals import Interval

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
LEVEL = 0.05
"""A change whose p, after Holm's correction, is below is marked."""


def value_words(value: float, quantity: Quantity) -> str:
    """A share in percent, a number with three decimals; a dash for what could not be measured.

    >>> value_words(0.7102, Quantity("top1", "top-1", "share", "more"))
    '71.02 %'
    """
    if not math.isfinite(value):
        return NONE
    return f"{_decimal(100 * value, 2)} %" if quantity.unit == "share" else _decimal(value, 3)


def interval_words(interval: Interval | None, quantity: Quantity, signed: bool = False) -> str:
    """The two ends in brackets; "" where there is no interval.

    Args:
        interval: In the unit of the quantity.
        quantity: What was measured; the ends of a share are given in percent or points, without the sign for it.
        signed: Whether it is the interval of a change.
    """
    if interval is None or ends(interval, quantity) == (None, None):
        return ""
    write = signed_words if signed else unsigned_words
    return f"[{write(interval.low, quantity)}, {write(interval.high, quantity)}]"


def signed_words(value: float, quantity: Quantity) -> str:
    """A change with its sign, in points where the quantity is a share.

    >>> signed_words(0.1983, Quantity("top1", "top-1", "share", "more"))
    '+19.83'
    """
    if not math.isfinite(value):
        return NONE
    text = _decimal(100 * value, 2) if quantity.unit == "share" else _decimal(value, 3)
    return text if text.startswith(MINUS) or not float(text) else f"+{text}"


def unsigned_words(value: float, quantity: Quantity) -> str:
    """As ``value_words``, without the percent sign."""
    return value_words(value, quantity).removesuffix(" %")


def size_words(value: float | None, quantity: Quantity) -> str:
    """How large a change is, of either sign; a dash for None."""
    return NONE if value is None else unsigned_words(abs(value), quantity)


def p_words(p: float | None) -> str:
    """A p value with three decimals; a dash for None.

    >>> p_words(0.0002), p_words(0.04)
    ('< 0.001', '0.040')
    """
    if p is None or not math.isfinite(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def is_significant(change: Change) -> bool:
    """Whether Holm's correction leaves a change that is told from none."""
    return change.holm is not None and change.holm < LEVEL


def points(value: float, quantity: Quantity) -> float:
    """A value as it is drawn: shares in percent, changes of shares in points."""
    return 100 * value if quantity.unit == "share" else value


def ends(interval: Interval | None, quantity: Quantity) -> tuple[float, float] | tuple[None, None]:
    """The two ends of an interval as they are drawn; twice None where there is none."""
    if interval is None or not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return None, None
    return points(interval.low, quantity), points(interval.high, quantity)


def tick_words(value: float, signed: bool = True) -> str:
    """A round number beside an axis.

    >>> tick_words(20.0), tick_words(20.0, signed=False), tick_words(0.0)
    ('+20', '20', '0')
    """
    return (f"{value:+g}" if signed and value else f"{value + 0.0:g}").replace("-", MINUS)


def spaced(name: str) -> str:
    """A name as in tables.

    >>> spaced("removed_black")
    'removed black'
    """
    return name.replace("_", " ")


def unit_words(quantity: Quantity, change: bool = False) -> str:
    """What numbers of a quantity are counted in; "" for plain numbers."""
    if quantity.unit == "number":
        return ""
    return "points" if change else "%"


def _decimal(value: float, decimals: int) -> str:
    """A number without "-0.00", and with a minus sign that is as wide as a plus."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", MINUS)
