import torch

from bareface.recognition.backbones.mobilefacenet import MobileFaceNet

from .contract import BackboneContract


def convolution(weights: int, planes: int, linear: bool = False) -> int:
    """Weights, the two of each normalised channel, and one of the PReLU."""
    return weights + (2 if linear else 3) * planes


def depthwise(inplanes: int, planes: int, inside: int) -> int:
    """Widen, one 3x3 a channel, narrow."""
    wide = convolution(inplanes * inside, inside) + convolution(9 * inside, inside)
    return wide + convolution(inside * planes, planes, linear=True)


BODY = (
    convolution(27 * 128, 128)
    + convolution(128 * 2 * 9, 128)  # 64 groups of two channels
    + 5 * depthwise(128, 128, 128)
    + depthwise(128, 256, 256)
    + 6 * depthwise(256, 256, 256)
    + depthwise(256, 256, 512)
    + 2 * depthwise(256, 256, 256)
    + convolution(256 * 512, 512)
    + convolution(512 * 49, 512, linear=True)
)


class TestMobileFaceNet(BackboneContract):
    backbone = MobileFaceNet
    parameters = BODY + 512 * 512 + 2 * 512
    embedding_size = 512
    side = 112


def test_size_of_the_public_network() -> None:
    assert TestMobileFaceNet.parameters == 2_059_520
    with torch.device("meta"):
        network = MobileFaceNet(embedding_size=128)
    assert sum(parameter.numel() for parameter in network.parameters()) == BODY + 512 * 128 + 2 * 128


def test_names_are_insightfaces() -> None:
    with torch.device("meta"):
        names = MobileFaceNet().state_dict()
    shapes = {
        "layers.0.layers.0.weight": (128, 3, 3, 3),
        "layers.0.layers.2.weight": (128,),
        "layers.1.layers.0.weight": (128, 2, 3, 3),
        "layers.2.layers.1.layers.0.weight": (128, 1, 3, 3),
        "layers.3.layers.3.layers.2.layers.1.running_var": (128,),
        "layers.6.layers.0.layers.0.weight": (512, 256, 1, 1),
        "conv_sep.layers.0.weight": (512, 256, 1, 1),
        "features.layers.0.layers.0.weight": (512, 1, 7, 7),
        "features.layers.2.weight": (512, 512),
        "features.layers.3.running_mean": (512,),
    }
    assert {name: tuple(names[name].shape) for name in shapes} == shapes
