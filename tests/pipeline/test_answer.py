"""The answer in one sentence, and how it was found in a paragraph."""

from dataclasses import replace

import pytest

from bareface.pipeline.answer import answer, methods
from bareface.pipeline.conditions import Condition, Original, Removed, Swapped
from bareface.pipeline.results import Change, ConditionCard, Contrast, Finding, Quantity
from bareface.recognition.protocols.intervals import Interval

TOP1 = Quantity("top1", "top-1", "share", "more", 0.1)
LOSS = Quantity("loss", "loss", "number", "less")
CONDITIONS: dict[str, Condition] = {
    "original": Original(),
    "random": Removed("face", "black", source="random"),
    "black": Removed("face", "black"),
    "other": Swapped("face", "other"),
}


def change(value: float) -> Change:
    return Change(value, Interval(value - 0.05, value + 0.05, 20), 0.001, 0.002, 0.07)


def finding(condition: str, value: float, **other: object) -> Finding:
    gained = None if condition == "original" else change(value - 0.9)
    found = Finding("a", condition, "", "top1", value, Interval(value - 0.1, value + 0.1, 20), gained, 100, 20)
    return replace(found, **other)  # type: ignore[arg-type]


FINDINGS = [
    finding("original", 0.2, group="f"),
    finding("original", 0.3, recogniser="b"),
    finding("original", 0.9),
    finding("random", 0.5),
    finding("black", 0.4, quantity="loss"),
    finding("black", 0.7),
]


def test_one_removed_background_is_what_the_answer_is_about() -> None:
    said = answer(CONDITIONS, "a", TOP1, FINDINGS, [])
    assert said == (
        "Top-1 is 90.0 % on the photos as they are and 70.0 % with face in front of black: -20.0 points [-25.0, -15.0]."
    )


def test_several_backdrops_are_a_range_and_what_is_not_told_from_nothing_is_said() -> None:
    conditions = CONDITIONS | {"grown": Removed("face", "grey", matte={"grow": 0.1}), "blur": Removed("face", "blur")}
    near = finding("blur", 0.89)
    assert near.change is not None
    found = [*FINDINGS, finding("grown", 0.1), replace(near, change=replace(near.change, holm=0.3))]
    assert answer(conditions, "a", TOP1, found, []) == (
        "Top-1 is 90.0 % on the photos as they are and between 70.0 % with face in front of black (-20.0 points "
        "[-25.0, -15.0]) and 89.0 % with face in front of blur (-1.0 points [-6.0, +4.0], not told from 0)."
    )


def test_other_conditions_answer_where_nothing_is_removed() -> None:
    conditions = {name: CONDITIONS[name] for name in ("original", "other")}
    said = answer(conditions, "a", TOP1, [finding("original", 0.9), finding("other", 0.8)], [])
    assert "80.0 % with face in front of the background of another photo of another person: -10.0 points" in said


def test_another_condition_may_be_the_first() -> None:
    conditions = {"black": Removed("face", "black"), "original": Original()}
    found = [replace(finding("black", 0.4), change=None), replace(finding("original", 0.9), change=change(0.5))]
    assert answer(conditions, "a", TOP1, found, []) == (
        "Top-1 is 40.0 % on black and 90.0 % with the photo as it is: +50.0 points [+45.0, +55.0]."
    )


def test_the_drop_is_split_and_the_gap_stands_beside() -> None:
    def contrast(question: str, recogniser: str, condition: str, value: float, quantity: str = "top1") -> Contrast:
        return Contrast(question, "", quantity, recogniser, condition, "a", "original", change(value))

    contrasts = [
        contrast("information lost", "black", "black", -0.15),
        contrast("mismatch", "a", "black", -0.05),
        contrast("information lost", "white", "white", -0.4),
        contrast("information lost", "black", "black", -0.9, "auc"),
        contrast("BG-Gap", "a", "hair", 0.6),
        contrast("BG-Gap", "a", "other", 0.08),
        contrast("BG-Gap", "b", "other", 0.3),
    ]
    said = answer(CONDITIONS | {"hair": Swapped("hair", "other")}, "a", TOP1, FINDINGS, contrasts)
    assert said.partition(". Of the change ")[2] == (
        "on black, lost information makes -15.0 points [-20.0, -10.0], and an unfamiliar sight -5.0 points "
        "[-10.0, +0.0]. What the background says about who it is comes to +8.0 points [+3.0, +13.0] (BG-Gap)."
    )


def test_nothing_to_compare_is_said() -> None:
    said = answer({"original": Original()}, "a", TOP1, FINDINGS[:3], [])
    assert said == "Nothing is compared: no recognition was measured in two conditions, the notes say why."
    said = answer(CONDITIONS, "a", LOSS, FINDINGS, [])
    assert said == "Nothing is compared: loss is not measured in original."


CARDS = [ConditionCard("original", "the photo as it is", {}, 1.0), ConditionCard("black", "face on black", {}, 1.0)]


@pytest.mark.parametrize(
    ("seeds", "compared", "references", "there", "not_there"),
    [
        ({"a": 1}, 0, "shown", "in 2 conditions to one recogniser. original is", "pairs of"),
        ({"a": 3}, 0, "shown", "to one recogniser, trained with 3 seeds. ", "recognisers"),
        ({"a": 3, "b": 1}, 0, "shown", "to the recognisers a (3 seeds), b. ", "one recogniser"),
        ({"a": 3}, 0, "shown", "they take people, and seeds as a further level, and not photos", "TPIR"),
        ({"a": 1}, 1500, "shown", "all pairs of 1,500 photos, the first of which is shown in the same", "seeds"),
        ({"a": 1}, 1500, "original", "the first of which is shown as they are in original; for", "same condition;"),
    ],
)
def test_methods(seeds: dict[str, int], compared: int, references: str, there: str, not_there: str) -> None:
    said = methods(1234, 20, "photos of people", CARDS, seeds, "of masks", references, compared, 112)
    assert said.startswith("1,234 photos of 20 people (photos of people) were each shown in 2 conditions")
    assert "original is the photo as it is; black: face on black. Mattes: of masks. All conditions" in said
    assert "and letterboxed to a canvas of 112 x 112 pixels; a photo" in said
    assert (
        "Where nothing varies (0 gained, 0 lost), nothing tells the variance, and each identity counts as one" in said
    )
    assert there in said and not_there not in said
