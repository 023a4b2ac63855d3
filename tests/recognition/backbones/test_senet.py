import torch

from bareface.recognition.backbones.senet import SEBottleneck, SENet50

from .contract import BackboneContract, picture

CHANNELS = (256,) * 3 + (512,) * 4 + (1024,) * 6 + (2048,) * 3
WEIGHING = sum(2 * c * (c // 16) + c + c // 16 for c in CHANNELS)
"""Two 1x1 convolutions with bias a block, from C to C / 16 channels and back."""


class TestSENet50(BackboneContract):
    backbone = SENet50
    parameters = 23_508_032 + WEIGHING  # ResNet-50 and that
    embedding_size = 2048


def test_channels_are_weighed_before_the_shortcut_is_added() -> None:
    torch.manual_seed(0)
    block = SEBottleneck(64, 16).eval()
    x = picture(1, 8, 8)[:, :1].expand(1, 64, 8, 8).relu()
    with torch.inference_mode():
        block.conv5.weight.zero_()
        block.conv5.bias.fill_(100.0)  # the sigmoid is 1: an ordinary bottleneck
        whole = block(x) - x
        block.conv5.bias.zero_()  # the sigmoid is 1/2
        half = block(x) - x
    positive = (whole > 0) & (half > 0)
    assert positive.any()
    torch.testing.assert_close(half[positive], whole[positive] / 2)
