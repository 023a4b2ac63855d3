"""Figures that may be of other people, or of other trainings, than a study takes them for."""

from types import SimpleNamespace
from typing import Any

import pytest

from bareface.pipeline.conditions import MaskOnly, Original, Removed
from bareface.pipeline.doubts import strangers, trainings
from bareface.pipeline.results import Finding, Quantity
from bareface.recognition.protocols.intervals import Interval


def top1(value: float, high: float | None, **other: str) -> Finding:
    places = {"recogniser": "a", "condition": "original", "group": "", **other}
    interval = None if high is None else Interval(0.0, high, 18)
    return Finding(quantity="top1", value=value, interval=interval, change=None, photos=90, identities=18, **places)


@pytest.mark.parametrize(
    ("people", "value", "high", "doubted"),
    [
        (18, 0.056, 0.15, True),
        (18, 0.056, None, True),
        (18, 0.21, 0.27, True),  # five times chance is 27.8 %
        (18, 0.21, 0.28, False),
        (18, 0.21, None, False),
        (8631, 0.19, 0.22, True),
        (8631, 0.2, 0.22, False),
        (6, 0.6, 0.8, False),  # five times chance is 83 %
        (6, 0.3, 0.49, True),
    ],
)
def test_people_who_are_hardly_known_may_be_others(
    people: int, value: float, high: float | None, doubted: bool
) -> None:
    chance = [Quantity("top1", "top-1", "share", "more", 1 / people)]
    others = [top1(0.0, 0.0, **{name: "other"}) for name in ("recogniser", "condition", "group")]
    found = list(strangers("a", "original", chance, [*others, top1(value, high)]))
    assert len(found) == doubted


def test_the_doubt_says_what_to_look_at() -> None:
    chance = [Quantity("top1", "top-1", "share", "more", 1 / 40)]
    assert list(strangers("a", "original", chance, [top1(0.056, 0.1)])) == [
        "a: top-1 in original is 5.6 %, guessing gives 2.5 %: are these the people that it was trained on? People are "
        "matched by the names of their folders"
    ]


CONDITIONS = {
    "original": Original(),
    "removed_black": Removed("face+hair", "black"),
    "random_mask": Removed("face+hair", "black", source="random"),
    "mask_only": MaskOnly("face+hair"),
}


def said(name: str, *shown: str | None) -> list[str]:
    seeds: Any = [SimpleNamespace(card={} if each is None else {"shown": each}) for each in shown]
    first: Any = [SimpleNamespace(card={})]
    return list(trainings({"first": first, name: seeds}, CONDITIONS))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("removed_black", "removed black, face+hair"),
        ("removed_black", "removed black, hair+face"),
        ("original", None),
        ("random_mask", None),
        ("mask_only", None),
        ("backdrops", "random backdrops black, photo with probability 0.5, face+hair"),
    ],
)
def test_a_training_that_fits_its_name(name: str, shown: str | None) -> None:
    assert said(name, shown) == []


@pytest.mark.parametrize(
    ("name", "shown", "words"),
    [
        ("removed_black", "removed grey, face+hair", "says removed grey, face+hair"),
        ("removed_black", "removed black, face", "says removed black, face"),
        ("removed_black", "random backdrops black with probability 1, face+hair", "says random backdrops black with"),
        ("removed_black", None, "says nothing of backgrounds that were removed"),
        ("original", "removed black, face+hair", "says removed black, face+hair"),
    ],
)
def test_a_training_that_does_not_fit_its_name(name: str, shown: str | None, words: str) -> None:
    (found,) = said(name, shown)
    assert found.startswith(f"{name}: named after a condition ({CONDITIONS[name].meaning}), but") and words in found


def test_each_training_is_told_once() -> None:
    assert len(said("removed_black", None, "removed black, face+hair", None, "removed grey, face")) == 2


def test_a_misspelt_condition() -> None:
    line = "removed_blak: no condition is called so, so it is taken as a remedy; did you mean removed_black?"
    assert said("removed_blak", "removed black, face+hair") == [line]
    assert said("blurred") == []
    first: Any = {"orignal": [SimpleNamespace(card={})]}
    assert list(trainings(first, CONDITIONS)) == [], "the first is no remedy"
