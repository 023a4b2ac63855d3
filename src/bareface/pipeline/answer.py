"""What a study says, in words: the answer in a sentence or three, and how it was found in a paragraph."""

from collections.abc import Mapping, Sequence

from bareface.pipeline.conditions import Condition, Original, Removed
from bareface.pipeline.results import Change, ConditionCard, Contrast, Finding, Quantity
from bareface.recognition.protocols.intervals import LEAST


def answer(
    conditions: Mapping[str, Condition],
    recogniser: str,
    quantity: Quantity,
    findings: Sequence[Finding],
    contrasts: Sequence[Contrast],
) -> str:
    """What is lost without the background, over all backdrops, and what of it is a loss of information.

    Args:
        conditions: By name; the first is what others are compared with.
        recogniser: The first one.
        quantity: The first one.
        findings: Of the study.
        contrasts: Of the study.
    """
    first = next(iter(conditions))
    own = {
        each.condition: each
        for each in findings
        if (each.recogniser, each.group, each.quantity) == (recogniser, "", quantity.name)
    }
    if first not in own:
        return f"Nothing is compared: {quantity.title} is not measured in {first}."
    changes = {name: each.change for name, each in own.items() if each.change is not None}
    if not changes:
        return "Nothing is compared: no recognition was measured in two conditions, the notes say why."
    usual = "on the photos as they are" if isinstance(conditions[first], Original) else f"on {first}"
    words = f"{quantity.title[0].upper()}{quantity.title[1:]} is {number(own[first].value, quantity)} {usual} and "
    chosen = _backdrops(conditions, changes) or [next(iter(changes))]
    worst, *_, best = sorted(chosen, key=lambda name: changes[name].value) * 2
    if len(chosen) == 1:
        words += (
            f"{number(own[worst].value, quantity)} with {conditions[worst].meaning}: {_told(changes[worst], quantity)}"
        )
    else:
        ends = [
            f"{number(own[name].value, quantity)} with {conditions[name].meaning} ({_told(changes[name], quantity)})"
            for name in (worst, best)
        ]
        words += f"between {ends[0]} and {ends[1]}"
    asked = {(each.question, each.condition): each for each in contrasts if each.quantity == quantity.name}
    for name in chosen:
        lost, strange = asked.get(("information lost", name)), asked.get(("mismatch", name))
        if lost is not None and strange is not None:
            words += f". Of the change on {name}, lost information makes {_told(lost.change, quantity)},"
            words += f" and an unfamiliar sight {_told(strange.change, quantity)}"
    for each in contrasts:
        if each.quantity == quantity.name and _is_gap(each, conditions, chosen[0], recogniser):
            words += f". What the background says about who it is comes to {_told(each.change, quantity)} (BG-Gap)"
    return f"{words}."


def _backdrops(conditions: Mapping[str, Condition], changes: Mapping[str, Change]) -> list[str]:
    """Conditions that take the background of the same foreground away and differ in nothing but the backdrop."""
    removed = {
        name: each
        for name, each in conditions.items()
        if name in changes and isinstance(each, Removed) and each.source is None and each.settings is None
    }
    foreground = next((each.foreground for each in removed.values()), None)
    return [name for name, each in removed.items() if each.foreground == foreground]


def _told(change: Change, quantity: Quantity) -> str:
    """A change, and whether it can be told from none."""
    p = change.p if change.holm is None else change.holm
    return gain(change, quantity) + (", not told from 0" if p is not None and p >= 0.05 else "")


def _is_gap(contrast: Contrast, conditions: Mapping[str, Condition], shown: str, recogniser: str) -> bool:
    """Whether it is the BG-Gap of this recogniser with the same foreground as that of the condition shown."""
    if contrast.question != "BG-Gap" or contrast.recogniser != recogniser:
        return False
    return conditions[contrast.condition].foreground == conditions[shown].foreground


def number(value: float, quantity: Quantity) -> str:
    """A value as text: shares in percent."""
    return f"{100 * value:.1f} %" if quantity.unit == "share" else f"{value:.3f}"


def gain(change: Change, quantity: Quantity) -> str:
    """A change as text, with its interval: shares in points.

    >>> from bareface.recognition.protocols.intervals import Interval
    >>> top1 = Quantity("top1", "top-1", "share", "more")
    >>> gain(Change(-0.198, Interval(-0.25, -0.15, 40), 0.0, None, None), top1)
    '-19.8 points [-25.0, -15.0]'
    >>> gain(Change(-0.198, None, None, None, None), top1)
    '-19.8 points (too few people for an interval)'
    """
    share = quantity.unit == "share"
    unit, factor, form = (" points", 100, "+.1f") if share else ("", 1, "+.3f")
    words = f"{factor * change.value:{form}}{unit}"
    if change.interval is None:
        return f"{words} (too few people for an interval)"
    return f"{words} [{factor * change.interval.low:{form}}, {factor * change.interval.high:{form}}]"


def methods(
    photos: int,
    identities: int,
    data: str,
    conditions: Sequence[ConditionCard],
    seeds: Mapping[str, int],
    mattes: str,
    references: str,
    compared: int,
    canvas: int,
) -> str:
    """How it was found.

    Args:
        photos: How many were shown in every condition.
        identities: How many of these.
        data: What the photos are.
        conditions: What was shown.
        seeds: Number of checkpoints of each recogniser.
        mattes: Where mattes come from, and what is done to them, in words.
        references: ``shown`` or ``original``.
        compared: Number of photos that were compared with one another; 0 for none.
        canvas: Side in pixels of the square that photos were letterboxed to.
    """
    several = any(count > 1 for count in seeds.values())
    asked = ", ".join(f"{name} ({count} seeds)" if count > 1 else name for name, count in seeds.items())
    first, *others = conditions
    lines = [
        f"{photos:,} photos of {identities:,} people ({data}) were each shown in {len(conditions)} conditions to the "
        f"recognisers {asked}." if len(seeds) > 1 else
        f"{photos:,} photos of {identities:,} people ({data}) were each shown in {len(conditions)} conditions to one "
        f"recogniser{f', trained with {next(iter(seeds.values()))} seeds' if several else ''}.",
        f"{first.name} is {first.meaning}; " + "; ".join(f"{each.name}: {each.meaning}" for each in others) + "."
        if others else f"{first.name} is {first.meaning}.",
        f"Mattes: {mattes}." if mattes else "",
        "All conditions show the same photos, cut in the same way, which was decided on the original, and letterboxed "
        f"to a canvas of {canvas} x {canvas} pixels; a photo that one condition cannot show is in none of them.",
    ]  # fmt: skip
    if compared:
        where = "in the same condition" if references == "shown" else f"as they are in {first.name}"
        lines.append(
            f"Verification compares all pairs of {compared:,} photos, the first of which is shown {where}; for "
            "identification one photo of each person is enrolled and the others are looked up, and for TPIR each "
            "person in turn is also taken out of the gallery."
        )
    level = ", and seeds as a further level," if several else ""
    lines.append(
        f"Intervals are at 95 %; they take people{level} and not photos or pairs as what was drawn by chance (a "
        "variance that knows clusters, HC3, with Student's quantile), and differences are taken on the same photos, "
        f"both arms together. With fewer than {LEAST} people no interval is given. P values are of no difference, by "
        "the same variance; Holm's correction is over all conditions of a quantity; McNemar's test takes the photos of "
        "one person together. Where nothing varies (0 gained, 0 lost), nothing tells the variance, and each identity "
        "counts as one trial. The smallest effect is the one that a study like this sees with probability 0.8."
    )
    return " ".join(line for line in lines if line)
