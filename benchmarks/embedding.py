"""Embeddings: the way bareface extracts them against the same network in plain eager float32 NCHW PyTorch."""

from collections.abc import Callable

import torch
from torch import nn

from bareface.recognition.backbones.iresnet import IResNet50
from bareface.recognition.backbones.resnet import ResNet50
from bareface.recognition.inference import BFloat16Backbone, fold
from benchmarks.machine import alternate

NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "ResNet-50": (ResNet50, 224),
    "IResNet-50": (IResNet50, 112),
}
BATCHES = (1, 32)
Row = dict[str, object]


def _call(network: nn.Module, image: torch.Tensor, autocast: bool = False) -> Callable[[], object]:
    def call() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            network(image)

    return call


def _channels_last(network: nn.Module) -> nn.Module:
    network.to(memory_format=torch.channels_last)
    return network


def measure(rounds: int) -> list[Row]:
    """Pictures a second, and how many times faster than the plain way."""
    rows: list[Row] = []
    for name, (network, side) in NETWORKS.items():
        torch.manual_seed(0)
        plain = network().eval()
        example = torch.randn(1, 3, side, side)
        for batch in BATCHES:
            image = torch.randn(batch, 3, side, side)
            last = image.contiguous(memory_format=torch.channels_last)
            ready = BFloat16Backbone(fold(plain, example), example)
            candidates = {
                "plain: float32, NCHW, eager": _call(plain, image),
                "float32, channels last, folded": _call(_channels_last(fold(plain, example)), last),
                "bf16 autocast, channels last": _call(_channels_last(network().eval()), last, autocast=True),
                "bareface: bf16, channels last, folded, packed": _call(ready, last),
            }
            found = alternate(candidates, rounds * (10 if batch == 1 else 1))  # single pictures are soon done
            base = found["plain: float32, NCHW, eager"]
            for how, seconds in found.items():
                rows.append(
                    {"what": f"Embeddings, {name}, {side} px, batch {batch}", "how": how}
                    | {"pictures a second": batch / seconds, "times plain": base / seconds}
                )
    return rows
