from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from bareface.recognition.backbones.iresnet import IResNet18, IResNet50, IResNet100

from .contract import BackboneContract


def parameters(layers: tuple[int, ...], embedding_size: int = 512) -> int:
    """Counted by hand: stem, blocks, the normalisations and the linear map at the end."""
    count = 3 * 64 * 9 + 2 * 64 + 64
    inplanes = 64
    for planes, blocks in zip((64, 128, 256, 512), layers, strict=True):
        for number in range(blocks):
            count += 2 * inplanes + 9 * inplanes * planes + 2 * planes + planes + 9 * planes * planes + 2 * planes
            if number == 0:
                count += inplanes * planes + 2 * planes
            inplanes = planes
    return count + 2 * 512 + 512 * 49 * embedding_size + embedding_size + 2 * embedding_size


class TestIResNet18(BackboneContract):
    backbone = partial(IResNet18, embedding_size=64)
    parameters = parameters((2, 2, 2, 2), 64)
    embedding_size = 64
    side = 112
    frozen = ("features.weight",)


@pytest.mark.parametrize(
    ("backbone", "layers", "published"),
    [
        (IResNet18, (2, 2, 2, 2), 24_025_600),
        (IResNet50, (3, 4, 14, 3), 43_590_848),
        (IResNet100, (3, 13, 30, 3), 65_156_160),
    ],
)
def test_sizes_of_the_public_networks(
    backbone: Callable[[], nn.Module], layers: tuple[int, ...], published: int
) -> None:
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in backbone().parameters()) == parameters(layers) == published


def test_names_are_insightfaces() -> None:
    with torch.device("meta"):
        names = [name for name in IResNet18().state_dict() if not name.endswith("num_batches_tracked")]
    statistics = ("weight", "bias", "running_mean", "running_var")

    def block(prefix: str, shortcut: bool) -> list[str]:
        own = [f"bn1.{s}" for s in statistics] + ["conv1.weight"] + [f"bn2.{s}" for s in statistics]
        own += ["prelu.weight", "conv2.weight"] + [f"bn3.{s}" for s in statistics]
        if shortcut:
            own += ["downsample.0.weight"] + [f"downsample.1.{s}" for s in statistics]
        return [f"{prefix}.{name}" for name in own]

    expected = ["conv1.weight", *(f"bn1.{s}" for s in statistics), "prelu.weight"]
    for stage in (1, 2, 3, 4):
        expected += block(f"layer{stage}.0", shortcut=True) + block(f"layer{stage}.1", shortcut=False)
    expected += [f"bn2.{s}" for s in statistics] + ["fc.weight", "fc.bias"] + [f"features.{s}" for s in statistics]
    assert names == expected


def test_shortcut_is_added_uncut() -> None:
    block = IResNet18(embedding_size=2).layer1[1].eval()
    x = torch.full((1, 64, 4, 4), -3.0)
    with torch.inference_mode():
        block.bn3.weight.zero_()
        assert torch.equal(block(x), x)
