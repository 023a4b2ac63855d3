"""What a network costs: parameters, multiply-adds, memory for the backward pass, time."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

WARM_UP = 3


@dataclass(frozen=True)
class Description:
    """The cost of one module at one input.

    Args:
        parameters: Number of parameters, frozen ones included.
        trainable: Number of parameters that take a gradient.
        multiply_adds: Multiply-adds of convolutions and matrix products in one forward pass of the batch. Half of
            what is called FLOPs; normalisation, activation and resizing are left out, as in most papers.
        activation_bytes: Bytes that one forward pass in training mode keeps for the backward pass, without parameters
            and buffers. It includes the input where that is kept.
        latency_ms: Median time of a forward pass of the batch in evaluation mode.
        minimum_latency_ms: Shortest such time.
        batch_size: Pictures in the batch.
        input_size: Shape of one picture, (C, H, W).
    """

    parameters: int
    trainable: int
    multiply_adds: int
    activation_bytes: int
    latency_ms: float
    minimum_latency_ms: float
    batch_size: int
    input_size: tuple[int, ...]


def describe(module: nn.Module, example: Tensor, repeats: int = 10, backward: bool = True) -> Description:
    """Measures a module; leaves its modes, gradients, buffers and the random state as they were.

    A module compiled in place is timed as compiled and counted as not compiled.

    Args:
        module: Takes one tensor; may return anything.
        example: (N, ...) a batch on the device of the module. In training mode a BatchNorm that sees one value a
            channel raises, so give two pictures where a map shrinks to one pixel.
        repeats: Number of timed passes, after three that are not timed.
        backward: Look at training mode, too; False leaves ``activation_bytes`` at 0.

    Raises:
        ValueError: ``repeats`` is below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats={repeats}: expected at least 1.")
    example = example.detach()
    with _untouched(module, example.device):
        module.eval()
        with torch.no_grad(), torch.compiler.set_stance("force_eager"), FlopCounterMode(display=False) as counter:
            module(example)
        times = _latencies(module, example, repeats)
        module.train()
        kept = _kept_for_backward(module, example) if backward else 0
    return Description(
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        trainable=sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad),
        multiply_adds=counter.get_total_flops() // 2,
        activation_bytes=kept,
        latency_ms=statistics.median(times),
        minimum_latency_ms=min(times),
        batch_size=example.shape[0],
        input_size=tuple(example.shape[1:]),
    )


@contextmanager
def _untouched(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Puts back what a forward pass in training mode changes."""
    # Modes are kept one by one: a frozen encoder may be in evaluation mode inside a network that is training.
    modes = [(part, part.training) for part in module.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            yield
        finally:
            for part, training in modes:
                part.training = training
            with torch.no_grad():
                for buffer, before in buffers:
                    buffer.copy_(before)


def _latencies(module: nn.Module, example: Tensor, repeats: int) -> list[float]:
    times = []
    with torch.inference_mode():
        for _ in range(WARM_UP + repeats):
            start = time.perf_counter()
            module(example)
            if example.is_cuda:  # kernels run on after the call has returned
                torch.cuda.synchronize(example.device)
            times.append(1000 * (time.perf_counter() - start))
    return times[WARM_UP:]


def _kept_for_backward(module: nn.Module, example: Tensor) -> int:
    own = {tensor.untyped_storage().data_ptr() for tensor in (*module.parameters(), *module.buffers())}
    # Storages are held until the end, so that no address is used twice.
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    with torch.enable_grad(), torch.compiler.set_stance("force_eager"), hooks:
        module(example)
    return sum(storage.nbytes() for storage in kept.values())
