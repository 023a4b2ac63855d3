"""Prepared recognisers embed as before, only faster."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.recognition.backbones.inception_resnet_v1 import InceptionResNetV1
from bareface.recognition.backbones.iresnet import IResNet18
from bareface.recognition.backbones.mobilefacenet import MobileFaceNet
from bareface.recognition.backbones.resnet import ResNet18, ResNet50
from bareface.recognition.backbones.senet import SENet50
from bareface.recognition.inference import fold, prepare
from bareface.recognition.packing import PackedConvolution, can_pack, pack
from bareface.recognition.recogniser import Recogniser

NORMALISE = {"mean": [127.5] * 3, "std": [64.0] * 3}


def settled(backbone: nn.Module, side: int) -> nn.Module:
    """In evaluation mode, with statistics that fit what it computes: random ones would blow it up."""
    norms = [m for m in backbone.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
    with torch.no_grad():
        backbone.train()(torch.randn(8, 3, side, side, generator=torch.Generator().manual_seed(0)))
    return backbone.eval()


def left(backbone: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in backbone.modules())


@pytest.mark.parametrize(
    ("network", "side", "remaining"),
    [
        (ResNet18, 64, 0),
        (partial(ResNet50, wiring="caffe"), 64, 0),
        (SENet50, 64, 0),
        (InceptionResNetV1, 112, 0),
        (IResNet18, 112, 8 + 1),  # zeros are padded between the first one of a block and its convolution
        (MobileFaceNet, 112, 0),
    ],
)
def test_folding_leaves_what_comes_out(network: Callable[[], nn.Module], side: int, remaining: int) -> None:
    torch.manual_seed(0)
    backbone = settled(network(), side)
    picture = torch.randn(2, 3, side, side)
    folded = fold(backbone, picture[:1])
    assert left(folded) == remaining < left(backbone)
    with torch.no_grad():
        expected = backbone(picture)
        assert (folded(picture) - expected).norm() < 1e-4 * expected.norm()


class Peeking(nn.Module):
    """Looks at the convolution beside its normalisation, where no module sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)

    def forward(self, image: Tensor) -> Tensor:
        x = self.conv(image)
        return (self.bn(x) + x).mean((2, 3))


def test_nothing_is_folded_where_that_changes_the_result() -> None:
    torch.manual_seed(0)
    backbone = Peeking().eval()
    backbone.bn.running_mean.fill_(3.0)
    assert fold(backbone, torch.randn(1, 3, 8, 8)) is backbone


class Shared(nn.Module):
    """One convolution before two normalisations, and one used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn1, self.bn2 = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.BatchNorm2d(3)
        self.twice, self.bn3 = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

    def forward(self, image: Tensor) -> Tensor:
        x = self.conv(image)
        y = self.bn1(x) + self.bn2(x)
        return self.bn3(self.twice(self.twice(y))).mean((2, 3))


def test_what_is_used_more_than_once_stays() -> None:
    torch.manual_seed(0)
    assert left(fold(Shared().eval(), torch.randn(1, 3, 8, 8))) == 3


@pytest.mark.parametrize(
    ("target", "arguments", "side"),
    [
        ("resnet.ResNet50", {}, 64),
        ("iresnet.IResNet18", {}, 112),
        ("inception_resnet_v1.InceptionResNetV1", {}, 80),
        ("mobilefacenet.MobileFaceNet", {}, 112),
        ("timm.TimmBackbone", {"name": "mobilenetv3_small_050"}, 112),
    ],
)
def test_embeddings_in_bf16_point_where_they_did(target: str, arguments: dict[str, str], side: int) -> None:
    torch.manual_seed(0)
    backbone = {"_target_": f"bareface.recognition.backbones.{target}", **arguments}
    head = {"_target_": "bareface.recognition.heads.linear.Linear"}
    recogniser = Recogniser(backbone, head, NORMALISE, side, side, side, ["Ada", "Bob"])
    if target == "iresnet.IResNet18":  # grows beyond all bounds otherwise
        settled(recogniser.backbone, side)
    recogniser.eval()
    pictures = torch.randint(0, 256, (4, 3, side, side), dtype=torch.uint8)
    with torch.inference_mode():
        expected, logits = recogniser.embed(pictures), recogniser(pictures)
        prepared = prepare(recogniser, bf16=True)
        found = prepared.embed(pictures)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(prepared.embed(pictures), found)
    assert found.dtype == torch.float32 and not torch.equal(found, expected)
    assert F.cosine_similarity(found, expected).min() > 0.999
    assert (prepared(pictures) - logits).abs().max() < 0.05 * logits.abs().max()
    assert next(prepared.backbone.parameters()).dtype == torch.bfloat16
    assert any(isinstance(module, PackedConvolution) for module in prepared.backbone.modules()) == can_pack()
    assert next(prepared.head.parameters()).dtype == torch.float32


@pytest.mark.skipif(not can_pack(), reason="this PyTorch cannot pack convolutions")
@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1, "bias": False},
        {"kernel_size": (1, 7), "padding": (0, 3)},
        {"kernel_size": 3, "groups": 8, "dilation": 2},
        {"kernel_size": 3, "groups": 2, "padding": 1},
    ],
)
@torch.inference_mode()
def test_packing_leaves_what_comes_out(arguments: dict[str, int]) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(8, 16, **arguments)).bfloat16()
    for shape in ((1, 8, 9, 11), (3, 8, 64, 64)):
        image = torch.randn(shape).bfloat16().contiguous(memory_format=torch.channels_last)
        packed = nn.Sequential(*network)
        pack(packed, image)
        torch.testing.assert_close(packed(image), network(image))
        assert isinstance(packed[0], PackedConvolution)


def test_what_cannot_be_packed_stays() -> None:
    last = nn.ConvTranspose2d(3, 3, 1)
    network = nn.Sequential(
        nn.Conv2d(3, 3, 3, padding="same"), nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"), last
    )
    before = list(network)
    pack(network, torch.zeros(1, 3, 8, 8))
    assert list(network) == before


def test_weights_are_packed_for_the_maps_that_they_will_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """For others they would be sorted in every call after all, which is slower than not to pack them."""
    sizes = []

    def noting(convolution: nn.Conv2d, size: torch.Size) -> nn.Module:
        sizes.append(tuple(size))
        return convolution

    monkeypatch.setattr("bareface.recognition.packing.PackedConvolution", noting)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 5, 1, stride=2))
    pack(network, torch.zeros(1, 3, 20, 12))
    assert sizes == [(1, 3, 20, 12), (1, 4, 10, 6)]
