from functools import partial

import pytest
import torch

from bareface.recognition.backbones.projected import Projected

from .contract import BackboneContract, picture

SMALL = {"_target_": "bareface.recognition.backbones.resnet.ResNet18", "stem": "small"}


class TestProjected(BackboneContract):
    backbone = partial(Projected, SMALL, embedding_size=128)
    parameters = 11_176_512 - 64 * 3 * (49 - 9) + 512 * 128 + 2 * 128
    embedding_size = 128


def test_is_a_linear_map_of_the_backbone() -> None:
    torch.manual_seed(0)
    network = Projected(SMALL, embedding_size=3).eval()
    with torch.inference_mode():
        inner, found = network.backbone(picture(2, 32, 32)), network(picture(2, 32, 32))
        torch.testing.assert_close(found, inner @ network.project[1].weight.T / (1 + 1e-5) ** 0.5)


def test_drops_in_training_alone() -> None:
    network = Projected(SMALL, embedding_size=3, dropout=0.9)
    network.backbone.eval()
    with torch.inference_mode():
        assert not torch.equal(network(picture(2, 32, 32)), network(picture(2, 32, 32)))
        network.eval()
        assert torch.equal(network(picture(2, 32, 32)), network(picture(2, 32, 32)))


def test_refusals() -> None:
    message = r"backbone\.embedding_size=0, backbone\.dropout=0\.0: expected at least 1, and 0 <= dropout < 1\.$"
    with pytest.raises(ValueError, match=message):
        Projected(SMALL, embedding_size=0)
