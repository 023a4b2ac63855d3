"""Components, holes and distances: by hand, against SciPy, and both ways of labelling alike."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from bareface.pipeline import morphology
from bareface.pipeline.morphology import fill_holes, largest_component, squared_distance


def picture(*rows: str) -> Tensor:
    return torch.tensor([[[letter == "#" for letter in row] for row in rows]])


def blobs(seed: int, share: float) -> Tensor:
    noise = np.random.default_rng(seed).normal(size=(3, 37, 50))
    smooth = ndimage.gaussian_filter(noise, (0, 1.2, 1.2))
    return torch.from_numpy(smooth > np.quantile(smooth, 1 - share))


@pytest.fixture(params=["opencv", "device"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once as on a CPU, once as on a GPU: the test asks for the device by another name."""
    if request.param == "device":
        monkeypatch.setattr(morphology, "CPU", "none")


@pytest.mark.usefixtures("way")
def test_the_largest_part_stays_and_corners_connect() -> None:
    mask = picture(
        "##..#",
        "....#",
        "...#.",
    )
    expected = picture(
        "....#",
        "....#",
        "...#.",
    )
    assert torch.equal(largest_component(mask), expected)


@pytest.mark.usefixtures("way")
def test_of_equal_parts_the_first_stays_and_nothing_stays_nothing() -> None:
    mask = torch.cat([picture("#.#", "..."), picture("...", "..."), picture("..#", "#..")])
    expected = torch.cat([picture("#..", "..."), picture("...", "..."), picture("..#", "...")])
    assert torch.equal(largest_component(mask), expected)


@pytest.mark.usefixtures("way")
def test_holes_are_filled_and_bays_are_not() -> None:
    mask = picture(
        "###.",
        "#.##",
        "####",
        "#.#.",
    )
    expected = picture(
        "###.",
        "####",
        "####",
        "#.#.",
    )
    assert torch.equal(fill_holes(mask), expected), "a way out by a corner is none; the border is one"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_a_batch_is_what_scipy_says_of_each(seed: int, share: float) -> None:
    mask = blobs(seed, share)
    parts, filled = largest_component(mask), fill_holes(mask)
    for index, one in enumerate(mask.numpy()):
        labels, count = ndimage.label(one, np.ones((3, 3)))
        sizes = ndimage.sum_labels(one, labels, range(1, count + 1))
        assert np.array_equal(parts[index].numpy(), labels == 1 + int(sizes.argmax()))
        assert np.array_equal(filled[index].numpy(), ndimage.binary_fill_holes(one))


def test_a_spiral_is_one_part_however_long(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = torch.zeros(1, 41, 41, dtype=torch.bool)
    row = column = 0
    length, turn = 40, 0
    for side in range(38):
        down, right = ((0, 1), (1, 0), (0, -1), (-1, 0))[turn % 4]
        for _ in range(length):
            mask[0, row, column] = True
            row, column = row + down, column + right
        turn += 1
        if side >= 2 and side % 2 == 0:
            length -= 2
        if length <= 2:
            break
    monkeypatch.setattr(morphology, "CPU", "none")
    assert torch.equal(largest_component(mask), mask)


@pytest.mark.parametrize("reach", [127, 128, 179])
def test_no_distance_overflows(reach: int) -> None:
    seeds = torch.zeros(1, 4, 250, dtype=torch.bool)
    seeds[0, 2, 0] = True
    found = squared_distance(seeds, reach).float().sqrt()[0, 2]
    assert torch.equal(found[: reach + 1], torch.arange(reach + 1.0)) and (found[reach + 1 :] > reach).all()


@pytest.mark.parametrize("reach", [1, 4, 9, 60, 200])
def test_distances_are_exact_within_reach(reach: int) -> None:
    seeds = blobs(1, 0.05)
    expected = torch.from_numpy(np.stack([ndimage.distance_transform_edt(~one) for one in seeds.numpy()])).float()
    found = squared_distance(seeds, reach).float().sqrt()
    near = expected <= reach
    torch.testing.assert_close(found[near], expected[near])
    assert (found[~near] > reach).all()
    assert (squared_distance(torch.zeros(1, 5, 4, dtype=torch.bool), reach) > reach**2).all()
