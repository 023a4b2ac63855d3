import torch

from bareface.segmentation.networks.bisenet import BiSeNet

from .contract import NetworkContract, picture


class TestBiSeNet(NetworkContract):
    network = BiSeNet
    parameters = 13_386_182
    minimum = 32


def test_training_has_two_more_heads() -> None:
    network = BiSeNet(classes=3).train()
    assert [head.shape for head in network(picture(2, 33, 64))] == [(2, 3, 33, 64)] * 3
    assert isinstance(network.eval()(picture(1, 33, 64)), torch.Tensor)
