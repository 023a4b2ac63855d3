"""What several processes compute together; with one process, each of these is what it is without the others."""

from typing import Any

import torch
from torch import Tensor, distributed
from torch.nn import functional as F


def place() -> tuple[int, int]:
    """Number of this process, and how many there are."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        total = own.contiguous().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total


def total(own: Tensor) -> Tensor:
    """The sum over the processes. Its gradient is that of the sum of all processes' losses."""
    return own if place()[1] == 1 else _Total.apply(own)  # type: ignore[no-untyped-call,no-any-return]


def highest(own: Tensor) -> Tensor:
    """The maximum over the processes, without a gradient."""
    own = own.detach().clone()
    if place()[1] > 1:
        distributed.all_reduce(own, distributed.ReduceOp.MAX)
    return own


def joined(rows: Tensor) -> tuple[Tensor, int]:
    """The rows of all processes, which may be more in one than in another, and where those of this one begin."""
    number, count = place()
    sizes = torch.zeros(count, dtype=torch.int64, device=rows.device)
    sizes[number] = len(rows)
    before = [0, *total(sizes).cumsum(0).tolist()]
    pad = [0, 0] * (rows.ndim - 1) + [before[number], before[-1] - before[number + 1]]
    return total(F.pad(rows, pad)), before[number]
