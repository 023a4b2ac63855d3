"""Makes a recogniser fast where it only embeds: batch normalisations folded, weights in bfloat16 once and for all."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from bareface.recognition.packing import can_pack, pack
from bareface.recognition.recogniser import Recogniser

AGREEMENT = 1e-3
"""Largest relative difference that folding may make; rounding makes a hundredth of it."""


class BFloat16Backbone(nn.Module):
    """A backbone that computes in bfloat16 on the CPU from weights that are kept in it; float32 in, float32 out.

    Autocast would convert every weight again in every call.

    Args:
        backbone: In evaluation mode; its weights are converted and, where PyTorch can, packed.
        example: (N, 3, H, W) of the size that it is fast for.
    """

    def __init__(self, backbone: nn.Module, example: Tensor) -> None:
        super().__init__()
        self.backbone = backbone.to(torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if can_pack():
            pack(self.backbone, example.to(torch.bfloat16, memory_format=torch.channels_last))
        self.embedding_size = backbone.embedding_size
        self.unit_length: bool = bool(getattr(backbone, "unit_length", False))

    def forward(self, image: Tensor, normalise: bool = True) -> Tensor:
        """(N, 3, H, W) float to (N, embedding_size) float32; ``normalise`` as in backbones of unit length."""
        with torch.autocast("cpu", enabled=False):
            options = {"normalise": False} if self.unit_length else {}
            embedding: Tensor = self.backbone(image.to(torch.bfloat16), **options).float()
            return F.normalize(embedding) if self.unit_length and normalise else embedding


def prepare(recogniser: Recogniser, bf16: bool) -> Recogniser:
    """Makes a recogniser faster, in place: for embedding alone, it can neither be trained nor saved after it.

    Args:
        recogniser: In evaluation mode.
        bf16: Computes the embeddings in bfloat16, on the CPU alone; pays where it does so itself, see ``precision``.

    Returns:
        The same recogniser. Its embeddings point where they did: the cosine is above 0.999.
    """
    recogniser.requires_grad_(False)
    noise = torch.randn(1, 3, recogniser.crop, recogniser.crop, generator=torch.Generator().manual_seed(0))
    backbone = fold(recogniser.backbone, noise)
    backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    recogniser.backbone = BFloat16Backbone(backbone, noise) if bf16 else backbone
    return recogniser


@torch.no_grad()
def fold(backbone: nn.Module, example: Tensor) -> nn.Module:
    """Folds each batch normalisation into the convolution whose output it alone takes.

    Which one that is, a run shows. Where folding changes what comes out, because something that is no module looks at
    the convolution too, the backbone is left as it is.

    Args:
        backbone: In evaluation mode.
        example: A batch that it takes.

    Returns:
        A copy with fewer layers, or the backbone.
    """
    folded = deepcopy(backbone)
    expected = folded(example)
    pairs = _pairs(folded, example)
    for convolution, normalisation in pairs.items():
        first, second = folded.get_submodule(convolution), folded.get_submodule(normalisation)
        assert isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d)
        folded.set_submodule(convolution, fuse_conv_bn_eval(first, second))
        folded.set_submodule(normalisation, nn.Identity())
    close = (folded(example) - expected).norm() <= AGREEMENT * expected.norm()
    return folded if close else backbone


def _pairs(network: nn.Module, example: Tensor) -> dict[str, str]:
    """Names of the convolutions and of the batch normalisations that take their output, each used once."""
    made: dict[int, str] = {}
    takers: dict[int, list[str]] = {}
    kept: list[object] = []  # an id is free again when its tensor is gone
    calls: list[str] = []

    def before(name: str, module: nn.Module, inputs: tuple[object, ...]) -> None:
        kept.extend(inputs)
        for value in inputs:
            takers.setdefault(id(value), []).append(name)

    def after(name: str, module: nn.Module, inputs: tuple[object, ...], output: Tensor) -> None:
        calls.append(name)
        kept.append(output)
        if type(module) is nn.Conv2d:
            made[id(output)] = name

    hooks = []
    for name, module in network.named_modules():
        if not any(True for _ in module.children()):
            hooks.append(module.register_forward_pre_hook(lambda m, i, name=name: before(name, m, i)))
            hooks.append(module.register_forward_hook(lambda m, i, o, name=name: after(name, m, i, o)))
    network(example)
    for hook in hooks:
        hook.remove()
    found = {}
    for key, convolution in made.items():
        taker = takers.get(key, [])
        if len(taker) == 1 and type(network.get_submodule(taker[0])) is nn.BatchNorm2d:
            if calls.count(convolution) == calls.count(taker[0]) == 1:
                found[convolution] = taker[0]
    return found
