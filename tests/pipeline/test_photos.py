"""Photos of a batch."""

import torch

from bareface.pipeline.photos import Photos, inside


def test_inside() -> None:
    assert inside(torch.tensor([[1, 0, 2, 1]]), 4, 2)[0, 0].tolist() == [[0, 0], [1, 0], [1, 0], [0, 0]]


def test_what_is_drawn_for_a_photo_comes_from_its_key_and_the_purpose() -> None:
    content = torch.tensor([[0, 0, 2, 2]] * 3)
    photos = Photos(torch.zeros(3, 3, 2, 2), content, ["a", "b", "a"])
    drawn = photos.draw("noise").tolist()
    assert drawn[0] == drawn[2] != drawn[1] and min(drawn) >= 0 and max(drawn) < 2**31
    assert photos.draw("scene").tolist() != drawn
    assert Photos(photos.image[:1], content[:1], ["b"]).draw("noise").tolist() == [drawn[1]]
