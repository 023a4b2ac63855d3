"""Components, holes and distances: by hand, against SciPy, and both ways of labelling alike."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from bareface.pipeline.morphology import (
    fill_holes,
    filled_by_opencv,
    filled_by_rounds,
    largest_by_opencv,
    largest_by_rounds,
    largest_component,
    squared_distance,
)


def picture(*rows: str) -> Tensor:
    return torch.tensor([[[letter == "#" for letter in row] for row in rows]])


def blobs(seed: int, share: float) -> Tensor:
    noise = np.random.default_rng(seed).normal(size=(3, 37, 50))
    smooth = ndimage.gaussian_filter(noise, (0, 1.2, 1.2))
    return torch.from_numpy(smooth > np.quantile(smooth, 1 - share))


LARGEST = {"opencv": largest_by_opencv, "rounds": largest_by_rounds}
FILLED = {"opencv": filled_by_opencv, "rounds": filled_by_rounds}


@pytest.fixture(params=["opencv", "rounds"])
def way(request: pytest.FixtureRequest) -> str:
    """Once as on a CPU, once as on a GPU."""
    return str(request.param)


def test_the_largest_part_stays_and_corners_connect(way: str) -> None:
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
    assert torch.equal(LARGEST[way](mask), expected)


def test_of_equal_parts_the_first_stays_and_nothing_stays_nothing(way: str) -> None:
    mask = torch.cat([picture("#.#", "..."), picture("...", "..."), picture("..#", "#..")])
    expected = torch.cat([picture("#..", "..."), picture("...", "..."), picture("..#", "...")])
    assert torch.equal(LARGEST[way](mask), expected)


def test_of_equal_parts_the_one_that_begins_first_stays_though_it_ends_last(way: str) -> None:
    mask = picture(
        "#.###",
        "#..#.",
        "##...",
    )
    assert torch.equal(LARGEST[way](mask), picture("#....", "#....", "##..."))


def test_ties_are_decided_alike() -> None:
    generator = torch.Generator().manual_seed(0)
    mask = torch.rand(300, 7, 9, generator=generator) < 0.25
    one, other = largest_by_opencv(mask), largest_by_rounds(mask)
    assert torch.equal(one, other) and torch.equal(largest_component(mask), one)
    tied = 0
    for index, each in enumerate(mask.numpy()):
        labels, count = ndimage.label(each, np.ones((3, 3)))
        sizes = ndimage.sum_labels(each, labels, range(1, count + 1))
        ties = [label for label in range(1, count + 1) if sizes[label - 1] == sizes.max()]
        first = min(ties, key=lambda label: np.flatnonzero(labels == label)[0])
        assert np.array_equal(one[index].numpy(), labels == first)
        tied += len(ties) > 1
    assert tied > 40
    assert torch.equal(fill_holes(mask), filled_by_rounds(mask))


def test_holes_are_filled_and_bays_are_not(way: str) -> None:
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
    assert torch.equal(FILLED[way](mask), expected), "a way out by a corner is none; the border is one"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_a_batch_is_what_scipy_says_of_each(seed: int, share: float, way: str) -> None:
    mask = blobs(seed, share)
    parts, filled = LARGEST[way](mask), FILLED[way](mask)
    for index, one in enumerate(mask.numpy()):
        labels, count = ndimage.label(one, np.ones((3, 3)))
        sizes = ndimage.sum_labels(one, labels, range(1, count + 1))
        assert np.array_equal(parts[index].numpy(), labels == 1 + int(sizes.argmax()))
        assert np.array_equal(filled[index].numpy(), ndimage.binary_fill_holes(one))


def test_a_spiral_is_one_part_however_long() -> None:
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
    assert torch.equal(largest_by_rounds(mask), mask)


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
