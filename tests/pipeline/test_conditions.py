"""Conditions worked out by hand."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from bareface.pipeline.conditions import BackgroundOnly, Condition, Hidden, MaskOnly, Original, Removed, Swapped
from bareface.pipeline.matte import Matte
from bareface.pipeline.mattes import Mattes, Scored
from bareface.pipeline.measured import area
from bareface.pipeline.photos import NOBODY, UNREAD, Photos

THREE = ("background", "face", "hair")


def photos(*greys: float, size: int = 8, same: Tensor | None = None, other: Tensor | None = None) -> Photos:
    """Photos of one grey each, with a face in rows 2 to 5 and columns 3 to 6 that is 100 brighter."""
    image = torch.stack([torch.full((3, size, size), grey) for grey in greys])
    image[:, :, 2:6, 3:7] += 100
    content = torch.tensor([[0, 0, size, size]] * len(greys))
    return Photos(image, content, [f"{number}.jpg" for number in range(len(greys))], same, other)


def face_mask(count: int, size: int = 8) -> Tensor:
    mask = torch.zeros(count, size, size, dtype=torch.uint8)
    mask[:, 2:6, 3:7] = 1
    return mask


def mattes_of(batch: Photos, mask: Tensor | None = None) -> Mattes:
    mask = face_mask(len(batch.key)) if mask is None else mask
    return Mattes(batch, Matte(), "mask", mask_classes=THREE, mask=mask)


def shown(condition: Condition, batch: Photos) -> Tensor:
    return condition(batch, mattes_of(batch))[:, 0]


def faults(condition: Condition, batch: Photos, mask: Tensor) -> list[tuple[list[bool], str]]:
    found = condition.faults(batch, mattes_of(batch, mask))
    return [(fault.tolist(), reason) for fault, reason in found if fault.any()]


def test_the_original_is_the_photo() -> None:
    batch = photos(10)
    assert Original()(batch, mattes_of(batch)) is batch.image
    assert list(Original().faults(batch, mattes_of(batch))) == []


def test_the_removed_background_is_the_backdrop() -> None:
    picture = shown(Removed("face", "white"), photos(10))[0]
    assert (picture[2:6, 3:7] == 110).all() and picture.sum() == 16 * 110 + 48 * 255


def test_the_background_alone_by_shape_and_by_box() -> None:
    mask = face_mask(1)
    mask[0, 2, 3] = 0  # the face has lost a corner
    batch = photos(10)
    shape = BackgroundOnly("face", "shape")(batch, mattes_of(batch, mask))[0, 0]
    assert shape.sum() == 48 * 10 + 110 and shape[2, 3] == 110, "its outline shows"
    box = BackgroundOnly("face", "box")(batch, mattes_of(batch, mask))[0, 0]
    assert box.sum() == 48 * 10 and (box[2:6, 3:7] == 0).all(), "its outline does not"


def test_the_background_alone_leaves_what_the_foreground_does_not_cover() -> None:
    mask = face_mask(1)
    mask[0, 2, 3] = 0
    batch = Photos(torch.zeros(1, 3, 8, 8), torch.tensor([[0, 0, 8, 7]]), ["a"])  # a column is padding
    found = {hidden: area(BackgroundOnly("face", hidden), mattes_of(batch, mask)).item() for hidden in get_args(Hidden)}
    assert found == pytest.approx({"shape": (56 - 15) / 56, "box": 40 / 56, "tiled": 40 / 56})
    assert area(Removed("face", "black"), mattes_of(batch, mask)).item() == pytest.approx(15 / 56)


def test_the_box_is_tiled_with_the_largest_strip_beside_it() -> None:
    batch = photos(0)
    batch.image[0, :, :, :3] = torch.tensor([[10.0, 20, 30]])  # 3 columns on the left: more than 2 rows above or below
    batch.image[0, :, 2:6, 3:7] = 255
    picture = shown(BackgroundOnly("face", "tiled"), batch)[0]
    assert picture[3].tolist() == [10, 20, 30, 10, 20, 30, 10, 0]
    assert picture[0].tolist() == [10, 20, 30, 0, 0, 0, 0, 0]


def test_the_silhouette() -> None:
    picture = shown(MaskOnly("face"), photos(10))[0]
    assert (picture[2:6, 3:7] == 255).all() and picture.sum() == 16 * 255


def test_backgrounds_are_swapped_without_their_faces() -> None:
    batch = photos(10, 20, 40, same=torch.tensor([1, 0, -1]), other=torch.tensor([2, 2, 0]))
    same, other = shown(Swapped("face", "same"), batch), shown(Swapped("face", "other"), batch)
    for picture, own, behind in ((same[0], 10, 20), (same[1], 20, 10), (other[0], 10, 40), (other[2], 40, 10)):
        torch.testing.assert_close(picture[2:6, 3:7], torch.full((4, 4), own + 100.0))
        torch.testing.assert_close(picture.sum(), torch.tensor(16 * (own + 100.0) + 48 * behind))


def test_a_swapped_background_fills_the_photo_that_it_is_lent_to() -> None:
    batch = photos(10, 20, same=torch.tensor([1, 0]), other=torch.tensor([-1, -1]))
    batch.content[1] = torch.tensor([2, 0, 4, 8])  # the second photo is wide, with padding above and below
    batch.image[1, :, :2] = batch.image[1, :, 6:] = 255
    picture = shown(Swapped("face", "same"), batch)[0]
    torch.testing.assert_close(picture.sum(), torch.tensor(16 * 110.0 + 48 * 20)), "no padding comes along"


def test_what_cannot_be_shown_says_why() -> None:
    batch = photos(1, 2, 3, same=torch.tensor([1, 0, -1]), other=torch.tensor([2, 2, 0]))
    mask = face_mask(3)
    mask[1] = 0
    assert faults(Removed("face", "black"), batch, mask) == [([False, True, False], "no face found")]
    assert faults(Swapped("face", "same"), batch, mask) == [
        ([False, True, False], "no face found"),
        ([False, False, True], "no other photo of this person"),
        ([True, False, False], "its partner of this person has no background to give"),
    ]
    mask[2] = 1
    assert faults(BackgroundOnly("face", "shape"), batch, mask)[1] == ([False, False, True], "no background left")
    reason = "no background beside the box of face"
    assert faults(BackgroundOnly("face", "tiled"), batch, mask)[1] == ([False, False, True], reason)
    assert faults(Swapped("face", "other"), batch, mask)[1][0] == [True, True, False]


@pytest.mark.parametrize(
    ("partner", "nobody", "unread"),
    [
        ("same", "no other photo of this person", "its partner of this person cannot be read"),
        ("other", "nobody is left to lend a background", "its partner of another person cannot be read"),
    ],
)
def test_nobody_to_lend_a_background_is_not_one_that_cannot_be_read(partner: Any, nobody: str, unread: str) -> None:
    lenders = torch.tensor([1, NOBODY, UNREAD])
    found = faults(Swapped("face", partner), photos(1, 2, 3, same=lenders, other=lenders), face_mask(3))
    assert found == [([False, True, False], nobody), ([False, False, True], unread)]


def test_a_condition_has_its_own_source_and_matte() -> None:
    batch, scores = photos(10), torch.zeros(1, 3, 8, 8)
    scores[:, 2] = 5.0  # the segmenter takes everything for hair
    other = torch.zeros(1, 3, 8, 8)
    other[:, 2, 0] = 5.0  # and this one the topmost row
    scored = {"first": Scored(scores, THREE), "second": Scored(other, THREE)}
    mattes = Mattes(batch, Matte(), "first", scored, THREE, face_mask(1))
    areas = {
        source: Removed("hair", "black", source).mattes_of(mattes).sum().item()
        for source in (None, "segmenter", "second", "mask")
    }
    assert areas == {None: 64, "segmenter": 64, "second": 8, "mask": 0}
    grown = Removed("face", "black", "mask", {"grow": 0.25})
    assert grown.mattes_of(mattes).sum() == 16 + 4 * 4 + 4, "one pixel of four"


def test_a_random_matte_has_the_area_of_the_real_one_and_its_photo_s_own_place() -> None:
    batch = photos(1, 2, 3)
    batch.content[2] = torch.tensor([0, 0, 8, 6])
    mask = face_mask(3)
    mask[1, 0] = 1
    random = Removed("face", "black", "random").mattes_of(mattes_of(batch, mask))
    assert random.sum((1, 2, 3)).tolist() == [16, 24, 12], "the padding shows no face"
    assert random.unique().tolist() == [0, 1] and random[2, 0, :, 6:].sum() == 0
    assert not torch.equal(random[0, 0], face_mask(1)[0].float())
    alone = Photos(batch.image[1:2], batch.content[1:2], batch.key[1:2])
    again = Removed("face", "black", "random").mattes_of(mattes_of(alone, mask[1:2]))
    assert torch.equal(again[0], random[1])


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (BackgroundOnly, {"hidden": "face"}, r"condition.hidden=face: expected one of shape, box, tiled\.$"),
        (Swapped, {"partner": "mine"}, r"condition.partner=mine: expected one of same, other\.$"),
    ],
)
def test_choices_that_there_are_not(kind: type[Condition], options: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind("face", **options)
