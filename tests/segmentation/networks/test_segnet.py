import torch
from torch.nn import functional as F

from bareface.segmentation.networks.segnet import SegNet, VGG16Encoder

from .contract import NetworkContract, picture


class TestSegNet(NetworkContract):
    network = SegNet
    parameters = 29_444_162


def test_the_poolings_say_where_the_largest_value_was() -> None:
    encoder = VGG16Encoder().eval()
    seen: list[torch.Tensor] = []
    encoder.features[5].register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with torch.inference_mode():
        deepest, pooled = encoder(picture(1, 33, 50))
    assert deepest.shape == (1, 512, 2, 2)
    assert [size for _, size in pooled] == [(33, 50), (17, 25), (9, 13), (5, 7), (3, 4)]
    indices, _ = pooled[0]
    before = seen[0].flatten(2)
    assert torch.equal(before.gather(2, indices.flatten(2)), F.max_pool2d(seen[0], 2, ceil_mode=True).flatten(2)), (
        "the index points at the largest value of its window"
    )
