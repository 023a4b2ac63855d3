"""Mattes worked out by hand."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bareface.pipeline.matte import Matte

CLASSES = ("background", "face", "hair")
WHOLE = torch.ones(1, 1, 1, 1)


def scores(mask: Tensor) -> Tensor:
    """Logits that say what a mask shows."""
    return nn.functional.one_hot(mask.long(), 3).movedim(-1, 1) * 8.0


def square(size: int = 60, top: int = 20, left: int = 20, side: int = 20, index: int = 1) -> Tensor:
    mask = torch.zeros(1, size, size, dtype=torch.uint8)
    mask[:, top : top + side, left : left + side] = index
    return mask


def made(matte: Matte, mask: Tensor, foreground: str = "face", content: Tensor | None = None) -> Tensor:
    whole = torch.ones(len(mask), 1, *mask.shape[1:]) if content is None else content
    by_scores = matte.of_scores(scores(mask), whole, foreground, CLASSES)
    assert torch.equal(by_scores, matte.of_mask(mask, whole, foreground, CLASSES)), "clear scores are a mask"
    return by_scores[:, 0]


def test_classes_of_the_foreground_count_together_by_threshold_and_each_alone_by_argmax() -> None:
    logits = torch.tensor([0.4, 0.3, 0.3]).log().view(1, 3, 1, 1)
    assert Matte().of_scores(logits, WHOLE, "face+hair", CLASSES).item() == 1
    assert Matte().of_scores(logits, WHOLE, "face", CLASSES).item() == 0
    assert Matte("argmax").of_scores(logits, WHOLE, "face+hair", CLASSES).item() == 0
    assert Matte(threshold=0.61).of_scores(logits, WHOLE, "face+hair", CLASSES).item() == 0
    assert Matte(threshold=0.25).of_scores(logits, WHOLE, "face", CLASSES).item() == 1


def test_ignored_pixels_are_no_foreground() -> None:
    mask = torch.tensor([[[0, 1, 2, 255]]], dtype=torch.uint8)
    assert Matte().of_mask(mask, torch.ones(1, 1, 1, 4), "face+hair", CLASSES).flatten().tolist() == [0, 1, 1, 0]


def test_the_largest_part_and_its_holes() -> None:
    mask = square()
    mask[0, 28:32, 28:32] = 0
    mask[0, 2:5, 2:5] = 1
    assert made(Matte(), mask).sum() == 400 - 16 + 9
    assert made(Matte(largest=True), mask).sum() == 400 - 16
    assert made(Matte(fill=True), mask).sum() == 400 + 9
    assert torch.equal(made(Matte(largest=True, fill=True), mask)[0], (square()[0] == 1).float())


def test_a_square_grows_by_a_tenth_of_its_width_with_round_corners() -> None:
    grown = made(Matte(grow=0.1), square())[0]
    assert grown[18].sum() > 0 and grown[17].sum() == 0, "2 of 20 pixels"
    assert grown[:, 18].sum() > 0 and grown[:, 42].sum() == 0
    assert grown.sum() == 20 * 20 + 4 * 20 * 2 + 4 * 3, "three pixels of each corner are within 2.5 of it"


def test_a_square_shrinks_by_a_tenth_of_its_width() -> None:
    shrunk = made(Matte(grow=-0.1), square())[0]
    assert torch.equal(shrunk, (square(top=22, left=22, side=16)[0] == 1).float())


def test_lengths_are_shares_of_the_face_whatever_is_kept() -> None:
    mask = square(size=80)
    mask[0, 20:40, 40:60] = 2
    assert made(Matte(grow=0.1), mask, "face+hair")[0][30].sum() == 40 + 2 * 2, "the face is 20 wide"
    assert made(Matte(grow=0.1), mask, "hair")[0][30].sum() == 20 + 2 * 2
    hair_alone = square(size=80, side=40, index=2)
    assert made(Matte(grow=0.1), hair_alone, "hair")[0][30].sum() == 40 + 2 * 4, "no face: the matte's own width"


@pytest.mark.parametrize("matte", [Matte(grow=0.1), Matte(largest=True, fill=True, grow=0.1, feather=0.02)])
def test_a_stray_pixel_far_away_makes_no_length_longer(matte: Matte) -> None:
    stray = square()
    stray[0, 57, 58] = 1
    clean = made(matte, square())[0]
    assert clean[30].sum() == pytest.approx(24)
    assert torch.equal(made(matte, stray)[0, :50, :50], clean[:50, :50])
    hair = square(index=2)
    hair[0, 57, 58] = 2
    assert torch.equal(made(matte, hair, "hair")[0, :50, :50], clean[:50, :50]), "no face: the matte's largest part"


def test_a_face_grows_by_its_own_width_beside_another_one() -> None:
    crowd = torch.zeros(1, 60, 100, dtype=torch.uint8)
    crowd[0, 20:40, 10:30] = crowd[0, 20:40, 70:90] = 1
    grown = made(Matte(grow=0.1), crowd)[0]
    assert (grown[:, :50].sum(), grown[:, 50:].sum()) == (572, 572)


def test_face_in_the_padding_makes_no_length_longer() -> None:
    content = torch.zeros(1, 1, 60, 60)
    content[..., :45] = 1
    mask = square(side=10)
    wide = mask.clone()
    wide[0, 20:40, 45:60] = 1
    for matte in (Matte(grow=0.2), Matte(grow=-0.2)):
        assert torch.equal(made(matte, wide, content=content), made(matte, mask, content=content))


def test_of_equal_scores_none_is_the_highest() -> None:
    logits = torch.tensor([[2.0, 2.0, 0.0], [0.0, 2.0, 2.0], [1.0, 2.0, 0.0]]).T.reshape(1, 3, 1, 3)
    content = torch.ones(1, 1, 1, 3)
    assert Matte("argmax").of_scores(logits, content, "face", CLASSES).flatten().tolist() == [0, 0, 1]
    assert Matte("argmax").of_scores(logits, content, "face+hair", CLASSES).flatten().tolist() == [0, 1, 1]


def test_scores_however_large_are_decided() -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 9.9e3], [0.0, 1e4, -1e4]]).T.reshape(1, 3, 1, 3)
    content = torch.ones(1, 1, 1, 3)
    assert Matte().of_scores(logits, content, "face", CLASSES).flatten().tolist() == [0, 1, 1]
    assert Matte().of_scores(logits, content, "face+hair", CLASSES).flatten().tolist() == [0, 1, 1]


def test_a_hole_that_reaches_the_padding_is_filled_on_the_picture_alone() -> None:
    content = torch.ones(1, 1, 60, 60)
    content[..., 25:35, 25:30] = 0  # a letterbox pads no inside; what does must stay empty
    ring = square()
    ring[0, 24:36, 24:36] = 0
    filled = made(Matte(fill=True), ring, content=content)[0]
    assert filled.sum() == 400 - 50 and filled[25:35, 25:30].sum() == 0


def test_each_picture_of_a_batch_has_its_own_width() -> None:
    both = torch.cat([square(side=20), square(side=10)])
    grown = made(Matte(grow=0.1), both)
    assert (grown[0, 25].sum(), grown[1, 25].sum()) == (24, 12)
    assert made(Matte(grow=0.1), torch.zeros(2, 60, 60, dtype=torch.uint8)).sum() == 0


def test_a_feather_is_a_ramp_across_the_outline() -> None:
    ramp = made(Matte(feather=0.2), square())[0][30]  # 4 pixels wide, the outline between 19 and 20
    assert ramp[17:23].tolist() == pytest.approx([0, 0.125, 0.375, 0.625, 0.875, 1])
    both = made(Matte(feather=0.2, grow=0.1), square())[0][30]
    assert both[15:21].tolist() == pytest.approx([0, 0.125, 0.375, 0.625, 0.875, 1])


def test_nothing_shrinks_away_from_the_border_and_nothing_grows_into_the_padding() -> None:
    content = torch.zeros(1, 1, 60, 60)
    content[..., 10:50] = 1
    body = torch.zeros(1, 60, 60, dtype=torch.uint8)
    body[0, 30:, 10:50] = 1
    shrunk = made(Matte(grow=-0.1), body, content=content)[0]
    assert shrunk[:, 30].tolist() == [0] * 34 + [1] * 26 and shrunk[59].tolist() == [0] * 10 + [1] * 40 + [0] * 10
    grown = made(Matte(grow=0.1, feather=0.1), body, content=content)[0]
    assert grown[:, :10].sum() == grown[:, 50:].sum() == 0
    assert (grown[26, 30], grown[27, 30], grown[28, 30]) == (0.625, 0.875, 1)


def test_a_disc_grows_to_a_disc() -> None:
    rows, columns = torch.meshgrid(torch.arange(120), torch.arange(120), indexing="ij")
    disc = ((rows - 60) ** 2 + (columns - 60) ** 2 <= 30**2).to(torch.uint8)[None]
    area = made(Matte(grow=0.25), disc).sum().item()
    assert area == pytest.approx(math.pi * (30.5 + 0.25 * 61) ** 2, rel=0.02)


def test_flipping_averages_the_scores_of_both_sides() -> None:
    class Left(nn.Module):
        """Sees a face in the left half of whatever it is shown."""

        classes = ("background", "face")

        def forward(self, image: Tensor) -> Tensor:
            logits = torch.zeros(1, 2, 2, 4)
            logits[:, 1, :, :2] = 6.0 + image[:, 0, :, :2]
            return logits

    image = torch.zeros(1, 3, 2, 4)
    image[..., 0] = 2.0
    assert Matte().scores(Left(), image)[0, 1, 0].tolist() == [8, 6, 0, 0]  # type: ignore[arg-type]
    assert Matte(flip=True).scores(Left(), image)[0, 1, 0].tolist() == [4, 3, 3, 3]  # type: ignore[arg-type]


def test_flipping_knows_that_left_is_right_in_a_mirror() -> None:
    class Eyes(nn.Module):
        """Sees a left eye in the right half of a picture, as one sees somebody, and a right eye in the left one."""

        classes = ("background", "l_eye", "r_eye", "l_lip")

        def forward(self, image: Tensor) -> Tensor:
            logits = torch.zeros(1, 4, 2, 4)
            logits[:, 1, :, 2:] = logits[:, 2, :, :2] = 4.0
            return logits

    image = torch.zeros(1, 3, 2, 4)
    plain, flipped = (Matte(flip=flip).scores(Eyes(), image) for flip in (False, True))  # type: ignore[arg-type]
    assert torch.equal(plain, flipped)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decide": "otsu"}, "matte.decide=otsu: expected threshold or argmax"),
        ({"threshold": 1.0}, "matte.threshold=1.0: expected 0 < threshold < 1"),
        (
            {"threshold": 0.5, "decide": "argmax"},
            r"^matte\.threshold=0\.5: matte\.decide=argmax has no threshold\. Leave one of them out\.$",
        ),
        ({"grow": 2}, "matte.grow=2: expected a share of the face's width from -1 to 1"),
        ({"feather": -0.1}, "matte.feather=-0.1: expected a share of the face's width from 0 to 1"),
    ],
)
def test_values_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Matte(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"grow": 0.2}, {"grow": -0.1}, {"feather": 0.3, "grow": 0.1}, {"fill": True}])
def test_what_lies_elsewhere_in_a_batch_changes_nothing(options: dict[str, Any]) -> None:
    matte, content = Matte(largest=True, **options), torch.zeros(4, 1, 60, 60)
    content[..., 5:58, :] = 1
    masks = torch.cat(
        [square(side=9), square(top=0, left=45, side=15), square(side=0), square(top=40, left=3, side=20)]
    )
    masks[0, 23:25, 23:25] = 0
    together = made(matte, masks, content=content)
    alone = [made(matte, mask[None], content=content[:1])[0] for mask in masks]
    assert torch.equal(together, torch.stack(alone))
    assert together[2].sum() == 0 and all(one.sum() > 0 for one in alone[:2])
