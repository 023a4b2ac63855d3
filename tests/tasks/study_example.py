"""A study that nobody measured, and the folder of its run: all of its numbers are given by whoever asks for it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bareface.pipeline.results import (
    Change,
    ConditionCard,
    Contrast,
    Finding,
    ModelCard,
    PersonRow,
    Quantity,
    Shown,
    Study,
)
from bareface.recognition.protocols.intervals import Interval

TOP1 = Quantity("top1", "top-1", "share", "more", 0.05)
LOSS = Quantity("loss", "loss", "number", "less")
IOU = Quantity("matte_iou", "IoU of matte and truth", "share", None)


def change(value: float, half: float | None = 0.05, holm: float | None = 0.004) -> Change:
    """A change with an interval of so much to either side; None for none."""
    if half is None:
        return Change(value, None, None, None, None)
    return Change(value, Interval(value - half, value + half, 20), 0.001, holm, 0.08, 2, 7, 0.1)


def example(
    changes: Mapping[str, float],
    recognisers: Sequence[str] = ("recogniser",),
    half: float | None = 0.05,
    iou: Mapping[str, float] | None = None,
    gap: float | None = None,
    photos: int = 190,
    left_out: int = 10,
    quantities: Sequence[Quantity] = (TOP1, LOSS),
    shown: Sequence[Shown] = (),
    holm: float = 0.004,
) -> Study:
    """A study whose first condition, ``original``, has top-1 0.9 and loss 0.5.

    Args:
        changes: Of top-1, by condition; that of a second recogniser is 0.1 less. Loss changes by as much the other way.
        recognisers: Their names.
        half: Of each interval's length.
        iou: Of mattes, by condition.
        gap: BG-Gap between ``same`` and ``other``.
        photos: How many were shown.
        left_out: How many were not.
        quantities: What was measured.
        shown: Photos on the picture sheet.
        holm: Of every change.
    """
    findings = []
    for number, recogniser in enumerate(recognisers):
        for condition in ("original", *changes):
            gained = None if condition == "original" else changes[condition] - 0.1 * number
            for quantity in quantities:
                level, sign = (0.5, -1) if quantity.unit == "number" else (0.9, 1)
                found = None if gained is None else change(sign * gained, half, holm)
                value = level + (0 if found is None else found.value)
                interval = None if half is None else Interval(value - half, value + half, 20)
                row = (recogniser, condition, "", quantity.name, value, interval, found, photos, 20)
                findings.append(Finding(*row, "" if interval else "few people"))
            if iou is not None and condition in iou and number == 0:
                row = (recogniser, condition, "", "matte_iou", iou[condition], None, None, photos, 20)
                findings.append(Finding(*row))
    contrasts = []
    if gap is not None:
        arms = (recognisers[0], "same", recognisers[0], "other")
        contrasts.append(Contrast("BG-Gap", "Same minus other.", quantities[0].name, *arms, change(gap)))
    return Study(
        title="pipeline",
        data="drawn faces",
        note="synthetic data",
        answer="It fell.",
        photos=photos,
        identities=20,
        left_out={"no face found": left_out},
        recognisers=tuple(ModelCard(name, ("r.ckpt",), ("0" * 16,), "a network") for name in recognisers),
        segmenters=(),
        conditions=tuple(ConditionCard(name, name, {}, 1.0) for name in ("original", *changes)),
        quantities=(*quantities, IOU),
        findings=tuple(findings),
        contrasts=tuple(contrasts),
        people=(
            PersonRow(recognisers[0], "n1", "f", 9, {"original": 1.0, **dict.fromkeys(changes, 0.5)}),
            PersonRow(recognisers[0], "n2", "", 10, {"original": 0.75, **dict.fromkeys(changes, 0.25)}),
        ),
        shown=tuple(shown),
        leakage=(),
        methods="By hand.",
        notes=(),
        versions={"bareface": "0"},
    )


def left(
    folder: Path, study: Study | None, *overrides: str, error: str = "", config: Mapping[str, Any] | None = None
) -> Path:
    """The folder that a run of ``bareface pipeline`` leaves; without a study it failed.

    Args:
        folder: Made here.
        study: What was found.
        overrides: ``name=value``; names may have dots.
        error: Last line of what went wrong.
        config: More of the resolved configuration.
    """
    tree: dict[str, Any] = {"task": "pipeline", "stage": "test", "data": {"root": "faces"}, **(config or {})}
    for option in overrides:
        name, _, value = option.partition("=")
        *above, last = name.split(".")
        node = tree
        for part in above:
            node = node.setdefault(part, {})
        node[last] = value
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra/overrides.yaml").write_text(json.dumps(list(overrides)))
    (folder / "config.yaml").write_text(json.dumps(tree))
    if study is not None:
        study.write(folder / "study.json")
        (folder / "results.json").write_text("{}")
    elif error:
        (folder / "error.txt").write_text(f"Traceback ...\n{error}\n")
    return folder
