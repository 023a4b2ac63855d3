"""The canvas of a study: that of its recognisers, unless the run says another."""

from types import SimpleNamespace
from typing import Any

import pytest

from bareface.pipeline.canvas import canvas_notes, canvas_of

SMALL, LARGE = SimpleNamespace(shorter=36, canvas=48), SimpleNamespace(shorter=72, canvas=112)
BOTH: Any = {"small": [SMALL], "large": [SMALL, LARGE]}


def test_it_is_the_largest_of_the_recognisers_unless_given() -> None:
    assert canvas_of(None, BOTH) == 112
    assert canvas_of(72, BOTH) == 72 and canvas_of(128, BOTH) == 128


def test_one_that_is_smaller_than_a_recognisers_pictures_is_refused() -> None:
    message = (
        r"^canvas=71: recogniser large resizes the shorter side to 72 pixels: expected at least 72\. "
        r"Leave canvas out, or use its own, 112\.$"
    )
    with pytest.raises(ValueError, match=message):
        canvas_of(71, BOTH)


def test_another_than_a_recognisers_own_is_noted() -> None:
    words = "shown photos on one of {}: its figures can differ from those of its training and of bareface evaluate"
    assert list(canvas_notes(112, BOTH)) == [
        f"{name}: trained with a canvas of 48 pixels, {words.format(112)}" for name in ("small", "large")
    ]
    assert list(canvas_notes(64, {"large": BOTH["large"]})) == [
        f"large: trained with a canvas of 48 and 112 pixels, {words.format(64)}"
    ]
    assert list(canvas_notes(48, {"small": BOTH["small"]})) == []
