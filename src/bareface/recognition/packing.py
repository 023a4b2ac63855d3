"""Convolutions whose weights lie in the order that the processor's library wants, once and not in every call."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class PackedConvolution(nn.Module):
    """A convolution in bfloat16 on the CPU, for inference alone.

    PyTorch hands the weights to oneDNN in its own order, and oneDNN sorts them in every call: for a single picture a
    quarter of the time of ResNet-50. These are the operators that ``torch.compile`` uses, without its compilation.

    Args:
        convolution: What it computes; in bfloat16, padded with zeros.
        size: (N, C, H, W) of its input. The order is chosen for it; on maps of another height and width the library
            may sort the weights in every call after all, which takes many times as long as the convolution.
    """

    weight: Tensor

    def __init__(self, convolution: nn.Conv2d, size: Sequence[int]) -> None:
        super().__init__()
        self.stride, self.padding = list(convolution.stride), [int(side) for side in convolution.padding]
        self.dilation, self.groups = list(convolution.dilation), convolution.groups
        self.bias = convolution.bias
        ordered = torch.ops.mkldnn._reorder_convolution_weight(
            convolution.weight.detach(), self.padding, self.stride, self.dilation, self.groups, list(size)
        )
        self.register_buffer("weight", ordered, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) bfloat16 to (N, C', H', W') bfloat16."""
        y: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups, "none", [], ""
        )
        return y


def can_pack() -> bool:
    """Whether this PyTorch has the operators, which are not part of its public interface."""
    operators = ("_reorder_convolution_weight", "_convolution_pointwise")
    available: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return available and all(hasattr(torch.ops.mkldnn, name) for name in operators)


def pack(network: nn.Module, example: Tensor) -> None:
    """Replaces the convolutions of a network in bfloat16, in place; others than ``Conv2d`` itself stay.

    Args:
        network: In evaluation mode.
        example: A batch of the size that it will see; a run on it shows how large each convolution's input is.
    """
    sizes: dict[nn.Module, Sequence[int]] = {}
    hooks = [
        module.register_forward_pre_hook(lambda module, inputs: sizes.update({module: inputs[0].shape}))
        for module in network.modules()
        if type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str)
    ]
    with torch.no_grad():
        network(example)
    for hook in hooks:
        hook.remove()
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d) and module in sizes:
            network.set_submodule(name, PackedConvolution(module, sizes[module]))
