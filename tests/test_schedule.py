import pytest
import torch

from bareface.schedule import WarmUpCosine


def test_the_optimizer_follows() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, WarmUpCosine(epochs=5, warm_up=1, floor=0.1))
    rates = []
    for _ in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    # half of it, all of it, then 0.1 + 0.9 * (1 + cos(pi / 4 * k)) / 2 of it, k = 1 to 4
    assert rates == pytest.approx([1.0, 2.0, 1.736396, 1.1, 0.463604, 0.2], abs=1e-5)
    assert set(scheduler.state_dict()["lr_lambdas"][0]) == {"epochs", "warm_up", "floor"}, "plain values"


@pytest.mark.parametrize(
    ("warm_up", "floor", "message"),
    [
        (10, 0.0, r"scheduler\.lr_lambda\.warm_up=10: expected 0 to 9, of 10 epochs\."),
        (-1, 0.0, r"warm_up=-1: expected 0 to 9"),
        (1, 1.5, r"scheduler\.lr_lambda\.floor=1\.5: expected 0 to 1\."),
    ],
)
def test_refuses_other_numbers(warm_up: int, floor: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WarmUpCosine(epochs=10, warm_up=warm_up, floor=floor)
