"""Mattes, backdrops and composites worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from bareface.io.pictures import write_picture
from bareface.pipeline.background import (
    Blur,
    Mean,
    Plain,
    Scene,
    backdrop,
    compose,
    foreground_classes,
    inside,
)
from bareface.pipeline.conditions import Mattes, Original, Removed
from bareface.pipeline.matte import Matte

THREE = ("background", "face", "hair")


def halves(left: float, right: float, size: int = 16) -> Tensor:
    """A grey picture of two halves, (1, 3, size, size)."""
    image = torch.full((1, 3, size, size), left)
    image[..., size // 2 :] = right
    return image


def right_half(size: int = 16) -> Tensor:
    return halves(0.0, 1.0, size)[:, :1]


def everything(size: int = 16) -> Tensor:
    return torch.tensor([[0, 0, size, size]])


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


def test_inside() -> None:
    assert inside(torch.tensor([[1, 0, 2, 1]]), 4, 2)[0, 0].tolist() == [[0, 0], [1, 0], [1, 0], [0, 0]]


def test_compose() -> None:
    composed = compose(halves(10, 90), right_half(), torch.tensor(50.0))
    assert composed[0, 0, 0].unique().tolist() == [50, 90]
    assert composed[0, 0, 0, 0] == 50


def test_mean_is_that_of_the_content() -> None:
    image = torch.full((1, 3, 4, 4), 200.0)  # padding
    image[..., 1:3] = torch.tensor([10.0, 30.0])
    assert Mean()(image, torch.zeros(1, 1, 4, 4), torch.tensor([[0, 1, 4, 2]])).flatten().tolist() == [20, 20, 20]


def test_blur_has_nothing_of_the_foreground() -> None:
    behind = Blur(0.2)(halves(40, 255), right_half(), everything())
    torch.testing.assert_close(behind, torch.full_like(behind, 40.0))


def test_blur_has_nothing_of_the_padding_and_smooths_the_background() -> None:
    image = torch.full((1, 3, 16, 16), 255.0)
    image[..., 4:12, :] = 20
    image[..., 4:12, 8:] = 60
    behind = Blur(0.2)(image, torch.zeros(1, 1, 16, 16), torch.tensor([[4, 0, 8, 16]]))
    row = behind[0, 0, 8]
    assert 20 <= row.min() < 25 and 55 < row.max() <= 60.01
    assert (row.diff() > -1e-3).all() and row.diff().max() < 10


def test_blur_keeps_to_grey_values_and_is_exact_in_mixed_precision() -> None:
    image = torch.full((1, 3, 32, 32), 255.0)
    with torch.autocast("cpu", torch.bfloat16):
        behind = Blur(0.1)(image, torch.zeros(1, 1, 32, 32), everything(32))
    assert behind.max() <= 255
    torch.testing.assert_close(behind, image, atol=1e-3, rtol=0)


def test_a_scene_covers_the_content_and_is_centred(tmp_path: Path) -> None:
    picture = np.zeros((10, 40, 3), np.uint8)
    picture[:, 15:25] = 200
    write_picture(tmp_path / "scene.png", picture)
    behind = Scene(str(tmp_path / "scene.png"))(torch.zeros(1, 3, 20, 20), torch.zeros(1, 1, 20, 20), everything(20))
    # 10 rows to 20: the central 10 columns become 20
    torch.testing.assert_close(behind[0, 0, 10, 2:18], torch.full((16,), 200.0))


def test_a_backdrop_that_is_no_file() -> None:
    with pytest.raises(FileNotFoundError, match="backdrop=blak: no such file. Give a picture, or one of black, white"):
        backdrop("blak")


@pytest.mark.parametrize("colour", [(0, 0), (0, 0, 256), (-1, 0, 0)])
def test_colours_out_of_range(colour: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="backdrop.colour=.*expected three numbers from 0 to 255"):
        Plain(colour)


def test_conditions_show_what_they_say() -> None:
    image = halves(10, 90)
    mask = right_half()[:, 0].to(torch.uint8)
    mattes = Mattes(THREE, inside(everything(), 16, 16), Matte(), mask=mask)
    assert Original()(image, mattes, everything()) is image
    shown = Removed("face", "white")(image, mattes, everything())
    assert (shown[0, 0, 0, 0].item(), shown[0, 0, 0, 15].item()) == (255, 90)


def test_mattes_are_nothing_on_the_padding() -> None:
    scores = torch.tensor([-9.0, 9.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    matte = Mattes(THREE, inside(torch.tensor([[0, 1, 4, 2]]), 4, 4), Matte(), scores=scores)("face")
    assert matte[0, 0, 0].tolist() == [0, 1, 1, 0]


def test_nothing_to_make_mattes_of() -> None:
    with pytest.raises(ValueError, match=r"foreground=face: no mattes. Give segmenter=\.\.\., or mattes_from=mask"):
        Mattes(THREE, inside(everything(), 16, 16), Matte())("face")
