import pytest
import torch
from torch.nn import functional as F

from bareface.segmentation.networks.segnet import SegNet, VGG16Encoder, unpooled

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


@pytest.mark.parametrize("size", [(4, 6), (5, 7)])
def test_unpooling_is_max_unpool2d(size: tuple[int, int]) -> None:
    image = picture(2, *size).requires_grad_()
    values, indices = F.max_pool2d(image, 2, ceil_mode=True, return_indices=True)
    found, expected = unpooled(values, indices, size), F.max_unpool2d(values, indices, [2, 2], [2, 2], output_size=size)
    assert torch.equal(found, expected)
    factor = torch.arange(found.numel(), dtype=torch.float32).view_as(found)
    ours, theirs = (torch.autograd.grad(factor.mul(map).sum(), image, retain_graph=True) for map in (found, expected))
    assert torch.equal(*ours, *theirs)
