"""Values against types, before anything is made of them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from omegaconf import OmegaConf
from torch import Tensor

from bareface.tasks.values import check_options, check_types


class Made:
    """Takes one of each."""

    def __init__(
        self,
        number: float = 0,
        count: int = 0,
        switch: bool = False,
        word: str = "",
        maybe: int | None = None,
        choice: Literal["a", "b"] = "a",
        factors: Sequence[float] | Literal["balanced"] | None = None,
        three: tuple[int, int, int] = (0, 0, 0),
        names: Mapping[str, float] | None = None,
        rate: float | Tensor = 0.0,
        own: complex | None = None,
        anything: Any = None,
    ) -> None: ...


def checked(**values: object) -> None:
    check_types(OmegaConf.create({"x": {"deep": {"_target_": f"{__name__}.Made", **values}}}))


@pytest.mark.parametrize(
    "values",
    [
        {"number": 1, "count": 2, "switch": True, "word": "x", "maybe": 3, "choice": "b", "rate": 0.5},
        {"number": float("nan"), "factors": [1, 0.5], "three": [1, 2, 3], "names": {"a": 1}, "own": 5},
        {"factors": "balanced", "anything": "x", "unknown": 3, "rate": 1},
        {"maybe": None, "factors": None, "names": None, "own": None},
        {"count": {"_target_": "builtins.int"}, "word": "???"},
    ],
)
def test_what_fits_passes(values: dict[str, object]) -> None:
    checked(**values)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("number", "x", "a number"),
        ("number", True, "a number"),
        ("count", 1.5, "a whole number"),
        ("switch", 1, "true or false"),
        ("word", 5, "a word"),
        ("maybe", "x", "a whole number or null"),
        ("choice", "c", "one of a, b"),
        ("factors", "x", "a list, each a number or balanced or null"),
        ("factors", ["x"], "a list, each a number or balanced or null"),
        ("three", [1, 0.5, 2], "a list, each a whole number"),
        ("names", 3, "a value for each name below it, NAME.KEY=VALUE or null"),
        ("rate", "fast", "a number"),
    ],
)
def test_what_does_not_is_told_with_its_option(name: str, value: object, rule: str) -> None:
    said = str(value).lower() if isinstance(value, bool) else str(value)
    with pytest.raises(ValueError, match=rf"^x\.deep\.{name}={re.escape(said)}: expected {rule}\.$"):
        checked(**{name: value})


@pytest.mark.parametrize(
    ("value", "hint", "line"),
    [
        (0.1, Sequence[float], "x=0.1: expected a list, each a number. Write x=[0.1]."),
        ("a", Sequence[Literal["a", "b"]] | None, "x=a: expected a list, each one of a, b or null. Write x=[a]."),
        ("c", Sequence[Literal["a", "b"]], "x=c: expected a list, each one of a, b."),
        (["a"], Sequence[float], "x=['a']: expected a list, each a number."),
        (3, Path | None, "x=3: expected the name of a file or null."),
        ("", Path, "x=: expected the name of a file."),
        (None, Path, "x=null: expected the name of a file."),
        (True, int, "x=true: expected a whole number."),
    ],
)
def test_options_of_a_task(value: object, hint: object, line: str) -> None:
    config = OmegaConf.create({"x": value, "other": 1})
    with pytest.raises(ValueError, match=f"^{re.escape(line)}$"):
        check_options(config, {"other": int, "x": hint})
    check_options(config, {"other": int})


def test_the_option_is_the_one_that_gave_the_value() -> None:
    made = {"_target_": f"{__name__}.Made", "count": "${size}"}
    config = OmegaConf.create({"size": "big", "module": {"loss": "${loss}"}, "loss": made})
    with pytest.raises(ValueError, match=r"^size=big: expected a whole number\.$"):
        check_types(config)
