"""What every segmentation network promises. A test class inherits this in three lines."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn


class NetworkContract:
    """Promises of a network.

    Args:
        network: Its class, or a ``partial`` of it that takes ``classes``.
        parameters: Its number of parameters for two classes.
        minimum: Shortest side of a picture that it takes.
    """

    network: Callable[..., nn.Module]
    parameters: int
    minimum = 16

    def build(self, classes: int = 2, seed: int = 0) -> nn.Module:
        """A network of its own for a test that changes it."""
        torch.manual_seed(seed)
        return type(self).network(classes=classes)

    @pytest.fixture(scope="class")
    @classmethod
    def built(cls) -> nn.Module:
        """One network in evaluation mode for the tests that only look."""
        return cls().build().eval()

    @pytest.fixture
    def deterministic(self) -> Iterator[None]:
        """Refuses what trainer.deterministic=true refuses."""
        torch.use_deterministic_algorithms(True)
        yield
        torch.use_deterministic_algorithms(False)

    @pytest.mark.parametrize("size", [(0, 0), (33, 50), (97, 65), (64, 96), (320, 320)])
    @torch.inference_mode()
    def test_gives_scores_of_the_size_of_the_picture(self, built: nn.Module, size: tuple[int, int]) -> None:
        size = (max(size[0], self.minimum), max(size[1], self.minimum))
        assert built(picture(1, *size)).shape == (1, 2, *size)

    def test_gives_one_map_a_class(self) -> None:
        with torch.inference_mode():
            assert self.build(classes=3).eval()(picture(2, 32, 48)).shape == (2, 3, 32, 48)

    def test_refuses_another_shape(self, built: nn.Module) -> None:
        short = self.minimum - 1
        rule = rf"image of \(.*\): expected \(N, 3, H, W\), H and W at least {self.minimum}\.$"
        for shape in ((1, 3, short, 64), (1, 3, 64, short), (1, 1, 64, 64), (3, 64, 64)):
            with pytest.raises(ValueError, match=rule):
                built(torch.zeros(shape))

    def test_refuses_one_class(self) -> None:
        with pytest.raises(ValueError, match=r"classes=1: expected at least 2"):
            self.build(classes=1)

    def test_parameters(self, built: nn.Module) -> None:
        assert sum(parameter.numel() for parameter in built.parameters()) == self.parameters
        assert all(parameter.requires_grad for parameter in built.parameters())

    def test_backward_is_deterministic_and_reaches_every_parameter(self, deterministic: None) -> None:
        network = self.build().train()
        output = network(picture(2, 65, 64))
        heads = [output] if isinstance(output, Tensor) else output
        assert {head.shape for head in heads} == {(2, 2, 65, 64)}
        sum((head * torch.randn_like(head)).sum() for head in heads).backward()
        without = [name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()]
        assert without == []

    @torch.inference_mode()
    def test_saved_and_loaded_is_the_same(self, built: nn.Module) -> None:
        file = io.BytesIO()
        torch.save(built.state_dict(), file)
        file.seek(0)
        other = self.build(seed=1).eval()
        image = picture(1, 33, 64)
        assert not torch.allclose(other(image), built(image))
        other.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(other(image), built(image))

    @torch.inference_mode()
    def test_evaluation_is_a_function_of_the_picture_alone(self, built: nn.Module) -> None:
        image = picture(2, 48, 33)
        assert torch.equal(built(image), built(image))
        assert apart(built(image)[1:], built(image[1:])) < 1e-4

    def test_channels_last_goes_through(self) -> None:
        network, image = self.build().eval(), picture(2, 48, 33)
        with torch.inference_mode():
            expected = network(image)
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            found = network(image.contiguous(memory_format=torch.channels_last))
        assert found.stride(1) == 1, "the channels of a pixel lie side by side from end to end"
        assert apart(found, expected) < 1e-4

    def test_compiled_in_place_is_the_same(self) -> None:
        network, image = self.build().eval(), picture(2, 64, 33)
        torch.compiler.reset()  # what other networks were compiled for must not be a reason to compile twice
        with torch.no_grad():
            expected, keys = network(image), list(network.state_dict())
            graphs: list[int] = []
            network.compile(backend=counting(graphs))
            found = network(image)
        assert len(graphs) == 1, "the forward pass is one graph: nothing in it falls back to Python"
        assert list(network.state_dict()) == keys
        assert apart(found, expected) < 1e-4


def picture(batch: int, height: int, width: int) -> Tensor:
    """The same normalised noise every time."""
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(0))


def apart(found: Tensor, expected: Tensor) -> float:
    """How far one is from the other, as a share of the latter."""
    return float((found - expected).norm() / expected.norm())


def counting(graphs: list[int]) -> Callable[..., Any]:
    """The backend ``aot_eager``, which compiles without generating code, noting each graph it is given."""
    inner = torch._dynamo.lookup_backend("aot_eager")

    def backend(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Any:
        graphs.append(len(graph.graph.nodes))
        return inner(graph, inputs)

    return backend
