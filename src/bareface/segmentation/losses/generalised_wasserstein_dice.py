"""Generalised Wasserstein Dice loss."""

from collections.abc import Sequence

import numpy as np
from monai.losses.dice import GeneralizedWassersteinDiceLoss as MonaiLoss
from torch import Tensor, nn

from bareface.segmentation.losses.target import counted


class GeneralisedWassersteinDiceLoss(nn.Module):
    """Dice loss for which some confusions are worse than others: hair taken for face is less wrong than for background.

    With the error of a pixel ``d = sum_c distance[truth, c] p_c``, over all pixels of the batch that are not ignored:
    ``1 - 2 T / (2 T + E)``, where T sums ``1 - d`` over the pixels of foreground and E sums ``d`` over all. 0 where
    all pixels are ignored, or where everything is background and found to be.

    Args:
        distance: (C, C) how wrong it is to take the class of the row for that of the column: symmetric, 0 on the
            diagonal, in [0, 1]. The order is that of the classes, background first.

    Raises:
        ValueError: The matrix is not such; or, at the first batch, its size is not the number of classes.

    Shape:
        logits: (N, C, H, W) floating point. target: (N, H, W) class indices in [0, C) or 255 = ignore. Result: scalar
        in [0, 1], float32.

    Source: Fidon et al., Generalised Wasserstein Dice score, BrainLes 2017, equations 8 to 12; computed by MONAI.
    """

    def __init__(self, distance: Sequence[Sequence[float]]) -> None:
        super().__init__()
        sizes = {len(row) for row in distance}
        matrix = np.array(distance if sizes == {len(distance)} else [[np.nan]], np.float32)
        square = np.isfinite(matrix).all() and len(matrix) > 1
        if not (square and (matrix == matrix.T).all() and not matrix.diagonal().any() and _in_unit(matrix)):
            rule = "expected a square, symmetric matrix in [0, 1] with 0 on the diagonal, one row a class"
            raise ValueError(f"loss.distance={[list(row) for row in distance]}: {rule}, background first.")
        self.classes = len(matrix)
        self.loss = MonaiLoss(dist_matrix=matrix, weighting_mode="default")

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of one batch.

        Raises:
            ValueError: The distances are for another number of classes; or as ``labels_of``.
        """
        if logits.shape[1] != self.classes:
            found = f"loss.distance: {self.classes} x {self.classes}, but there are {logits.shape[1]} classes"
            raise ValueError(f"{found}. Expected {logits.shape[1]} x {logits.shape[1]}, one row a class of the data.")
        scores, labels = counted(logits, target)
        if not len(labels):
            return 0 * logits.float().sum()
        value: Tensor = self.loss(scores.T[None], labels[None, None])
        return value


def _in_unit(matrix: np.ndarray) -> bool:
    return bool((matrix >= 0).all() and (matrix <= 1).all())
