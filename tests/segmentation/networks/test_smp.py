from functools import partial

import pytest
import segmentation_models_pytorch as smp
import torch
from torch import nn

from bareface.segmentation.networks.smp import SMPNetwork

from .contract import NetworkContract, picture


class TestUNetPlusPlus(NetworkContract):
    network = partial(SMPNetwork, arch="unetplusplus", encoder="resnet18")
    parameters = 15_970_594


class TestDeepLabV3Plus(NetworkContract):
    network = partial(SMPNetwork, arch="deeplabv3plus", encoder="mobilenet_v2")
    parameters = 4_378_770


class TestPSPNet(NetworkContract):
    network = partial(SMPNetwork, arch="pspnet", encoder="resnet18")
    parameters = 840_994


class TestFPN(NetworkContract):
    network = partial(SMPNetwork, arch="fpn", encoder="resnet18")
    parameters = 13_047_362


class TestSegFormer(NetworkContract):
    network = partial(SMPNetwork, arch="segformer", encoder="mit_b0")
    parameters = 3_714_658


@pytest.mark.parametrize("arch", smp.MODEL_ARCHITECTURES_MAPPING)
def test_every_architecture_takes_any_size(arch: str) -> None:
    encoder = "tu-vit_tiny_patch16_224" if arch == "dpt" else "resnet18"
    network = SMPNetwork(classes=2, arch=arch, encoder=encoder).eval()
    with torch.inference_mode():
        assert network(picture(1, 33, 50)).shape == (1, 2, 33, 50)


def test_stages_that_nothing_depends_on_are_gone() -> None:
    encoder = SMPNetwork(classes=2, arch="pspnet", encoder="resnet18").encoder
    assert isinstance(encoder.layer3, nn.Identity) and isinstance(encoder.layer4, nn.Identity)
    assert any(True for _ in encoder.layer2.parameters())


def test_takes_an_encoder_of_timm() -> None:
    network = SMPNetwork(classes=2, arch="unet", encoder="tu-mobilenetv3_small_050").eval()
    assert network(picture(1, 48, 33)).shape == (1, 2, 48, 33)


@pytest.mark.parametrize(
    ("arch", "encoder", "message"),
    [
        ("unett", "resnet18", r"network\.arch=unett: unknown\. Did you mean unet"),
        ("unet", "resnet81", r"network\.encoder=resnet81: unknown\. Did you mean .*resnet18"),
        ("unet", "tu-mobilnetv3_small_050", r"unknown\. Did you mean tu-mobilenetv3_small_050"),
        ("linknet", "mit_b0", r"network\.arch=linknet does not take network\.encoder=mit_b0: Encoder `mit_b0` is not"),
    ],
)
def test_refuses_names_in_one_line(arch: str, encoder: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SMPNetwork(classes=2, arch=arch, encoder=encoder)
    assert "\n" not in str(caught.value)
