"""Whether a study can be made of its pieces at all."""

from collections.abc import Mapping, Sequence

from bareface.errors import nearest, some
from bareface.pipeline.background import foreground_classes
from bareface.pipeline.conditions import Condition
from bareface.pipeline.mattes import SOURCES
from bareface.pipeline.partners import Partners
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.segmenter import Segmenter


def own_source(mattes_from: str, segmenters: Mapping[str, Segmenter]) -> str:
    """The run's own source of mattes: ``mask``, or the name of its first segmenter.

    Raises:
        ValueError: It is none of the two that there are.
    """
    if mattes_from not in ("segmenter", "mask"):
        raise ValueError(f"mattes_from={mattes_from}: expected segmenter or mask.")
    return next(iter(segmenters), "segmenter") if mattes_from == "segmenter" else mattes_from


def sources_of(
    conditions: Mapping[str, Condition], mattes_from: str, segmenters: Mapping[str, Segmenter], classes: Sequence[str]
) -> set[str]:
    """Where the mattes of the conditions come from: ``mask``, names of segmenters.

    Args:
        conditions: What is shown.
        mattes_from: ``segmenter`` or ``mask``, where a condition says nothing else.
        segmenters: Those that there are.
        classes: Names of the mask values of the data; empty where it has none.

    Raises:
        ValueError: A source is not there, or does not have the foreground that is asked of it.
    """
    own = own_source(mattes_from, segmenters)
    if own == "mask" and not classes:
        raise ValueError("mattes_from=mask: this data has no masks. Use mattes_from=segmenter segmenter=CHECKPOINT.")
    found = set()
    for name, condition in conditions.items():
        if condition.foreground is None:
            continue
        source = own if condition.source in (None, "random") else str(condition.source)
        if source == "segmenter":
            if not segmenters:
                raise ValueError("segmenter: no checkpoint given. Add segmenter=CHECKPOINT, or mattes_from=mask.")
            source = next(iter(segmenters))
        if source == "mask" and not classes:
            remedy = f"Use a segmenter's mattes, or leave it out: '~conditions.{name}'"
            raise ValueError(f"conditions.{name}.source=mask: this data has no masks. {remedy}.")
        if source != "mask" and source not in segmenters:
            known = nearest(source, [*SOURCES, *segmenters])
            raise ValueError(f"conditions.{name}.source={source}: no segmenter of this name is given. {known}")
        try:
            foreground_classes(condition.foreground, classes if source == "mask" else segmenters[source].classes)
        except ValueError as error:
            whose = "the masks of the data" if source == "mask" else f"segmenter {source}"
            raise ValueError(f"conditions.{name}, {whose}: {error}") from error
        found.add(source)
    return found


def check_names(segmenters: Mapping[str, Segmenter], conditions: Mapping[str, Condition]) -> None:
    """Makes sure that there is something to show, and that a segmenter's name means it alone.

    Raises:
        ValueError: There is no condition, or a segmenter bears a word that means something else.
    """
    if not conditions:
        raise ValueError("conditions: none are left. Choose some, e.g. conditions=default.")
    for number, name in enumerate(segmenters):
        if name in SOURCES[1:] or (name == SOURCES[0] and number):
            raise ValueError(f"segmenter.{name}: the word means another source of mattes. Give it another name.")


def check_respondents(recognisers: Mapping[str, Sequence[Recogniser]]) -> None:
    """Makes sure that all recognisers can be shown the same pictures.

    Raises:
        ValueError: There is none, or they want other framings.
    """
    if not any(recognisers.values()):
        raise ValueError("recogniser: no checkpoint given. Add recogniser=CHECKPOINT.")
    framings = dict.fromkeys((name, each.framing) for name, seeds in recognisers.items() for each in seeds)
    if len({framing for _, framing in framings}) > 1:
        listed = some([f"{name} has framing={framing}" for name, framing in framings])
        raise ValueError(f"recogniser: {listed}; all see the same pictures. Use recognisers of one framing.")


def check_partners(conditions: Mapping[str, Condition], partners: Partners | None, stage: str) -> None:
    """Makes sure that backgrounds can be swapped at all.

    Args:
        conditions: What is shown.
        partners: Who lends to whom.
        stage: Whose photos they are.

    Raises:
        ValueError: No photo has a partner.
    """
    for name, condition in conditions.items():
        if condition.partner is None or partners is None:
            continue
        if (partners.same if condition.partner == "same" else partners.other).max(initial=-1) < 0:
            why = "have one photo of each person" if condition.partner == "same" else "are of a single person"
            remedy = f"Use other data.fractions or another stage, or leave it out: '~conditions.{name}'"
            raise ValueError(f"conditions.{name}: the {stage} photos {why}, no background can be lent. {remedy}.")
