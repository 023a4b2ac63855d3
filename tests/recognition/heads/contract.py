"""What every head promises. A test class inherits this in a few lines."""

import io
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from bareface.recognition.heads.head import Head

SIZE, IDENTITIES = 5, 7


class HeadContract:
    """Promises of a head.

    Args:
        head: Its class, or a ``partial`` of it.
        columns: Of what it gives without a label, for 7 identities and embeddings of 5 numbers.
    """

    head: Callable[[int, int], Head]
    columns = IDENTITIES

    def build(self, seed: int = 0) -> Head:
        torch.manual_seed(seed)
        return type(self).head(SIZE, IDENTITIES)

    def test_gives_a_column_an_identity(self) -> None:
        built = self.build().eval()
        scores = built(embedding())
        assert scores.shape == (4, self.columns) and scores.dtype == torch.float32
        assert built.scores_identities == (self.columns == IDENTITIES)

    def test_is_harder_with_a_label_and_says_where_the_right_one_is(self) -> None:
        built = self.build()
        with_label, target = built(embedding(), label()), built.target(label())
        assert len(with_label) == len(target) == 4
        if built.scores_identities:
            assert int(target.max()) < with_label.shape[1]
            assert F.cross_entropy(with_label, target) >= F.cross_entropy(built(embedding()), label()) - 1e-5

    def test_backward_reaches_every_parameter_and_the_embedding(self) -> None:
        built, given = self.build(), embedding().requires_grad_()
        scores = built(given, label())
        (scores * torch.linspace(-1, 1, scores.numel()).view_as(scores)).sum().backward()
        assert given.grad is not None and given.grad.abs().sum() > 0
        assert [name for name, value in built.named_parameters() if value.grad is None or not value.grad.any()] == []

    def test_gradients_are_those_of_small_differences(self) -> None:
        built, given = self.build(), embedding().requires_grad_()

        def loss(values: Tensor) -> Tensor:
            torch.manual_seed(3)  # PartialFC draws a sample
            scores = built(values, label())
            return (scores * torch.linspace(-1, 1, scores.numel()).view_as(scores)).sum()

        (slope,) = torch.autograd.grad(loss(given), given)
        step = 1e-2 * torch.randn(given.shape, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            risen = loss(given + step) - loss(given - step)
        assert risen.item() == pytest.approx(2 * float((slope * step).sum()), rel=0.02, abs=0.02)

    @pytest.mark.parametrize("scale", [0.0, 1e-20, 1.0, 1e4])
    def test_no_embedding_breaks_the_gradient(self, scale: float) -> None:
        """At a centre, opposite to it, of no length."""
        built = self.build()
        weight = next(iter(built.parameters()), torch.eye(SIZE)).detach()
        given = (scale * torch.cat([weight[:2], -weight[:2]])).requires_grad_()
        where = torch.tensor([0, 1, 0, 1])
        F.cross_entropy(built(given, where), built.target(where)).backward()
        for value in (given, *built.parameters()):
            assert value.grad is None or value.grad.abs().amax() < 1e8, "64 / 1e-6 at most"

    def test_bf16_autocast_agrees(self) -> None:
        built = self.build()
        exact = built(embedding(), label())
        built.load_state_dict(self.build().state_dict())  # as it was: AdaFace has moved its averages
        with torch.autocast("cpu", torch.bfloat16):
            torch.manual_seed(0)
            found = built(embedding().bfloat16(), label())
        assert (found.float() - exact).abs().max() <= 0.02 * exact.abs().max()

    def test_saved_and_loaded_is_the_same(self) -> None:
        built, other = self.build().train(), self.build(seed=1).eval()
        built(embedding(), label())
        file = io.BytesIO()
        torch.save(built.state_dict(), file)
        file.seek(0)
        other.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(other(embedding()), built.eval()(embedding()))
        assert built.state_dict().keys() == other.state_dict().keys()

    def test_refuses_sizes(self) -> None:
        with pytest.raises(ValueError, match=r"head: embedding_size=0, identities=7: expected at least 1\.$"):
            type(self).head(0, IDENTITIES)


class MarginContract(HeadContract):
    """Of a head with ``scale`` and margins."""

    margin = "margin"

    def test_scores_are_scaled_cosines(self) -> None:
        built = self.build().eval()
        built.scale = 10.0
        scores = built(3 * embedding())
        torch.testing.assert_close(scores, built(embedding()))
        assert -10 <= scores.min() and scores.max() <= 10

    def test_refuses_margins(self) -> None:
        name = self.margin
        with pytest.raises(ValueError, match=rf"head\.{name}=3\.2: expected 0 <= {name} < 3\.14\.$"):
            type(self).head(SIZE, IDENTITIES, **{name: 3.2})
        with pytest.raises(ValueError, match=r"head\.scale=0: expected more than 0, e\.g\. 64\.$"):
            type(self).head(SIZE, IDENTITIES, scale=0)


def embedding() -> Tensor:
    """Four embeddings, the same every time."""
    return torch.randn(4, SIZE, generator=torch.Generator().manual_seed(0))


def label() -> Tensor:
    return torch.tensor([0, 3, 3, 6])


def at(*degrees: float) -> Tensor:
    """Vectors (N, 2) of length 1 at these angles."""
    angle = torch.tensor(degrees).deg2rad()
    return torch.stack([angle.cos(), angle.sin()], 1)


def with_centres(head: Head, *degrees: float) -> Head:
    """The head with centres at these angles."""
    head.weight.data = 5 * at(*degrees)
    return head
