"""From class scores to mattes."""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from bareface.data.sides import mirrored
from bareface.pipeline.background import foreground_classes
from bareface.pipeline.morphology import fill_holes, largest_component, squared_distance
from bareface.segmentation.segmenter import Segmenter

FACE = "face"
"""The class whose width lengths are measured by."""


class Matte:
    """What a segmenter's scores become: decided pixel by pixel, then tidied, grown, feathered; in this order.

    Lengths are shares of the face's width, so they mean the same in a passport picture and in a crowd: the width of the
    box around the largest connected part of the pixels whose highest score is the face's, or around that of the matte
    where there is no such class or no such pixel. In a crowd the largest face measures for all. The border of a
    picture is no outline: nothing shrinks away from it.

    Args:
        decide: ``threshold``: foreground where its classes together are more probable than ``threshold``; ``argmax``:
            where the highest score is one of its classes'.
        threshold: Probability, 0 to 1; None: 0.5, or none with ``argmax``.
        largest: Keep the largest connected part only.
        fill: Fill holes.
        grow: How far the outline moves out, as a share of the face's width; negative = in.
        feather: Width of the linear ramp across the outline, as a share of the face's width; 0 = hard.
        flip: Average the scores with those of the mirrored picture, at the price of a second pass; what is left there
            is right here.

    Raises:
        ValueError: A value is out of range, or a threshold comes with ``argmax``.
    """

    def __init__(
        self,
        decide: Literal["threshold", "argmax"] = "threshold",
        threshold: float | None = None,
        largest: bool = False,
        fill: bool = False,
        grow: float = 0.0,
        feather: float = 0.0,
        flip: bool = False,
    ) -> None:
        if decide not in ("threshold", "argmax"):
            raise ValueError(f"matte.decide={decide}: expected threshold or argmax.")
        if threshold is not None and decide == "argmax":
            rule = "matte.decide=argmax has no threshold"
            raise ValueError(f"matte.threshold={threshold}: {rule}. Leave one of them out.")
        least = 0.5 if threshold is None else threshold
        if not 0 < least < 1:
            raise ValueError(f"matte.threshold={threshold}: expected 0 < threshold < 1.")
        if not -1 <= grow <= 1:
            raise ValueError(f"matte.grow={grow}: expected a share of the face's width from -1 to 1.")
        if not 0 <= feather <= 1:
            raise ValueError(f"matte.feather={feather}: expected a share of the face's width from 0 to 1.")
        self.decide, self.threshold, self.largest, self.fill = decide, least, largest, fill
        self.grow, self.feather, self.flip = grow, feather, flip

    def scores(self, segmenter: Segmenter, image: Tensor) -> Tensor:
        """The class scores that the matte is made of, (N, C, H, W) float32 logits, of (N, 3, H, W) canvases."""
        logits: Tensor = segmenter(image).float()
        if not self.flip:
            return logits
        seen: Tensor = segmenter(image.flip(3)).float().flip(3)
        return (logits + seen[:, mirrored(segmenter.classes)]) / 2

    def of_scores(self, logits: Tensor, content: Tensor, foreground: str, classes: Sequence[str]) -> Tensor:
        """The mattes of a batch.

        Args:
            logits: (N, C, H, W) class scores.
            content: (N, 1, H, W), 1 on the picture, 0 on its padding.
            foreground: ``face``, ``hair``, ``face+hair``, ``person``: classes joined by ``+``.
            classes: Names of the classes.

        Returns:
            (N, 1, H, W) float32 in [0, 1], 0 on the padding.

        Raises:
            ValueError: The classes do not have the foreground.
        """
        wanted, shown = foreground_classes(foreground, classes), content[:, 0] != 0
        if self.decide == "threshold":
            kept = _probable(logits, wanted, self.threshold)
        else:
            kept = _highest(logits, wanted)
        measured = self._measures and FACE in classes
        face = _highest(logits, [list(classes).index(FACE)]) & shown if measured else None
        return self._tidied(kept & shown, shown, face)

    def of_mask(self, mask: Tensor, content: Tensor, foreground: str, classes: Sequence[str]) -> Tensor:
        """The same of ground truth: of (N, H, W) class indices, 255 = ignore, which is no foreground."""
        wanted, shown = foreground_classes(foreground, classes), content[:, 0] != 0
        kept = torch.isin(mask, torch.tensor(wanted, device=mask.device, dtype=mask.dtype))
        face = (mask == list(classes).index(FACE)) & shown if FACE in classes else None
        return self._tidied(kept & shown, shown, face)

    @property
    def _measures(self) -> bool:
        return self.grow != 0 or self.feather != 0

    def _tidied(self, kept: Tensor, shown: Tensor, face: Tensor | None) -> Tensor:
        if not (self.largest or self.fill or self._measures):
            return kept[:, None].float()
        box = _box(kept)
        part = kept[box]
        if self.largest:
            part = largest_component(part)
        if self.fill:
            part = fill_holes(part) & shown[box]
        result = torch.zeros_like(kept, dtype=torch.float32)
        if not self._measures:
            result[box] = part.float()
            return result[:, None]
        width = torch.zeros(len(kept), device=kept.device) if face is None else _width(_main(face))
        if not width.all():
            width = torch.where(width > 0, width, _width(part if self.largest else _main(part)))
        move, ramp = width * self.grow, width * self.feather
        outside = _reach(move + ramp / 2)
        wide = _wider(box, outside, kept.shape)
        part = F.pad(part, [edge for axis in (2, 1) for edge in _margins(box[axis], wide[axis])])
        result[wide] = _moved(part, shown[wide], move, ramp, outside) * shown[wide]
        return result[:, None]


def _probable(logits: Tensor, classes: Sequence[int], threshold: float) -> Tensor:
    """Where classes together are more probable than a threshold. Odds plane by plane: a softmax takes four times as
    long on what networks leave in channels-last order.
    """
    others = _others(logits, classes)
    highest = _joined(torch.maximum, logits, others).float()
    favour = reduce(Tensor.add_, (_odds(logits[:, index], highest) for index in classes))
    if len(others) == 1:
        return favour > threshold / (1 - threshold)
    against = reduce(Tensor.add_, (_odds(logits[:, index], highest) for index in others))
    return favour > threshold / (1 - threshold) * against


def _odds(plane: Tensor, reference: Tensor) -> Tensor:
    return (plane.float() - reference).exp_()  # infinite for a class far above all others, which decides as well


def _highest(logits: Tensor, classes: Sequence[int]) -> Tensor:
    """Where one of the classes has the highest score, and no other has the same."""
    best = _joined(torch.maximum, logits, classes)
    return reduce(Tensor.logical_and_, (best > logits[:, index] for index in _others(logits, classes)))


def _others(logits: Tensor, classes: Sequence[int]) -> list[int]:
    return [index for index in range(logits.shape[1]) if index not in classes]


def _joined(join: Callable[[Tensor, Tensor], Tensor], planes: Tensor, classes: Sequence[int]) -> Tensor:
    """One plane of several: plane by plane it takes half the time of a reduction over them."""
    return reduce(join, [planes[:, index] for index in classes])


def _main(mask: Tensor) -> Tensor:
    """The largest part of each picture, in the pixels around all of them: only its width is asked for."""
    return largest_component(mask[_box(mask)])


def _width(mask: Tensor) -> Tensor:
    """(N,) float32: columns from the first to the last that has a pixel; 0 without one."""
    columns = mask.view(torch.uint8).amax(1) > 0  # any() takes ten times as long
    place = torch.arange(mask.shape[2], device=mask.device)
    first = torch.where(columns, place, mask.shape[2]).amin(1)
    last = torch.where(columns, place, -1).amax(1)
    return (last - first + 1).clamp(min=0).float()


Box = tuple[slice, slice, slice]


def _box(mask: Tensor) -> Box:
    """The pixels of a batch around everything that is set in any of its pictures: the rest need not be looked at.

    A margin of one pixel holds the nearest unset pixel of every set one.
    """
    rows, columns = (mask.view(torch.uint8).amax(others).nonzero().flatten() for others in ((0, 2), (0, 1)))
    if not len(rows):
        return slice(None), slice(0, 1), slice(0, 1)
    high, wide = (slice(int(places[0]), int(places[-1]) + 1) for places in (rows, columns))
    return _wider((slice(None), high, wide), 1, mask.shape)


def _wider(box: Box, margin: int, shape: Sequence[int]) -> Box:
    rows, columns = (
        slice(max(0, box[axis].start - margin), min(shape[axis], box[axis].stop + margin)) for axis in (1, 2)
    )
    return slice(None), rows, columns


def _margins(inner: slice, outer: slice) -> tuple[int, int]:
    return inner.start - outer.start, outer.stop - inner.stop


def _moved(kept: Tensor, shown: Tensor, move: Tensor, ramp: Tensor, outside: int) -> Tensor:
    """Moves each outline by ``move`` pixels and makes it a ramp of ``ramp`` pixels, (N,) each.

    Distances lead from pixel centre to pixel centre; the outline lies half-way. ``outside`` is how far out they count.
    """
    inside = _reach(ramp / 2 - move)
    away = squared_distance(kept, outside) if outside else None
    deep = squared_distance(shown & ~kept, inside) if inside else None
    if not ramp.any():  # squares are compared, which saves the roots
        if away is not None:
            kept = kept | (away < (move + 0.5).square().ceil().to(away.dtype)[:, None, None])
        if deep is not None:
            kept = kept & (deep > (0.5 - move).square().floor().to(deep.dtype)[:, None, None])
        return kept.float()
    far = torch.ones_like(kept, dtype=torch.int16)  # where no distance matters
    square = torch.where(kept, far if deep is None else deep, far if away is None else away)
    distance = square.float().sqrt_().sub_(0.5)
    signed = torch.where(kept, distance, -distance).add_(move[:, None, None])
    return signed.div_(ramp[:, None, None].clamp(min=1e-3)).add_(0.5).clamp_(0, 1)


def _reach(length: Tensor) -> int:
    """Distance of interest, 0 where none is, for a batch."""
    most = length.amax().item()
    return math.ceil(most) + 1 if most > 0 else 0
