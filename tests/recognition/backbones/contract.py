"""What every recognition backbone promises. A test class inherits this in a few lines."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn


class BackboneContract:
    """Promises of a backbone.

    Args:
        backbone: Its class, or a ``partial`` of it.
        parameters: Its number of parameters.
        embedding_size: Length of its embedding.
        least: Shortest side of a picture that it takes.
        side: The one side that it takes, or None.
        frozen: Parameters that are never trained.
    """

    backbone: Callable[..., nn.Module]
    parameters: int
    embedding_size: int
    least = 16
    side: int | None = None
    frozen: tuple[str, ...] = ()

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The size, or the nearest that the backbone takes."""
        return (self.side, self.side) if self.side else (max(height, self.least), max(width, self.least))

    def build(self, seed: int = 0) -> nn.Module:
        """A backbone of its own for a test that changes it."""
        torch.manual_seed(seed)
        return type(self).backbone()

    @pytest.fixture(scope="class")
    @classmethod
    def built(cls) -> nn.Module:
        """One backbone in evaluation mode for the tests that only look."""
        return cls().build().eval()

    @pytest.mark.parametrize("size", [(16, 16), (64, 64), (97, 65), (112, 112)])
    @torch.inference_mode()
    def test_gives_one_embedding_a_picture(self, built: nn.Module, size: tuple[int, int]) -> None:
        embedding = built(picture(2, *self.size(*size)))
        assert embedding.shape == (2, self.embedding_size)
        assert embedding.dtype == torch.float32
        assert built.embedding_size == self.embedding_size

    @pytest.mark.parametrize("change", [(0, 0, -1, 0), (0, 0, 0, -1), (0, -2, 0, 0), None])
    def test_refuses_another_shape(self, built: nn.Module, change: tuple[int, ...] | None) -> None:
        height, width = self.size(0, 0)
        fitting = (1, 3, height, width)
        shape = fitting[1:] if change is None else tuple(a + b for a, b in zip(fitting, change, strict=True))
        rule = rf"\(N, 3, H, W\), H and W at least {self.least}\.$"
        if self.side:
            rule = rf"\(N, 3, {self.side}, {self.side}\)\. Use crop={self.side}\.$"
        with pytest.raises(ValueError, match=rf"^image of \({', '.join(map(str, shape))}\): expected {rule}"):
            built(torch.zeros(shape))

    def test_parameters(self, built: nn.Module) -> None:
        assert sum(parameter.numel() for parameter in built.parameters()) == self.parameters
        assert tuple(name for name, value in built.named_parameters() if not value.requires_grad) == self.frozen

    def test_backward_reaches_every_parameter(self) -> None:
        backbone = self.build().train()
        embedding = backbone(picture(2, *self.size(64, 65)))
        (embedding * torch.randn_like(embedding)).sum().backward()
        without = [name for name, value in backbone.named_parameters() if value.grad is None or not value.grad.any()]
        assert tuple(without) == self.frozen

    @torch.inference_mode()
    def test_saved_and_loaded_is_the_same(self, built: nn.Module) -> None:
        file = io.BytesIO()
        torch.save(built.state_dict(), file)
        file.seek(0)
        other = self.build(seed=1).eval()
        image = picture(1, *self.size(48, 48))
        assert not torch.allclose(other(image), built(image))
        other.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(other(image), built(image))

    @torch.inference_mode()
    def test_evaluation_is_a_function_of_the_picture_alone(self, built: nn.Module) -> None:
        image = picture(2, *self.size(48, 33))
        assert torch.equal(built(image), built(image))
        torch.testing.assert_close(built(image)[1:], built(image[1:]), rtol=1e-3, atol=1e-4)

    def test_channels_last_is_the_same(self) -> None:
        backbone, image = self.build().eval(), picture(2, *self.size(48, 33))
        with torch.inference_mode():
            expected = backbone(image)
            backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            found = backbone(image.contiguous(memory_format=torch.channels_last))
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)

    def test_compiled_in_place_is_the_same(self) -> None:
        backbone, image = self.build().eval(), picture(2, *self.size(48, 33))
        with torch.no_grad():
            expected, keys = backbone(image), list(backbone.state_dict())
            graphs: list[int] = []
            backbone.compile(backend=counting(graphs))
            found = backbone(image)
        assert len(graphs) == 1, "the forward pass is one graph: nothing in it falls back to Python"
        assert list(backbone.state_dict()) == keys
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def picture(batch: int, height: int, width: int) -> Tensor:
    """The same normalised noise every time."""
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(0))


def counting(graphs: list[int]) -> Callable[..., Any]:
    """The backend ``eager``, which traces and generates no code, noting each graph it is given."""
    inner = torch._dynamo.lookup_backend("eager")

    def backend(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Any:
        graphs.append(len(graph.graph.nodes))
        return inner(graph, inputs)

    return backend
