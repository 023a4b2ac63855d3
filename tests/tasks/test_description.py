import copy

import pytest
import torch
from torch import nn

from bareface.tasks.description import describe


def test_convolution() -> None:
    found = describe(nn.Conv2d(3, 8, 3), torch.zeros(2, 3, 10, 10))
    assert found.parameters == found.trainable == 8 * (3 * 9 + 1)
    assert found.multiply_adds == 2 * 8 * 3 * 9 * 64
    assert found.activation_bytes == 4 * 2 * 3 * 100  # a convolution keeps its input
    assert (found.batch_size, found.input_size) == (2, (3, 10, 10))


@pytest.mark.parametrize(
    ("layer", "multiply_adds"),
    [
        (nn.Conv2d(4, 4, 3, groups=4, padding=1, stride=2), 4 * 9 * 9),
        (nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1), 4 * 3 * 16 * 25),
        (nn.Sequential(nn.Flatten(), nn.Linear(100, 7)), 700),
        (nn.BatchNorm2d(4), 0),
    ],
)
def test_multiply_adds(layer: nn.Module, multiply_adds: int) -> None:
    assert describe(layer, torch.zeros(1, 4, 5, 5), repeats=1).multiply_adds == multiply_adds


def test_what_a_chain_keeps() -> None:
    chain = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    # The first layer keeps its input (5 x 4); the activation and the second layer share one result (5 x 3).
    assert describe(chain, torch.randn(5, 4)).activation_bytes == 4 * (5 * 4 + 5 * 3)
    # Only the input of the trainable layer is needed, and the activation's result with it.
    chain[0].requires_grad_(False)
    found = describe(chain, torch.randn(5, 4))
    assert found.activation_bytes == 4 * 5 * 3
    assert (found.parameters, found.trainable) == (4 * 3 + 3 + 3 * 2 + 2, 3 * 2 + 2)
    assert describe(chain.requires_grad_(False), torch.randn(5, 4)).activation_bytes == 0


def test_a_view_counts_once_and_in_full() -> None:
    class Halves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 1), nn.Linear(3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.first(x[:, :3]) + self.second(x[:, 3:])

    assert describe(Halves(), torch.randn(5, 6)).activation_bytes == 4 * 5 * 6


def test_changes_nothing() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.Linear(256, 2))
    network.train()
    network[1].eval()  # a frozen part keeps its mode
    example = torch.randn(2, 3, 10, 10, requires_grad=True)
    network(example).sum().backward()
    before = copy.deepcopy(network.state_dict())
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    describe(network, example)
    assert torch.equal(torch.rand(3), expected)
    assert [part.training for part in network] == [True, False, True, True, True]
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(torch.equal(p.grad, grad) for p, grad in zip(network.parameters(), gradients, strict=True))


def test_changes_nothing_where_the_module_raises() -> None:
    network = nn.Sequential(nn.BatchNorm1d(4), nn.ReLU()).train()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        describe(network, torch.randn(1, 4))
    assert network.training
    assert not network[0].running_mean.any()


def test_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    # Seconds that the passes take: three to warm up, then five that count.
    clock = iter([t for i, took in enumerate([9, 9, 9, 0.5, 0.1, 0.2, 4, 0.3]) for t in (10.0 * i, 10.0 * i + took)])
    monkeypatch.setattr("bareface.tasks.description.time.perf_counter", lambda: next(clock))
    found = describe(nn.Linear(2, 2), torch.zeros(1, 2), repeats=5)
    assert found.latency_ms == pytest.approx(300)
    assert found.minimum_latency_ms == pytest.approx(100)


def test_times_evaluation_without_gradients() -> None:
    seen = []

    class Spy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append((self.training, torch.is_inference_mode_enabled()))
            return x

    describe(Spy(), torch.zeros(1), repeats=2)
    assert seen == [(False, False), *[(False, True)] * 5, (True, False)]  # counted, timed, memory


def test_compiled_counts_as_not_compiled() -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    plain = describe(network, torch.randn(5, 4), repeats=1)
    network.compile(backend="aot_eager")
    found = describe(network, torch.randn(5, 4), repeats=1)
    assert (found.multiply_adds, found.activation_bytes) == (plain.multiply_adds, plain.activation_bytes) == (90, 140)


def test_refuses_no_repeats() -> None:
    with pytest.raises(ValueError, match=r"repeats=0: expected at least 1\."):
        describe(nn.ReLU(), torch.zeros(1), repeats=0)
