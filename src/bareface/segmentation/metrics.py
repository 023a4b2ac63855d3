"""Segmentation quality: what is measured of each picture, and the figures of all pictures together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torchmetrics import Metric

from bareface.data.window import resample
from bareface.segmentation.boundary import boundary_counts, boundary_iou, hausdorff95
from bareface.segmentation.calibration import BINS, calibration_counts, expected_calibration_error
from bareface.segmentation.confusion import confusion, dice, iou

PIXELS = 2**22
"""How many pixels of pictures of one size are measured at a time; a larger picture is measured alone."""


@dataclass(frozen=True)
class Measured:
    """What was measured of the pictures of a batch.

    Attributes:
        confusion: (N, C, C) int64, as ``confusion`` counts.
        boundary: (N, C, 2) int64, as ``boundary_counts`` counts; None where not asked for, as the next two.
        distance: (N, C) float64 in pixels, as ``hausdorff95`` measures.
        calibration: (bins, 3) float64, as ``calibration_counts`` counts, over all pictures of the batch.
    """

    confusion: Tensor
    boundary: Tensor | None = None
    distance: Tensor | None = None
    calibration: Tensor | None = None

    def cpu(self) -> Self:
        """The same on the CPU."""
        values = (self.confusion, self.boundary, self.distance, self.calibration)
        return type(self)(*(None if value is None else value.cpu() for value in values))  # type: ignore[arg-type]


def measure(logits: Tensor, content: Tensor, masks: Sequence[Tensor], outlines: bool) -> Measured:
    """Compares class scores with the truth at each picture's own resolution, its padding undone.

    The scores are resized, then the highest one is taken; masks stay as they are. Pictures of one size are measured
    together.

    Args:
        logits: (N, C, h, w) class scores on canvases.
        content: (N, 4) top, left, height, width of each picture in its canvas.
        masks: N masks of any sizes, (H, W) class indices, 255 = not counted.
        outlines: Measure boundary, distance and calibration, too.

    Raises:
        ValueError: A mask value is neither a class nor 255, or a score is not a number.
    """
    if not bool(logits.isfinite().all()):
        remedy = "Train anew with a lower optimizer.lr or with trainer.gradient_clip_val, or use another checkpoint"
        raise ValueError(f"the scores of the segmenter are not numbers: its weights have run away. {remedy}.")
    sizes: dict[tuple[int, ...], list[int]] = {}
    for row, mask in enumerate(masks):
        sizes.setdefault(tuple(mask.shape), []).append(row)
    order: list[int] = []
    parts: list[Measured] = []
    for (height, width), alike in sizes.items():
        step = max(1, PIXELS // (height * width))
        for start in range(0, len(alike), step):
            rows = alike[start : start + step]
            own = resample(logits[rows], content[rows], content[rows], height, width)
            parts.append(_measure(own, torch.stack([masks[row] for row in rows]), outlines))
            order += rows
    back = torch.tensor(order).argsort()
    matrix = torch.cat([part.confusion for part in parts])[back]
    if not outlines:
        return Measured(matrix)
    boundary = torch.cat([part.boundary for part in parts if part.boundary is not None])[back]
    distance = torch.cat([part.distance for part in parts if part.distance is not None])[back]
    calibration = torch.stack([part.calibration for part in parts if part.calibration is not None]).sum(0)
    return Measured(matrix, boundary, distance, calibration)


def _measure(logits: Tensor, truth: Tensor, outlines: bool) -> Measured:
    classes, prediction = logits.shape[1], logits.max(1).indices  # argmax: 10 times slower
    matrix = confusion(prediction, truth, classes)
    if not outlines:
        return Measured(matrix)
    boundary = boundary_counts(prediction, truth, classes)
    distance = hausdorff95(prediction, truth, classes)
    return Measured(matrix, boundary, distance, calibration_counts(1 - logits.softmax(1)[:, 0], truth))


def figures_of(classes: Sequence[str], matrix: Tensor, summed: Tensor, pictures: Tensor) -> dict[str, Tensor]:
    """The figures of ``SegmentationMetrics`` from what it counts, float64 scalars.

    Args:
        classes: Names of the C classes.
        matrix: (C, C) pixels.
        summed: Mean IoU of each picture, added up.
        pictures: How many have one.
    """
    per_class, overlap = iou(matrix), dice(matrix)
    result = {
        "miou": per_class.nanmean(),
        "miou_per_image": summed / pictures,
        "dice": overlap.nanmean(),
        "accuracy": matrix.diagonal().sum().double() / matrix.sum(),
        **each_class(classes, "iou", per_class),
        **each_class(classes, "dice", overlap),
        **each_class(classes, "support", matrix.sum(1)),
    }
    return {name: value.double() for name, value in result.items()}


def each_class(classes: Sequence[str], figure: str, values: Tensor) -> dict[str, Tensor]:
    """One value a class, by the name of its figure."""
    return {f"{figure}/{name}": value for name, value in zip(classes, values, strict=True)}


class SegmentationMetrics(Metric):
    """The figures of a segmenter on one stage.

    ``miou``, ``iou/<class>``, ``dice``, ``dice/<class>`` (the same as F1) and ``accuracy`` come from one confusion
    matrix over all pixels of all pictures; ``miou_per_image`` is the mean over pictures of each picture's own mean IoU.
    Classes that neither occur nor are predicted are left out of every mean. ``support/<class>`` is the number of
    pixels. Ignored pixels never count. With no pixel at all every figure is NaN.

    Args:
        classes: Names of the classes 0, 1, ...
    """

    full_state_update = False
    matrix: Tensor
    summed: Tensor
    pictures: Tensor

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__()
        self.classes = tuple(classes)
        count = len(self.classes)
        self.add_state("matrix", torch.zeros(count, count, dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("summed", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("pictures", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, measured: Measured) -> None:
        """Adds a batch."""
        mean = iou(measured.confusion).nanmean(-1)
        self.matrix += measured.confusion.sum(0)
        self.summed += mean.nansum()
        self.pictures += (~mean.isnan()).sum()

    def compute(self) -> dict[str, Tensor]:
        """All figures, float64 scalars."""
        return figures_of(self.classes, self.matrix, self.summed, self.pictures)

    def _each(self, figure: str, values: Tensor) -> dict[str, Tensor]:
        return each_class(self.classes, figure, values)


class OutlineMetrics(SegmentationMetrics):
    """Also how well the outlines agree, and whether the foreground score can be believed: for the test.

    ``boundary_iou`` and ``boundary_iou/<class>`` come from the bands of all pictures together, as ``miou`` does.
    ``hd95`` and ``hd95/<class>``, in pixels, are means over the pictures where a class is there or predicted. ``ece``
    is the calibration error of the foreground score.

    Args:
        classes: Names of the classes 0, 1, ...
    """

    boundary: Tensor
    distance: Tensor
    distances: Tensor
    calibration: Tensor

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__(classes)
        count = len(self.classes)
        self.add_state("boundary", torch.zeros(count, 2, dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("distance", torch.zeros(count, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("distances", torch.zeros(count, dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("calibration", torch.zeros(BINS, 3, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, measured: Measured) -> None:
        """Adds a batch that was measured with ``outlines``."""
        super().update(measured)
        if measured.boundary is None or measured.distance is None or measured.calibration is None:
            raise ValueError("outlines=False: expected a batch measured with outlines=True.")
        self.boundary += measured.boundary.sum(0)
        self.distance += measured.distance.nansum(0).to(self.distance.device)
        self.distances += (~measured.distance.isnan()).sum(0).to(self.distances.device)
        self.calibration += measured.calibration

    def compute(self) -> dict[str, Tensor]:
        """All figures, float64 scalars."""
        boundary, distance = boundary_iou(self.boundary), self.distance / self.distances
        result = {
            "boundary_iou": boundary.nanmean(),
            "hd95": distance.nanmean(),
            "ece": expected_calibration_error(self.calibration),
            **self._each("boundary_iou", boundary),
            **self._each("hd95", distance),
        }
        return super().compute() | {name: value.double() for name, value in result.items()}
