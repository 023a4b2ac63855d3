"""Segmentation figures against values worked out by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor

from bareface.data.dataset import Record
from bareface.data.transforms import Letterbox
from bareface.segmentation.confusion import confusion, dice, iou
from bareface.segmentation.metrics import Measured, OutlineMetrics, SegmentationMetrics, measure

CLASSES = ("background", "face", "hair")


def figures(prediction: list[list[list[int]]], target: list[list[list[int]]]) -> dict[str, float]:
    metrics = SegmentationMetrics(CLASSES)
    metrics.update(Measured(confusion(torch.tensor(prediction), torch.tensor(target), 3)))
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


def test_pixels_are_counted_exactly_however_many() -> None:
    metrics = SegmentationMetrics(("background", "face"))
    for _ in range(2):
        metrics.update(Measured(torch.tensor([[[2**24 + 1, 0], [0, 3]]])))
    assert metrics.compute()["support/background"].item() == 2**25 + 2
    assert metrics.compute()["support/face"].item() == 6


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
    whole.update(Measured(confusion(prediction, target, 3)))
    for start, end in ((0, 1), (1, 4), (4, 7)):
        parts.update(Measured(confusion(prediction[start:end], target[start:end], 3)))
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
    metrics.update(Measured(confusion(prediction, target, 3)))
    found = metrics.compute()
    assert found["miou"] <= found["dice"]
    order = torch.tensor([2, 0, 1, *range(3, 256)])
    order[255] = 255
    renamed = SegmentationMetrics(CLASSES)
    renamed.update(Measured(confusion(order[prediction], order[target], 3)))
    assert renamed.compute()["miou"] == pytest.approx(found["miou"].item()), "the names of the classes do not matter"


def own(masks: list[Tensor], size: int) -> tuple[Tensor, Tensor]:
    """Scores on canvases that say what masks of any sizes show, and where in them."""
    canvases = [Letterbox(size)(Record(np.zeros((*mask.shape, 3), np.uint8), mask.numpy()), 0) for mask in masks]
    shown = torch.stack([torch.from_numpy(canvas.mask) for canvas in canvases]).long()
    logits = torch.nn.functional.one_hot(shown.where(shown != 255, 0), 3).movedim(-1, 1) * 9.0
    return logits, torch.tensor([canvas.content for canvas in canvases])


def test_pictures_are_measured_at_their_own_resolution_without_padding() -> None:
    masks = [torch.zeros(shape, dtype=torch.uint8) for shape in ((60, 40), (30, 90), (60, 40))]
    masks[0][10:40, 10:30], masks[1][5:20, 40:70], masks[2][:15] = 1, 2, 1
    logits, content = own(masks, 180)
    measured = measure(logits, content, masks, outlines=True)
    assert measured.confusion.sum((1, 2)).tolist() == [2400, 2700, 2400], "every pixel of the pictures, no padding"
    assert measured.confusion[1, 2, 2] == 450 and measured.confusion[2, 1, 1] == 600, "in the order of the batch"
    assert measured.boundary is not None and measured.distance is not None and measured.calibration is not None
    assert (iou(measured.confusion).nan_to_num(1) == 1).all() and measured.distance.nan_to_num(0).max() == 0
    assert measured.calibration[:, 0].sum() == 7500
    metrics = OutlineMetrics(CLASSES)
    metrics.update(measured)
    found = metrics.compute()
    assert found["miou"] == found["boundary_iou"] == found["boundary_iou/hair"] == found["dice/face"] == 1
    assert found["hd95"] == 0 and found["ece"] < 0.01


def test_scores_are_resized_before_the_highest_is_taken() -> None:
    # a column of face beside a weaker column of background: in between, the face reaches further than half-way
    logits = torch.tensor([[[[0.0, 1.0]], [[4.0, 0.0]]]])
    measured = measure(logits, torch.tensor([[0, 0, 1, 2]]), [torch.zeros(10, 20, dtype=torch.uint8)], outlines=False)
    assert measured.confusion[0, 0, 1] > 10 * 10


def test_many_pictures_of_one_size_are_measured_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    logits, content = torch.randn(5, 3, 8, 8, generator=generator), torch.tensor([[0, 1, 8, 6]]).expand(5, 4)
    masks = list(torch.randint(3, (5, 16, 12), generator=generator, dtype=torch.uint8))
    whole = measure(logits, content, masks, outlines=True)
    monkeypatch.setattr("bareface.segmentation.metrics.PIXELS", 400)
    parts = measure(logits, content, masks, outlines=True)
    for name in ("confusion", "boundary", "distance", "calibration"):
        torch.testing.assert_close(getattr(parts, name), getattr(whole, name))


def test_figures_of_outlines_by_hand() -> None:
    metrics = OutlineMetrics(("background", "face"))
    counts, bins = torch.tensor([[[1, 0], [0, 1]]]), torch.zeros(15, 3, dtype=torch.float64)
    nan = float("nan")
    for boundary, distance in (([[1, 2], [3, 4]], [2.0, nan]), ([[2, 2], [0, 0]], [4.0, 5.0])):
        metrics.update(Measured(counts, torch.tensor([boundary]), torch.tensor([distance], dtype=torch.float64), bins))
    found = metrics.compute()
    assert (found["boundary_iou/background"], found["boundary_iou/face"]) == (0.75, 0.75)
    assert (found["hd95/background"], found["hd95/face"], found["hd95"]) == (3, 5, 4)
    with pytest.raises(ValueError, match="outlines=False: expected a batch measured with outlines=True"):
        metrics.update(Measured(counts))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("outlines", [False, True])
def test_scores_that_are_no_numbers_are_said_to_be_such(value: float, outlines: bool) -> None:
    logits = torch.zeros(1, 2, 4, 4)
    logits[0, 1, 2, 2] = value
    with pytest.raises(ValueError, match=r"scores of the segmenter are not numbers: .* Train anew with a lower"):
        measure(logits, torch.tensor([[0, 0, 4, 4]]), [torch.zeros(4, 4, dtype=torch.uint8)], outlines)
