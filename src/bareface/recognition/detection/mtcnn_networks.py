"""The three networks of MTCNN. The names of their tensors are those of the published weights."""

import torch
from torch import Tensor, nn


def _pooled(inputs: int, outputs: int, number: int, pool: int, kernel: int = 3) -> dict[str, nn.Module]:
    layers: dict[str, nn.Module] = {
        f"conv{number}": nn.Conv2d(inputs, outputs, kernel),
        f"prelu{number}": nn.PReLU(outputs),
    }
    if pool:
        layers[f"pool{number}"] = nn.MaxPool2d(pool, 2, ceil_mode=True)
    return layers


class _Stage(nn.Module):
    """Named layers, the first ``trunk`` of which follow each other."""

    def __init__(self, trunk: dict[str, nn.Module], outputs: dict[str, nn.Module]) -> None:
        super().__init__()
        self.trunk, self.outputs = tuple(trunk), tuple(outputs)
        for name, layer in (trunk | outputs).items():
            self.add_module(name, layer)

    def _features(self, windows: Tensor) -> Tensor:
        for name in self.trunk:
            if name.startswith("dense"):
                windows = windows.permute(0, 3, 2, 1).flatten(1)  # as the weights were trained
            windows = self.get_submodule(name)(windows)
        return windows

    def forward(self, windows: Tensor) -> tuple[Tensor, ...]:
        """Scores windows.

        Args:
            windows: (N, 3, H, W) float32 RGB, (value - 127.5) / 128.

        Returns:
            Probability of a face, (N,) or (N, H', W'); then what the stage regresses, (N, 4) or (N, 4, H', W') moves of
            the sides of the box as shares of its size, and (N, 10) landmarks where the stage has them.
        """
        features = self._features(windows)
        scores, *regressed = (self.get_submodule(name)(features) for name in self.outputs)
        return torch.softmax(scores, 1)[:, 1], *regressed


class ProposalNet(_Stage):
    """P-net: a whole picture in, a score and a box for every window of 12 x 12 pixels, 2 pixels apart."""

    def __init__(self) -> None:
        super().__init__(
            _pooled(3, 10, 1, 2) | _pooled(10, 16, 2, 0) | _pooled(16, 32, 3, 0),
            {"conv4_1": nn.Conv2d(32, 2, 1), "conv4_2": nn.Conv2d(32, 4, 1)},
        )


class RefineNet(_Stage):
    """R-net: windows of 24 x 24 pixels in."""

    def __init__(self) -> None:
        dense = {"dense4": nn.Linear(576, 128), "prelu4": nn.PReLU(128)}
        super().__init__(
            _pooled(3, 28, 1, 3) | _pooled(28, 48, 2, 3) | _pooled(48, 64, 3, 0, kernel=2) | dense,
            {"dense5_1": nn.Linear(128, 2), "dense5_2": nn.Linear(128, 4)},
        )


class OutputNet(_Stage):
    """O-net: windows of 48 x 48 pixels in; the only one with landmarks."""

    def __init__(self) -> None:
        dense = {"dense5": nn.Linear(1152, 256), "prelu5": nn.PReLU(256)}
        convolutions = _pooled(3, 32, 1, 3) | _pooled(32, 64, 2, 3) | _pooled(64, 64, 3, 2)
        super().__init__(
            convolutions | _pooled(64, 128, 4, 0, kernel=2) | dense,
            {"dense6_1": nn.Linear(256, 2), "dense6_2": nn.Linear(256, 4), "dense6_3": nn.Linear(256, 10)},
        )
