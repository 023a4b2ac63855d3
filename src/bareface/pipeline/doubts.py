"""What casts doubt on a study's figures, though every file is what it should be: other people, other trainings."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from bareface.pipeline.conditions import Condition, Original, Removed
from bareface.pipeline.matte_maker import same_foreground
from bareface.pipeline.results import Finding, Quantity
from bareface.recognition.recogniser import Recogniser

POOR = 0.2
"""A top-1 below it is doubtful whatever chance is."""


def strangers(
    recogniser: str, condition: str, quantities: Sequence[Quantity], findings: Sequence[Finding]
) -> Iterator[str]:
    """Whether a recogniser that names people hardly knows them: others may bear the names of those it was trained on.

    That is where top-1 is below ``POOR``, or its interval ends below five times chance (and below one half: of few
    people, five times chance is a good result).

    Args:
        recogniser: The first one.
        condition: The first one.
        quantities: What was measured.
        findings: Of the study.
    """
    chance = next((each.chance for each in quantities if each.name == "top1"), None)
    for each in findings:
        if (each.recogniser, each.condition, each.group, each.quantity) != (recogniser, condition, "", "top1"):
            continue
        near = each.interval is not None and chance is not None and each.interval.high < min(5 * chance, 0.5)
        if near or each.value < POOR:
            guessing = "" if chance is None else f", guessing gives {100 * chance:.1f} %"
            yield (
                f"{recogniser}: top-1 in {condition} is {100 * each.value:.1f} %{guessing}: are these the people that "
                "it was trained on? People are matched by the names of their folders"
            )


def trainings(recognisers: Mapping[str, Sequence[Recogniser]], conditions: Mapping[str, Condition]) -> Iterator[str]:
    """Whether recognisers were trained on what their names say, and whether a name is a misspelt condition.

    Checkpoints remember what they were shown: foreground and backdrop, not how the mattes were made.

    Args:
        recognisers: All seeds of each, by name; what bears the name of a condition is said to be trained on it.
        conditions: By name.
    """
    for number, (name, seeds) in enumerate(recognisers.items()):
        condition = conditions.get(name)
        if condition is None:
            close = get_close_matches(name, conditions, n=1, cutoff=0.85)
            if close and number:
                taken = "no condition is called so, so it is taken as a remedy"
                yield f"{name}: {taken}; did you mean {close[0]}?"
            continue
        for shown in dict.fromkeys(each.card.get("shown") for each in seeds):
            if not _fits(shown, condition):
                found = "says nothing of backgrounds that were removed" if shown is None else f"says {shown}"
                yield (
                    f"{name}: named after a condition ({condition.meaning}), but what its checkpoint remembers of its "
                    f"training {found}: contrasts that take it as trained on {name} mean something else"
                )


def _fits(shown: str | None, condition: Condition) -> bool:
    if isinstance(condition, Original):
        return shown is None
    if not isinstance(condition, Removed) or condition.source == "random":
        return True  # no training shows these
    backdrop, _, foreground = (shown or "").removeprefix("removed ").rpartition(", ")
    return backdrop == condition.backdrop_name and same_foreground(foreground, condition.foreground)
