from functools import partial

import pytest
import torch

from bareface.recognition.backbones.timm import TimmBackbone

from .contract import BackboneContract


class TestMobileNetV3(BackboneContract):
    backbone = partial(TimmBackbone, name="mobilenetv3_small_050")
    parameters = 1_593_224 - 1025 * 1000  # without the classifier of ImageNet
    embedding_size = 1024


def test_misspelt_name() -> None:
    message = r"^backbone\.name=mobilnetv3_small_050: timm has no such model\. Did you mean mobilenetv3_small_050,"
    with pytest.raises(ValueError, match=message):
        TimmBackbone("mobilnetv3_small_050")


def test_one_that_takes_one_size_says_which() -> None:
    backbone = TimmBackbone("test_vit")
    assert backbone.side == 160
    with pytest.raises(ValueError, match=r"^image of \(1, 3, 64, 64\): expected \(N, 3, 160, 160\)\. Use crop=160\.$"):
        backbone(torch.zeros(1, 3, 64, 64))
    assert backbone(torch.zeros(1, 3, 160, 160)).shape == (1, backbone.embedding_size)
