"""Generalised Wasserstein Dice loss."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from monai.losses.dice import GeneralizedWassersteinDiceLoss as MonaiLoss
from torch import Tensor, nn

from bareface.segmentation.losses.target import counted

log = logging.getLogger(__name__)


class GeneralisedWassersteinDiceLoss(nn.Module):
    """Dice loss for which some confusions are worse than others: hair taken for face is less wrong than for background.

    With the error of a pixel ``d = sum_c distance[truth, c] p_c``, over all pixels of the batch that are not ignored:
    ``1 - 2 T / (2 T + E)``, where T sums ``1 - d`` over the pixels of foreground and E sums ``d`` over all. 0 where
    all pixels are ignored, or where everything is background and found to be.

    Whoever trains tells it the names of the classes, with ``name_classes``.

    Args:
        distance: How wrong it is to take one of two classes for the other, above 0 and at most 1, by their names:
            ``{face: {hair: 0.5}}``. It is 1 for pairs that are not named; a pair that the data does not have changes
            nothing.

    Raises:
        ValueError: A pair is named twice or is none, or a value is out of range.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        in [0, 1], float32.

    Source: Fidon et al., Generalised Wasserstein Dice score, BrainLes 2017, equations 8 to 12; computed by MONAI.
    """

    def __init__(self, distance: Mapping[str, Mapping[str, float]]) -> None:
        super().__init__()
        self.pairs: dict[frozenset[str], float] = {}
        for one, others in distance.items():
            for other, value in others.items():
                if one == other or frozenset((one, other)) in self.pairs:
                    raise ValueError(f"loss.distance.{one}.{other}={value}: expected each pair of two classes once.")
                if not 0 < value <= 1:
                    raise ValueError(f"loss.distance.{one}.{other}={value}: expected above 0 and at most 1.")
                self.pairs[frozenset((one, other))] = value
        self.classes: tuple[str, ...] = ()

    def name_classes(self, classes: Sequence[str]) -> None:
        """Says which class is which.

        Args:
            classes: Names of the classes 0, 1, ...; the first is the background.
        """
        matrix = np.ones((len(classes), len(classes)), np.float32) - np.eye(len(classes), dtype=np.float32)
        for pair, value in self.pairs.items():
            places = [place for place, name in enumerate(classes) if name in pair]
            if len(places) == 2:
                matrix[places, places[::-1]] = value
            else:
                log.info("loss.distance.%s: not used, the classes are %s.", ".".join(sorted(pair)), ", ".join(classes))
        self.classes = tuple(classes)
        self.loss = MonaiLoss(dist_matrix=matrix, weighting_mode="default")

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch.

        Raises:
            ValueError: The classes were not named, or there are others; or as ``labels_of``.
        """
        if logits.shape[1] != len(self.classes):
            found = f"loss.distance: {len(self.classes)} classes are named, the scores have {logits.shape[1]}"
            raise ValueError(f"{found}. Call name_classes before training.")
        scores, labels = counted(logits, target)
        if not len(labels):
            return 0 * logits.float().sum()
        value: Tensor = self.loss(scores.T[None], labels[None, None])
        return value
