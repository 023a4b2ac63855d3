import pytest
import torch

from bareface.recognition.backbones.inception_resnet_v1 import InceptionResNetV1

from .contract import BackboneContract, picture


class TestInceptionResNetV1(BackboneContract):
    backbone = InceptionResNetV1
    parameters = 23_482_624
    embedding_size = 512
    least = 75

    def test_length_is_one_unless_a_head_asks(self, built: InceptionResNetV1) -> None:
        with torch.inference_mode():
            unit, free = built(picture(2, 80, 80)), built(picture(2, 80, 80), normalise=False)
        torch.testing.assert_close(unit.norm(dim=1), torch.ones(2))
        assert ((free.norm(dim=1) - 1).abs() > 0.01).all()
        torch.testing.assert_close(free / free.norm(dim=1, keepdim=True), unit)


def test_dropout_is_a_share() -> None:
    with torch.device("meta"):
        assert InceptionResNetV1(dropout=0.25).dropout.p == 0.25
    with pytest.raises(ValueError, match=r"^dropout=1: expected 0 <= dropout < 1\.$"):
        InceptionResNetV1(dropout=1)
