"""The batched window against torchvision's resize, picture by picture."""

import pytest
import torch
from torchvision.transforms.v2 import functional as T

from bareface.data.window import centre_window, letterbox_box, resample


@pytest.mark.parametrize(("height", "width", "size"), [(30, 40, (12, 16)), (17, 23, (34, 46)), (40, 30, (40, 30))])
def test_whole_picture_equals_torchvision(height: int, width: int, size: tuple[int, int]) -> None:
    image = torch.rand(2, 3, height, width) * 255
    everything = torch.tensor([[0, 0, height, width]] * 2)
    ours = resample(image, everything, everything, *size)
    torch.testing.assert_close(ours, T.resize(image, list(size), antialias=True), atol=2e-3, rtol=0)


def test_each_picture_has_its_own_window_and_padding_does_not_bleed_in() -> None:
    canvas = torch.full((2, 3, 64, 64), 1e6)
    tall, wide = torch.rand(3, 64, 48) * 255, torch.rand(3, 32, 64) * 255
    canvas[0, :, :, 8:56], canvas[1, :, 16:48, :] = tall, wide
    content = torch.tensor([[0, 8, 64, 48], [16, 0, 32, 64]])
    ours = resample(canvas, centre_window(content, shorter=24, crop=16), content, 16, 16)
    # shorter side to 24, then the central 16 x 16
    torch.testing.assert_close(
        ours[0], T.center_crop(T.resize(tall, [32, 24], antialias=True), [16, 16]), atol=2e-3, rtol=0
    )
    torch.testing.assert_close(
        ours[1], T.center_crop(T.resize(wide, [24, 48], antialias=True), [16, 16]), atol=2e-3, rtol=0
    )


def test_a_window_beyond_the_content_repeats_the_border() -> None:
    image = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    everything = torch.tensor([[0, 0, 4, 4]])
    ours = resample(image, torch.tensor([[0, -4, 4, 12]]), everything, 4, 12)
    assert ours[0, 0, 0].tolist() == pytest.approx([0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3])


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(218, 178, (0, 29, 320, 261)), (100, 200, (80, 0, 160, 320)), (1, 1000, (159, 0, 1, 320))],
)
def test_letterbox_box(height: int, width: int, expected: tuple[int, int, int, int]) -> None:
    assert letterbox_box(height, width, 320) == expected
