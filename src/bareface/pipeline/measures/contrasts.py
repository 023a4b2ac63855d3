"""Questions that two arms answer together: what is the background worth, is it lost information or an unknown sight?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from bareface.pipeline import statistics
from bareface.pipeline.conditions import Condition, MaskOnly, Removed, Swapped
from bareface.pipeline.measures.arms import Arm
from bareface.pipeline.measures.measure import Measurer
from bareface.pipeline.results import Contrast

SHOWN = ("top1", "rank1", "auc", "cosine_gap")


class Question(NamedTuple):
    """What a change from one arm to another is called, and what it tells."""

    name: str
    meaning: str
    first: Arm
    second: Arm


def questions(recognisers: Sequence[str], conditions: Mapping[str, Condition]) -> list[Question]:
    """All that these arms can answer.

    Args:
        recognisers: Their names. One that bears the name of a condition was trained on it.
        conditions: By name; the first is what others are compared with.
    """
    return [
        *_backgrounds(recognisers, conditions),
        *_trainings(recognisers, conditions),
        *_mattes(recognisers, conditions),
    ]


def contrasts(measurer: Measurer, asked: Sequence[Question]) -> list[Contrast]:
    """The answers in those of ``SHOWN`` that were measured; p values are corrected for all questions of a quantity."""
    found: list[Contrast] = []
    for name, meaning, first, second in asked:
        before, after = measurer.answers(first), measurer.answers(second)
        of_kind = {type(each): each for each in before}  # a recogniser that names nobody has one kind less
        for other in after:
            one = of_kind.get(type(other))
            if one is None:
                continue
            changes = other.changes(one, paired=first.recogniser == second.recogniser)
            found += [
                Contrast(name, meaning, quantity, *second, *first, changes[quantity])
                for quantity in SHOWN
                if quantity in changes
            ]
    for quantity in SHOWN:
        places = [place for place, each in enumerate(found) if each.quantity == quantity]
        corrected = statistics.holm([found[place].change.p for place in places])
        for place, p in zip(places, corrected, strict=True):
            found[place] = replace(found[place], change=replace(found[place].change, holm=p))
    return found


def _backgrounds(recognisers: Sequence[str], conditions: Mapping[str, Condition]) -> Iterator[Question]:
    swapped = {name: each for name, each in conditions.items() if isinstance(each, Swapped)}
    for other, one in swapped.items():
        for same, two in swapped.items():
            if (one.partner, two.partner) == ("other", "same") and _alike(one, two):
                meaning = (
                    "Background of another photo of the same person, minus that of another person: what the background "
                    "says about who it is (Xiao et al., ICLR 2021)."
                )
                for recogniser in recognisers:
                    yield Question("BG-Gap", meaning, Arm(recogniser, other), Arm(recogniser, same))


def _trainings(recognisers: Sequence[str], conditions: Mapping[str, Condition]) -> Iterator[Question]:
    base, original = recognisers[0], next(iter(conditions))
    taken = _first_removed(conditions)
    for name in recognisers[1:]:
        if name in conditions and name != original:
            lost = f"Trained and tested on {name}, minus trained and tested on {original}: what the background told."
            yield Question("information lost", lost, Arm(base, original), Arm(name, name))
            strange = f"On {name}: trained on {original}, minus trained on {name}: what an unfamiliar sight costs."
            yield Question("mismatch", strange, Arm(name, name), Arm(base, name))
        elif taken is not None:
            better = f"On {taken}: {name}, minus {base}: what this training gains there."
            yield Question(f"remedy {name}", better, Arm(base, taken), Arm(name, taken))
        usual = f"On {original}: {name}, minus {base}: what this training costs where nothing is removed."
        yield Question(f"price of {name}", usual, Arm(base, original), Arm(name, original))


def _mattes(recognisers: Sequence[str], conditions: Mapping[str, Condition]) -> Iterator[Question]:
    removed = {name: each for name, each in conditions.items() if isinstance(each, Removed | MaskOnly)}
    for name, one in removed.items():
        for truth, two in removed.items():
            if one.source not in ("mask", "random") and two.source == "mask" and _same_sight(one, two):
                meaning = f"{truth} minus {name}: what better mattes than the segmenter's would gain."
                for recogniser in recognisers:
                    yield Question("true mattes", meaning, Arm(recogniser, name), Arm(recogniser, truth))
            if one.source is None and two.source == "random" and _same_sight(one, two):
                meaning = f"{name} minus {truth}: that this part is kept, rather than as much of anything."
                for recogniser in recognisers:
                    yield Question("part, not area", meaning, Arm(recogniser, truth), Arm(recogniser, name))


def _first_removed(conditions: Mapping[str, Condition]) -> str | None:
    removed = (name for name, each in conditions.items() if isinstance(each, Removed) and each.source != "random")
    return next(removed, None)


def _alike(one: Condition, two: Condition) -> bool:
    return (one.foreground, one.source, one.settings) == (two.foreground, two.source, two.settings)


def _same_sight(one: Condition, two: Condition) -> bool:
    backdrops = [each.backdrop_name if isinstance(each, Removed) else "" for each in (one, two)]
    same = type(one) is type(two) and backdrops[0] == backdrops[1]
    return same and one.foreground == two.foreground and one.settings == two.settings
