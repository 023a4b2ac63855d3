from functools import partial

import pytest
import torch

from bareface.segmentation.networks.unet import DecoderStage, UNetDenseNet121, UNetMobileNetV2, UNetResNet

from .contract import NetworkContract, picture


class TestUNetMobileNetV2(NetworkContract):
    network = UNetMobileNetV2
    parameters = 4_683_331


class TestUNetResNet18(NetworkContract):
    network = partial(UNetResNet, depth=18)
    parameters = 16_613_179


class TestUNetDenseNet121(NetworkContract):
    network = UNetDenseNet121
    parameters = 40_113_339


@pytest.mark.parametrize(("depth", "parameters"), [(34, 26_721_339), (50, 72_395_707), (101, 91_387_835)])
def test_parameters_of_the_deeper_resnets(depth: int, parameters: int) -> None:
    with torch.device("meta"):
        network = UNetResNet(classes=2, depth=depth)
        assert network(torch.zeros(1, 3, 97, 65)).shape == (1, 2, 97, 65)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_refuses_another_depth() -> None:
    with pytest.raises(ValueError, match=r"depth=152: expected one of 18, 34, 50, 101\."):
        UNetResNet(classes=2, depth=152)


def test_a_stage_cuts_off_what_rounding_up_added() -> None:
    stage = DecoderStage(2, 1, lambda inputs, outputs: torch.nn.Identity())
    x, skip = torch.rand(1, 2, 3, 4), torch.rand(1, 1, 5, 7)
    joined = stage(x, skip)
    assert torch.equal(joined[:, :1], stage.up(x)[:, :, :5, :7])
    assert torch.equal(joined[:, 1:], skip)


def test_starts_as_said() -> None:
    torch.manual_seed(0)
    network = UNetMobileNetV2(classes=2)
    expand = network.encoder.features[18][0].weight  # 1280 x 320 x 1 x 1: fan out 1280
    assert expand.std().item() == pytest.approx((2 / 1280) ** 0.5, rel=0.01)
    assert not network.head[1].bias.any()


def test_the_corners_of_the_scores_stay_corners() -> None:
    network = UNetMobileNetV2(classes=2).eval()
    small = []
    network.head.register_forward_hook(lambda module, inputs, output: small.append(output))
    with torch.inference_mode():
        logits = network(picture(1, 48, 64))
    assert small[0].shape == (1, 2, 24, 32)
    for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        torch.testing.assert_close(logits[..., row, column], small[0][..., row, column])
    # Pixel 1 of 48 lies at 23 / 47 of pixel 0 to pixel 1 of 24.
    expected = torch.lerp(small[0][..., 0, 0], small[0][..., 1, 0], 23 / 47)
    torch.testing.assert_close(logits[..., 1, 0], expected)
