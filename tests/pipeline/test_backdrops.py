"""Backdrops worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from bareface.errors import DataError
from bareface.io.pictures import write_picture
from bareface.pipeline.backdrops import Backdrop, Blur, Mean, Noise, Plain, Scenes, backdrop
from bareface.pipeline.photos import Photos


def halves(left: float, right: float, size: int = 16) -> Tensor:
    """A grey picture of two halves, (1, 3, size, size)."""
    image = torch.full((1, 3, size, size), left)
    image[..., size // 2 :] = right
    return image


def right_half(size: int = 16) -> Tensor:
    return halves(0.0, 1.0, size)[:, :1]


def everything(size: int = 16) -> Tensor:
    return torch.tensor([[0, 0, size, size]])


def behind(made: Backdrop, image: Tensor, matte: Tensor, content: Tensor, *keys: str) -> Tensor:
    return made(Photos(image, content, keys or ["a"] * len(image)), matte)


def test_mean_is_that_of_the_content() -> None:
    image = torch.full((1, 3, 4, 4), 200.0)  # padding
    image[..., 1:3] = torch.tensor([10.0, 30.0])
    assert behind(Mean(), image, torch.zeros(1, 1, 4, 4), torch.tensor([[0, 1, 4, 2]])).flatten().tolist() == [
        20,
        20,
        20,
    ]


def test_blur_has_nothing_of_the_foreground() -> None:
    blurred = behind(Blur(0.2), halves(40, 255), right_half(), everything())
    torch.testing.assert_close(blurred, torch.full_like(blurred, 40.0))


def test_blur_has_nothing_of_the_padding_and_smooths_the_background() -> None:
    image = torch.full((1, 3, 16, 16), 255.0)
    image[..., 4:12, :] = 20
    image[..., 4:12, 8:] = 60
    row = behind(Blur(0.2), image, torch.zeros(1, 1, 16, 16), torch.tensor([[4, 0, 8, 16]]))[0, 0, 8]
    assert 20 <= row.min() < 25 and 55 < row.max() <= 60.01
    assert (row.diff() > -1e-3).all() and row.diff().max() < 10


def test_blur_keeps_to_grey_values_and_is_exact_in_mixed_precision() -> None:
    image = torch.full((1, 3, 32, 32), 255.0)
    with torch.autocast("cpu", torch.bfloat16):
        blurred = behind(Blur(0.1), image, torch.zeros(1, 1, 32, 32), everything(32))
    assert blurred.max() <= 255
    torch.testing.assert_close(blurred, image, atol=1e-3, rtol=0)


def test_a_scene_covers_the_content_and_is_centred(tmp_path: Path) -> None:
    picture = np.zeros((10, 40, 3), np.uint8)
    picture[:, 15:25] = 200
    write_picture(tmp_path / "scene.png", picture)
    scene = Scenes(str(tmp_path / "scene.png"))
    shown = behind(scene, torch.zeros(1, 3, 20, 20), torch.zeros(1, 1, 20, 20), everything(20))
    # 10 rows to 20: the central 10 columns become 20
    torch.testing.assert_close(shown[0, 0, 10, 2:18], torch.full((16,), 200.0))


def test_a_backdrop_that_is_no_file() -> None:
    with pytest.raises(
        FileNotFoundError,
        match="backdrop=blak: no such file. Give a picture, a folder of pictures, or one of black, white",
    ):
        backdrop("blak")


@pytest.mark.parametrize("colour", [(0, 0), (0, 0, 256), (-1, 0, 0)])
def test_colours_out_of_range(colour: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="backdrop.colour=.*expected three numbers from 0 to 255"):
        Plain(colour)


def test_each_photo_keeps_its_noise_wherever_it_comes() -> None:
    image, matte, content = torch.zeros(3, 3, 20, 30), torch.zeros(3, 1, 20, 30), torch.tensor([[0, 0, 20, 30]] * 3)
    batch = behind(Noise(), image, matte, content, "a", "b", "c")
    alone = behind(Noise(), image[:1], matte[:1], content[:1], "b")
    assert torch.equal(batch[1], alone[0])
    assert not torch.equal(batch[0], batch[1]) and not torch.equal(batch[1, 0], batch[1, 1])
    assert batch.min() >= 0 and batch.max() <= 255
    assert batch.mean().item() == pytest.approx(127.5, abs=6) and batch.std().item() == pytest.approx(73.6, abs=4)


def test_each_photo_gets_one_of_many_scenes(tmp_path: Path) -> None:
    for grey in (40, 80, 120):
        write_picture(tmp_path / f"{grey}.png", np.full((9, 30, 3), grey, np.uint8))
    keys = [f"ada/{number}.jpg" for number in range(60)]
    image, content = torch.zeros(60, 3, 8, 8), torch.tensor([[0, 0, 8, 8]] * 60)
    shown = behind(backdrop(str(tmp_path)), image, torch.zeros(60, 1, 8, 8), content, *keys)
    greys = shown.mean((1, 2, 3))
    torch.testing.assert_close(shown, greys.round()[:, None, None, None].expand_as(shown))  # one covers all of it
    assert all((greys.round() == grey).sum() > 8 for grey in (40, 80, 120))
    last = behind(backdrop(str(tmp_path)), image[:1], torch.zeros(1, 1, 8, 8), content[:1], keys[-1])
    torch.testing.assert_close(last[0], shown[-1])


def test_a_folder_without_scenes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"backdrop=.*: no pictures found. Expected files such as a.jpg or b.png.$"):
        backdrop(str(tmp_path))
