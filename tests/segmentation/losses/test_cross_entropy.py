import math

import pytest
import torch

from bareface.segmentation.losses.cross_entropy import CrossEntropyLoss

from .contract import LossContract, row


class TestCrossEntropyLoss(LossContract):
    loss = CrossEntropyLoss


def test_undecided() -> None:
    loss = CrossEntropyLoss()(torch.zeros(1, 3, 2, 2), torch.zeros(1, 2, 2))
    assert loss.item() == pytest.approx(math.log(3))


def test_one_wrong_of_two() -> None:
    # certain and right: 0; logits 0 and log(3), truth 0: p = 1/4
    logits = torch.tensor([[[[100.0, 0.0]], [[0.0, math.log(3)]]]])
    assert CrossEntropyLoss()(logits, row(0, 0)).item() == pytest.approx(math.log(4) / 2)


def test_weights() -> None:
    # truth 0 undecided costs log 2 and weighs 1, truth 1 is certain and weighs 3
    logits = torch.tensor([[[[0.0, 0.0]], [[0.0, 100.0]]]])
    assert CrossEntropyLoss(weight=[1.0, 3.0])(logits, row(0, 1)).item() == pytest.approx(math.log(2) * 1 / 4)


def test_balanced_counts_every_class_the_same() -> None:
    # 3 pixels of class 0 undecided (log 2), 1 of class 1 certain: weights 4/6 and 4/2, so (3 * 2/3 * log 2) / 4
    logits = torch.tensor([[[[0.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0, 100.0]]]])
    loss = CrossEntropyLoss(weight="balanced")
    loss.balance([3, 1], ["background", "face"])
    assert loss.weight is not None and loss.weight.tolist() == pytest.approx([4 / 6, 4 / 2])
    assert loss(logits, row(0, 0, 0, 1)).item() == pytest.approx(math.log(2) / 2)
    assert loss.state_dict() == {}


def test_balanced_refuses_a_class_that_never_occurs() -> None:
    with pytest.raises(ValueError, match=r"loss\.weight=balanced: no pixel of hair in the training masks\. Give"):
        CrossEntropyLoss(weight="balanced").balance([9, 3, 0], ["background", "face", "hair"])


def test_balanced_must_have_been_counted() -> None:
    with pytest.raises(ValueError, match=r"loss\.weight=balanced: the classes were not counted\."):
        CrossEntropyLoss(weight="balanced")(torch.zeros(1, 2, 1, 1), row(0))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ("balance", r"loss\.weight=balance: expected one factor a class, balanced or null\."),
        ([1.0, -1.0], r"loss\.weight=\[1\.0, -1\.0\]: expected factors of at least 0\."),
        ([1.0, 1.0, 1.0], r"loss\.weight=\[1\.0, 1\.0, 1\.0\]: expected 2 factors, one a class\."),
    ],
)
def test_refuses_other_weights(weight: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CrossEntropyLoss(weight=weight)(torch.zeros(1, 2, 1, 1), row(0))  # type: ignore[arg-type]
