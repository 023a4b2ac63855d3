"""Partial FC against the heads with all centres, in one process and in two."""

import os
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing, nn
from torch.nn import functional as F

from bareface.recognition.heads.arcface import ArcFace
from bareface.recognition.heads.cosface import CosFace
from bareface.recognition.heads.partial_fc import PartialFC

from .contract import IDENTITIES, SIZE, HeadContract, MarginContract, embedding, label

LABEL = torch.tensor([0, 3, 3, 6, 5, 1])


class TestPartialFC(MarginContract):
    head = PartialFC
    margin = "angle"
    test_is_harder_with_a_label_and_says_where_the_right_one_is = None  # its sample leaves others out


class TestPartialFCWithEverybody(HeadContract):
    @staticmethod
    def head(size: int, identities: int) -> PartialFC:
        return PartialFC(size, identities, sample_rate=1)


def loss_and_gradients(head: nn.Module, given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    given = given.detach().clone().requires_grad_()
    loss = F.cross_entropy(head(given, LABEL), head.target(LABEL))
    return loss.detach(), *torch.autograd.grad(loss, [given, head.weight])


@pytest.mark.parametrize(
    ("margins", "full"),
    [({"angle": 0.5}, ArcFace(SIZE, IDENTITIES, margin=0.5)), ({"angle": 0, "margin": 0.4}, CosFace(SIZE, IDENTITIES))],
)
def test_with_all_centres_it_is_the_full_head(margins: dict[str, float], full: nn.Module) -> None:
    head = PartialFC(SIZE, IDENTITIES, sample_rate=1, **margins)
    head.load_state_dict(full.state_dict())
    given = torch.randn(6, SIZE, generator=torch.Generator().manual_seed(5))
    for found, expected in zip(loss_and_gradients(head, given), loss_and_gradients(full, given), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(head(given), full(given))


def test_a_sample_has_the_right_ones_and_as_many_others_as_asked_for() -> None:
    torch.manual_seed(0)
    head = PartialFC(SIZE, 100, sample_rate=0.2)
    given, where = torch.randn(6, SIZE), torch.tensor([7, 99, 7, 0, 50, 31])
    F.cross_entropy(head(given, where), head.target(where)).backward()
    touched = head.weight.grad.any(1).nonzero()[:, 0].tolist()
    assert len(touched) == 20 and {0, 7, 31, 50, 99} <= set(touched)
    drawn = {tuple(head._sample(torch.tensor([7])).tolist()) for _ in range(5)}
    assert len(drawn) == 5 and all(7 in rows for rows in drawn)
    # Even the smallest sample has somebody to tell the batch from.
    assert len(PartialFC(SIZE, 100, sample_rate=1e-3)._sample(torch.tensor([3, 7]))) == 3


def test_by_hand() -> None:
    head = PartialFC(2, 3, sample_rate=1, scale=2, angle=0, margin=0.5)
    head.weight.data = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    found = head(torch.tensor([[5.0, 0.0]]), torch.tensor([0]))
    # 2 * (1 - 0.5), and the logarithm of e^0 + e^-2
    assert found[0].tolist() == pytest.approx([1, float(torch.tensor([0.0, -2.0]).logsumexp(0))])


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"head\.sample_rate=0: expected 0 < sample_rate <= 1\.$"):
        PartialFC(2, 3, sample_rate=0)
    with pytest.raises(ValueError, match=r"head: identities=1: PartialFC needs at least 2\.$"):
        PartialFC(2, 1)


def whole_head(sample_rate: float = 1.0) -> PartialFC:
    torch.manual_seed(4)
    return PartialFC(SIZE, IDENTITIES, sample_rate=sample_rate)


def backbone() -> nn.Linear:
    torch.manual_seed(5)
    return nn.Linear(3, SIZE)


def pictures() -> Tensor:
    return torch.randn(6, 3, generator=torch.Generator().manual_seed(6))


PARTS = (slice(0, 2), slice(2, 6))  # one process reads fewer pictures than the other


def one_of_two(number: int, folder: Path) -> None:
    """A step of two processes, as DDP makes it: the mean of the processes' gradients for the backbone."""
    torch.set_num_threads(1)  # a forked process has no others
    os.environ.update(MASTER_ADDR="127.0.0.1", GLOO_SOCKET_IFNAME="lo")
    distributed.init_process_group("gloo", f"file://{folder / 'meeting'}", rank=number, world_size=2)
    network, head = backbone(), whole_head()
    assert head.distribute() == ("weight",) and head.distribute() == ("weight",)
    share, where = pictures()[PARTS[number]], LABEL[PARTS[number]]
    loss = F.cross_entropy(head(network(share), where), head.target(where))
    loss.backward()
    found = {"loss": loss.detach(), "backbone": network.weight.grad, "head": head.weight.grad}
    found |= {"state": head.state_dict()["weight"], "own": head.weight.detach()}
    head.eval()
    found["scores"] = head(embedding())
    other = whole_head()
    other.weight.data.zero_()
    other.distribute()
    other.load_state_dict({"weight": found["state"]})
    found["loaded"] = other.weight.detach()
    sampling = whole_head(sample_rate=0.5)
    sampling.distribute()
    F.cross_entropy(sampling(network(share).detach(), where), sampling.target(where)).backward()
    found["sampled"] = sampling.weight.grad.any(1)
    torch.save(found, folder / f"{number}.pt")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Tensor]]:
    folder = tmp_path_factory.mktemp("processes")
    multiprocessing.start_processes(one_of_two, (folder,), nprocs=2, start_method="fork")
    return [torch.load(folder / f"{number}.pt", weights_only=True) for number in (0, 1)]


def test_two_processes_have_the_loss_and_the_gradients_of_one(two: list[dict[str, Tensor]]) -> None:
    network, head = backbone(), whole_head()
    scores = head(network(pictures()), LABEL)
    losses = F.cross_entropy(scores, head.target(LABEL), reduction="none")
    means = [losses[part].mean() for part in PARTS]
    torch.stack(means).mean().backward()  # what DDP minimises
    for found, expected in zip(two, means, strict=True):
        torch.testing.assert_close(found["loss"], expected.detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close((two[0]["backbone"] + two[1]["backbone"]) / 2, network.weight.grad)
    torch.testing.assert_close(torch.cat([two[0]["head"], two[1]["head"]]), head.weight.grad)


def test_two_processes_hold_half_each_and_a_checkpoint_holds_all(two: list[dict[str, Tensor]]) -> None:
    whole = whole_head()
    assert [len(found["own"]) for found in two] == [3, 4]
    for found in two:
        assert torch.equal(found["state"], whole.weight.detach()) and torch.equal(found["loaded"], found["own"])
        torch.testing.assert_close(found["scores"], whole(embedding()).detach())


def test_two_processes_sample_their_own_halves(two: list[dict[str, Tensor]]) -> None:
    # 0 and 1 of three, 3, 5 and 6 of four: and one more each
    assert [int(found["sampled"].sum()) for found in two] == [3, 4]


def test_label_is_the_identity() -> None:
    assert PartialFC(SIZE, IDENTITIES).target(label()).tolist() == [0, 0, 0, 0]
