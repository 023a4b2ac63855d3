"""Boxes around foregrounds, against a loop over pictures."""

import torch

from bareface.pipeline.boxes import box_of, strip_beside, tiled
from bareface.pipeline.photos import Photos


def test_the_box_around_a_matte() -> None:
    matte = torch.zeros(3, 1, 6, 9)
    matte[0, 0, 2, 3] = matte[0, 0, 4, 7] = 0.2
    matte[2] = 1
    assert box_of(matte).tolist() == [[2, 3, 3, 5], [0, 0, 0, 0], [0, 0, 6, 9]]


def test_the_largest_strip_beside_a_box() -> None:
    content = torch.tensor([[0, 0, 10, 10], [2, 0, 6, 10], [0, 0, 10, 10], [0, 0, 4, 4]])
    box = torch.tensor([[6, 2, 4, 3], [2, 1, 6, 3], [0, 4, 10, 6], [0, 0, 4, 4]])
    assert strip_beside(box, content).tolist()[:3] == [[0, 0, 6, 10], [2, 4, 6, 6], [0, 0, 10, 4]]
    assert strip_beside(box, content)[3, 2:].amin() == 0


def test_tiles_are_those_of_a_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(20, 3, 12, 14, generator=generator)
    content = torch.tensor([[1, 2, 10, 11]] * 20)
    top = torch.randint(1, 8, (20,), generator=generator)
    left = torch.randint(2, 9, (20,), generator=generator)
    box = torch.stack([top, left, 1 + top % 4, 1 + left % 5], 1)
    found = tiled(Photos(image, content, ["x"] * 20), box)
    strips = strip_beside(box, content).tolist()
    for number, ((y, x, tall, wide), (sy, sx, sh, sw)) in enumerate(zip(box.tolist(), strips, strict=True)):
        expected = image[number].clone()
        for row in range(y, y + tall):
            for column in range(x, x + wide):
                expected[:, row, column] = image[number, :, sy + (row - sy) % sh, sx + (column - sx) % sw]
        assert torch.equal(found[number], expected)
