"""Foregrounds and composites worked out by hand."""

import pytest
import torch

from bareface.pipeline.background import compose, foreground_classes

THREE = ("background", "face", "hair")


@pytest.mark.parametrize(
    ("foreground", "classes", "expected"),
    [
        ("face", THREE, [1]),
        ("hair", THREE, [2]),
        ("face+hair", THREE, [1, 2]),
        ("face+hair", ("background", "face+hair"), [1]),
        ("person", ("background", "person"), [1]),
    ],
)
def test_foreground_classes(foreground: str, classes: tuple[str, ...], expected: list[int]) -> None:
    assert foreground_classes(foreground, classes) == expected


@pytest.mark.parametrize(
    ("foreground", "classes"), [("person", THREE), ("background", THREE), ("face", ("background", "person"))]
)
def test_a_foreground_that_the_classes_lack(foreground: str, classes: tuple[str, ...]) -> None:
    with pytest.raises(
        ValueError, match=rf"foreground={foreground}: expected classes that there are.*: {', '.join(classes[1:])}"
    ):
        foreground_classes(foreground, classes)


def test_compose() -> None:
    composed = compose(torch.tensor([10.0, 90.0]), torch.tensor([0.0, 1.0]), torch.tensor(50.0))
    assert composed.tolist() == [50, 90]
