"""Segmentation figures against values worked out by hand."""

import pytest
import torch

from bareface.segmentation.metrics import SegmentationMetrics, confusion, dice, iou

CLASSES = ("background", "face", "hair")


def figures(prediction: list[list[list[int]]], target: list[list[list[int]]]) -> dict[str, float]:
    metrics = SegmentationMetrics(CLASSES)
    metrics.update(torch.tensor(prediction), torch.tensor(target))
    return {name: value.item() for name, value in metrics.compute().items()}


def test_two_pictures_by_hand() -> None:
    # picture 1: truth 0011, prediction 0111: IoU 1/2, 2/3; picture 2: truth 0000, prediction 0000: IoU 1
    found = figures([[[0, 1, 1, 1]], [[0, 0, 0, 0]]], [[[0, 0, 1, 1]], [[0, 0, 0, 0]]])
    assert found["iou/background"] == pytest.approx(5 / 6)
    assert found["iou/face"] == pytest.approx(2 / 3)
    assert found["miou"] == pytest.approx((5 / 6 + 2 / 3) / 2)
    assert found["miou_per_image"] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1) / 2)
    assert found["dice"] == pytest.approx((10 / 11 + 4 / 5) / 2)
    assert found["accuracy"] == pytest.approx(7 / 8)
    assert (found["support/background"], found["support/face"], found["support/hair"]) == (6, 2, 0)


def test_a_class_that_neither_occurs_nor_is_predicted_is_left_out() -> None:
    found = figures([[[0, 1]]], [[[0, 1]]])
    assert found["miou"] == 1
    assert found["iou/hair"] != found["iou/hair"]  # NaN


def test_a_class_that_is_predicted_but_does_not_occur_scores_zero() -> None:
    assert figures([[[0, 2]]], [[[0, 0]]])["miou"] == pytest.approx((1 / 2 + 0) / 2)


def test_ignored_pixels_never_count() -> None:
    assert figures([[[0, 1, 2, 2]]], [[[0, 1, 255, 255]]]) == pytest.approx(
        figures([[[0, 1]]], [[[0, 1]]]), nan_ok=True
    )


def test_a_mask_value_outside_the_classes_is_named() -> None:
    with pytest.raises(ValueError, match="mask value 3: expected 0 to 2"):
        figures([[[0]]], [[[3]]])


def test_batches_add_up() -> None:
    generator = torch.Generator().manual_seed(0)
    prediction = torch.randint(3, (7, 5, 6), generator=generator)
    target = torch.randint(3, (7, 5, 6), generator=generator)
    whole, parts = SegmentationMetrics(CLASSES), SegmentationMetrics(CLASSES)
    whole.update(prediction, target)
    for start, end in ((0, 1), (1, 4), (4, 7)):
        parts.update(prediction[start:end], target[start:end])
    assert {k: v.item() for k, v in whole.compute().items()} == pytest.approx(
        {k: v.item() for k, v in parts.compute().items()}
    )


def test_identities_between_figures_hold_on_random_masks() -> None:
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        target = torch.randint(3, (2, 8, 8), generator=generator)
        prediction = torch.where(torch.rand(2, 8, 8, generator=generator) < 0.6, target, (target + 1) % 3)
        matrix = confusion(prediction, target, 3)
        assert (matrix.sum((1, 2)) == 64).all()
        assert (matrix.sum(2) == torch.stack([(target == c).sum((1, 2)) for c in range(3)], 1)).all()
        total = matrix.sum(0)
        assert (iou(total) <= dice(total)).all()
        torch.testing.assert_close(dice(total), 2 * iou(total) / (1 + iou(total)))


@pytest.mark.parametrize("seed", range(20))
def test_what_holds_for_every_prediction(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    sharpness = torch.rand((), generator=generator)
    target = torch.randint(3, (4, 8, 9), generator=generator)
    right = torch.rand(target.shape, generator=generator) < sharpness
    prediction = torch.where(right, target, torch.randint(3, target.shape, generator=generator))
    target[torch.rand(target.shape, generator=generator) < 0.1] = 255
    each = confusion(prediction, target, 3)
    matrix = each.sum(0)
    for classes in range(3):
        assert matrix[classes].sum() == (target == classes).sum()
        assert matrix[:, classes].sum() == (prediction[target != 255] == classes).sum()
    assert (iou(each) <= dice(each) + 1e-12).all()
    torch.testing.assert_close(dice(matrix), 2 * iou(matrix) / (1 + iou(matrix)))
    metrics = SegmentationMetrics(CLASSES)
    metrics.update(prediction, target)
    found = metrics.compute()
    assert found["miou"] <= found["dice"]
    order = torch.tensor([2, 0, 1, *range(3, 256)])
    order[255] = 255
    renamed = SegmentationMetrics(CLASSES)
    renamed.update(order[prediction], order[target])
    assert renamed.compute()["miou"] == pytest.approx(found["miou"].item()), "the names of the classes do not matter"
