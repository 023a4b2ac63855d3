from collections.abc import Callable
from functools import partial

import pytest
import torch
import torchvision
from torch import nn

from bareface.recognition.backbones.resnet import ResNet18, ResNet34, ResNet50, ResNet101

from .contract import BackboneContract, picture


class TestResNet18(BackboneContract):
    backbone = ResNet18
    parameters = 11_176_512
    embedding_size = 512


class TestResNet18Small(BackboneContract):
    backbone = partial(ResNet18, stem="small")
    parameters = 11_176_512 - 64 * 3 * (49 - 9)
    embedding_size = 512


class TestResNet50Caffe(BackboneContract):
    backbone = partial(ResNet50, wiring="caffe")
    parameters = 23_508_032
    embedding_size = 2048


@pytest.mark.parametrize(
    ("backbone", "reference", "parameters"),
    [
        (ResNet18, torchvision.models.resnet18, 11_176_512),
        (ResNet34, torchvision.models.resnet34, 21_284_672),
        (ResNet50, torchvision.models.resnet50, 23_508_032),
        (ResNet101, torchvision.models.resnet101, 42_500_160),
    ],
)
def test_is_torchvisions(
    backbone: Callable[..., nn.Module], reference: Callable[..., nn.Module], parameters: int
) -> None:
    torch.manual_seed(0)
    ours, theirs = backbone().eval(), reference(weights=None).eval()
    theirs.fc = nn.Identity()
    with torch.inference_mode():
        assert not torch.allclose(ours(picture(1, 64, 48)), theirs(picture(1, 64, 48)))
        ours.load_state_dict(theirs.state_dict())  # strict: names and shapes
        assert torch.equal(ours(picture(1, 64, 48)), theirs(picture(1, 64, 48)))
    assert sum(parameter.numel() for parameter in ours.parameters()) == parameters


def test_wirings_take_the_same_weights_and_differ() -> None:
    torch.manual_seed(0)
    caffe, torchvisions = ResNet50(wiring="caffe").eval(), ResNet50(wiring="torchvision").eval()
    torchvisions.load_state_dict(caffe.state_dict())
    with torch.inference_mode():
        ours, theirs = caffe(picture(1, 112, 112)), torchvisions(picture(1, 112, 112))
    assert (ours - theirs).norm() > 0.01 * ours.norm()


def test_caffe_wiring() -> None:
    backbone = ResNet50(wiring="caffe")
    strides = {
        name: layer.stride[0]
        for name, layer in backbone.named_modules()
        if isinstance(layer, nn.Conv2d) and layer.stride != (1, 1) and "downsample" not in name
    }
    assert strides == {"conv1": 2, "layer2.0.conv1": 2, "layer3.0.conv1": 2, "layer4.0.conv1": 2}
    ramp = torch.arange(6.0).reshape(1, 1, 1, 6).expand(1, 1, 6, 6)
    # Windows begin at 0, 2, 4 and the last one hangs over the edge; padding would begin at -1.
    assert backbone.maxpool(ramp)[0, 0, 0].tolist() == [2, 4, 5]
    assert ResNet50().maxpool(ramp)[0, 0, 0].tolist() == [1, 3, 5]


@pytest.mark.parametrize(("stem", "side"), [("imagenet", 2), ("small", 4)])
def test_stem_sets_the_resolution(stem: str, side: int) -> None:
    with torch.device("meta"):
        backbone = ResNet18(stem=stem)
        shapes = []
        backbone.layer4.register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape)))
        backbone(torch.zeros(2, 3, 64, 64))
    assert shapes == [(2, 512, side, side)]


def test_projection_follows_the_pooling() -> None:
    torch.manual_seed(0)
    plain, projected = ResNet50().eval(), ResNet50(projection=3).eval()
    missing = projected.load_state_dict(plain.state_dict(), strict=False)
    assert missing.missing_keys == ["feat_extract.weight"] and projected.embedding_size == 3
    with torch.inference_mode():
        expected = plain(picture(2, 64, 64)) @ projected.feat_extract.weight.T
        torch.testing.assert_close(projected(picture(2, 64, 64)), expected)


def test_refuses_other_choices() -> None:
    with pytest.raises(ValueError, match=r"projection=0: expected at least 1, or null for the pooled feature itself\."):
        ResNet50(projection=0)
    with pytest.raises(ValueError, match=r"wiring=keras: expected torchvision or caffe\."):
        ResNet50(wiring="keras")
    with pytest.raises(ValueError, match=r"stem=large: expected imagenet or small\."):
        ResNet18(stem="large")
