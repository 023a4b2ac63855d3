"""What a study says, in words: the answer in one sentence, and how it was found in a paragraph."""

from collections.abc import Mapping, Sequence

from bareface.pipeline.conditions import Condition, Removed
from bareface.pipeline.results import Change, ConditionCard, Contrast, Finding, Quantity
from bareface.recognition.protocols.intervals import LEAST


def answer(
    conditions: Mapping[str, Condition],
    recogniser: str,
    quantity: Quantity,
    findings: Sequence[Finding],
    contrasts: Sequence[Contrast],
) -> str:
    """One sentence: what is lost without the background, and what of it is a loss of information.

    Args:
        conditions: By name; the first is what others are compared with.
        recogniser: The first one.
        quantity: The first one.
        findings: Of the study.
        contrasts: Of the study.
    """
    original = next(iter(conditions))
    own = {
        each.condition: each
        for each in findings
        if (each.recogniser, each.group, each.quantity) == (recogniser, "", quantity.name)
    }
    removed = [name for name, each in conditions.items() if isinstance(each, Removed) and each.source != "random"]
    shown = next(iter(removed), next((name for name in own if name != original), None))
    before, after = own.get(original), own.get(shown or "")
    if before is None:
        return f"Nothing is compared: {quantity.title} is not measured in {original}."
    if after is None or after.change is None or shown is None:
        return f"Nothing is compared: {quantity.title} is known in one condition alone."
    title = f"{quantity.title[0].upper()}{quantity.title[1:]}"
    values = [number(each.value, quantity) for each in (before, after)]
    words = f"{title} is {values[0]} on the photos as they are and {values[1]} with {conditions[shown].meaning}: "
    words += gain(after.change, quantity)
    asked = {
        each.question: gain(each.change, quantity)
        for each in reversed(contrasts)
        if each.quantity == quantity.name
        if shown in (each.condition, each.against_condition) or _is_gap(each, conditions, shown, recogniser)
    }
    if {"information lost", "mismatch"} <= asked.keys():
        words += f", of which {asked['information lost']} because information is lost"
        words += f" and {asked['mismatch']} because the sight is unfamiliar"
    if "BG-Gap" in asked:
        words += f". What the background says about who it is comes to {asked['BG-Gap']} (BG-Gap)"
    return f"{words}."


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
