"""How the learning rate goes up and down."""

import math


class WarmUpCosine:
    """Up in a straight line, then down along half a cosine; the factor of the learning rate for ``LambdaLR``.

    Args:
        epochs: Length of the training.
        warm_up: Epochs until the full learning rate is reached.
        floor: What is left of it in the end, as a share.

    Raises:
        ValueError: The warm-up is not shorter than the training, or the floor is no share.

    Source: Loshchilov and Hutter, SGDR, ICLR 2017, equation 5, without restarts; Goyal et al., 2017, section 2.2.

    >>> factor = WarmUpCosine(epochs=10, warm_up=2, floor=0.0)
    >>> [round(factor(epoch), 2) for epoch in (0, 1, 2, 6, 10)]
    [0.33, 0.67, 1.0, 0.5, 0.0]
    """

    def __init__(self, epochs: int, warm_up: int, floor: float) -> None:
        if not 0 <= warm_up < epochs:
            raise ValueError(f"scheduler.lr_lambda.warm_up={warm_up}: expected 0 to {epochs - 1}, of {epochs} epochs.")
        if not 0 <= floor <= 1:
            raise ValueError(f"scheduler.lr_lambda.floor={floor}: expected 0 to 1.")
        self.epochs, self.warm_up, self.floor = epochs, warm_up, floor

    def __call__(self, epoch: int) -> float:
        """The factor in an epoch, which are counted from 0."""
        if epoch < self.warm_up:
            return (epoch + 1) / (self.warm_up + 1)
        progress = min(1.0, (epoch - self.warm_up) / (self.epochs - self.warm_up))
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * progress)) / 2
