"""The report's U-Net at 320 pixels: the way bareface runs it against plain eager float32 NCHW PyTorch."""

from collections.abc import Callable

import torch
from torch import nn

from bareface.segmentation.losses.dice import DiceLoss
from bareface.segmentation.networks.unet import UNetMobileNetV2
from benchmarks.machine import alternate

BATCH, SIZE = 16, 320
Row = dict[str, object]


def _inference(network: nn.Module, image: torch.Tensor, bf16: bool) -> Callable[[], object]:
    network.eval()

    def call() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            network(image)

    return call


def _training(network: nn.Module, image: torch.Tensor, mask: torch.Tensor, bf16: bool) -> Callable[[], object]:
    network.train()
    loss, optimizer = DiceLoss(), torch.optim.SGD(network.parameters(), lr=1e-2, momentum=0.9)

    def call() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            value = loss(network(image), mask)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()

    return call


def measure(rounds: int, compiled: bool) -> list[Row]:
    """Milliseconds a picture, and how many times faster than the plain way."""
    torch.manual_seed(0)
    image = torch.rand(BATCH, 3, SIZE, SIZE)
    last = image.contiguous(memory_format=torch.channels_last)
    mask = torch.randint(2, (BATCH, SIZE, SIZE))

    def network(channels_last: bool, compile_it: bool = False) -> nn.Module:
        built = UNetMobileNetV2(classes=2)
        if channels_last:
            built.to(memory_format=torch.channels_last)
        if compile_it:
            built.compile()
        return built

    rows: list[Row] = []
    ways = {
        "plain: float32, NCHW, eager": (False, image, False, False),
        "float32, channels last": (True, last, False, False),
        "bareface: bf16, channels last": (True, last, True, False),
    }
    if compiled:
        ways["bf16, channels last, compiled"] = (True, last, True, True)
    for what in ("inference", "training"):
        candidates = {
            name: _inference(network(order, comp), data, bf16)
            if what == "inference"
            else _training(network(order, comp), data, mask, bf16)
            for name, (order, data, bf16, comp) in ways.items()
        }
        found = alternate(candidates, rounds)
        base = found["plain: float32, NCHW, eager"]
        for name, seconds in found.items():
            rows.append(
                {"what": f"U-Net {what}, {SIZE} px, batch {BATCH}", "how": name}
                | {"ms a picture": seconds / BATCH * 1e3, "times plain": base / seconds}
            )
    return rows
