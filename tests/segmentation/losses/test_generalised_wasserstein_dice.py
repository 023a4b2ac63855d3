"""Computed by MONAI: these values pin what we rely on."""

import re
from functools import partial

import pytest
import torch

from bareface.segmentation.losses.generalised_wasserstein_dice import GeneralisedWassersteinDiceLoss

from .contract import LossContract, example, row, sure

NEAR = {"face": {"hair": 0.5}}
CLASSES = ("background", "face", "hair")


def named(distance: dict[str, dict[str, float]], classes: tuple[str, ...] = CLASSES) -> GeneralisedWassersteinDiceLoss:
    loss = GeneralisedWassersteinDiceLoss(distance)
    loss.name_classes(classes)
    return loss


class TestGeneralisedWassersteinDiceLoss(LossContract):
    loss = partial(named, NEAR)


def test_hair_taken_for_face_is_half_an_error() -> None:
    # true 0 1 2, found 0 1 1: d = 0 0 1/2; T = 1 + 1/2, E = 1/2: 1 - 3 / (3 + 1/2)
    loss = named(NEAR)(sure(row(0, 1, 1)), row(0, 1, 2))
    assert loss.item() == pytest.approx(1 - 3 / 3.5, rel=1e-4)


def test_hair_taken_for_background_is_a_whole_one() -> None:
    # d = 0 0 1; T = 1, E = 1: 1 - 2 / 3
    loss = named(NEAR)(sure(row(0, 1, 0)), row(0, 1, 2))
    assert loss.item() == pytest.approx(1 / 3, rel=1e-4)


def test_undecided_between_all() -> None:
    # p = 1/3: truth background d = 2/3, truth face d = 1/3 + 1/6 = 1/2: T = 1/2, E = 7/6: 1 - 1 / (1 + 7/6)
    loss = named(NEAR)(torch.zeros(1, 3, 1, 2), row(0, 1))
    assert loss.item() == pytest.approx(1 - 1 / (1 + 7 / 6), rel=1e-4)


def test_with_all_distances_1_an_error_is_the_missing_probability() -> None:
    logits, target = example()
    missing = 1 - logits.softmax(1).gather(1, target[:, None])[:, 0]
    hits = (1 - missing)[target > 0].sum()
    expected = 1 - 2 * hits / (2 * hits + missing.sum())
    torch.testing.assert_close(named({})(logits, target), expected, rtol=1e-4, atol=1e-5)


def test_pairs_are_found_by_name_in_any_order() -> None:
    # as above, with the classes the other way round: true 0 2 1, found 0 2 2
    for pair in (NEAR, {"hair": {"face": 0.5}}):
        loss = named(pair, ("background", "hair", "face"))(sure(row(0, 2, 2)), row(0, 2, 1))
        assert loss.item() == pytest.approx(1 - 3 / 3.5, rel=1e-4)
    loss = named({"background": {"hair": 0.25}})(sure(row(0, 1, 0)), row(0, 1, 2))  # d = 0 0 1/4; T = 1 + 3/4, E = 1/4
    assert loss.item() == pytest.approx(1 - 3.5 / 3.75, rel=1e-4)


def test_a_pair_that_the_data_does_not_tell_apart_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    logits, target = torch.zeros(1, 2, 1, 2), row(0, 1)
    with caplog.at_level("INFO"):
        found = named(NEAR, ("background", "face"))(logits, target)
    assert torch.equal(found, named({}, ("background", "face"))(logits, target))
    assert "loss.distance.face.hair: not used, the classes are background, face." in caplog.text


@pytest.mark.parametrize("value", [0.0, -1.0, 2.0, float("nan")])
def test_refuses_what_is_no_distance(value: float) -> None:
    rule = f"loss.distance.face.hair={value}: expected above 0 and at most 1."
    with pytest.raises(ValueError, match=re.escape(rule)):
        GeneralisedWassersteinDiceLoss({"face": {"hair": value}})


@pytest.mark.parametrize("more", [{"face": {"face": 0.5}}, {"face": {"hair": 0.5}, "hair": {"face": 0.5}}])
def test_refuses_what_is_no_pair(more: dict[str, dict[str, float]]) -> None:
    with pytest.raises(ValueError, match=r"loss\.distance\.\w+\.face=0\.5: expected each pair of two classes once\."):
        GeneralisedWassersteinDiceLoss(more)


def test_refuses_another_number_of_classes() -> None:
    with pytest.raises(ValueError, match=r"loss\.distance: 3 classes are named, the scores have 2\. Call name_classes"):
        named(NEAR)(torch.zeros(1, 2, 1, 2), row(0, 1))
    with pytest.raises(ValueError, match=r"loss\.distance: 0 classes are named, the scores have 2"):
        GeneralisedWassersteinDiceLoss(NEAR)(torch.zeros(1, 2, 1, 2), row(0, 1))
