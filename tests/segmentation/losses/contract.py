"""What every segmentation loss promises. A test class inherits this in three lines."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn


class LossContract:
    """Promises of a loss.

    Args:
        loss: Its class, or a ``partial`` of it; called without arguments it makes a loss for three classes.
    """

    loss: Callable[[], nn.Module]

    @pytest.fixture
    def built(self) -> nn.Module:
        return type(self).loss()

    def test_perfect_is_next_to_nothing(self, built: nn.Module) -> None:
        target = example()[1]
        assert 0 <= built(sure(target), target).item() < 1e-4

    def test_a_class_that_never_occurs_does_no_harm(self, built: nn.Module) -> None:
        target = torch.tensor([[[0, 1, 1, 0]]])
        assert 0 <= built(sure(target), target).item() < 1e-4
        logits = torch.randn(1, 3, 1, 4, requires_grad=True)
        built(logits, target).backward()
        assert logits.grad is not None and logits.grad.isfinite().all()

    def test_being_sure_and_right_has_a_gradient_that_is_next_to_nothing(self, built: nn.Module) -> None:
        target = example()[1]
        logits = sure(target).requires_grad_()
        built(logits, target).backward()
        assert logits.grad is not None and logits.grad.abs().max() < 1e-3

    def test_all_wrong_costs_more_than_half_wrong(self, built: nn.Module) -> None:
        target = example()[1]
        half = target.clone()
        half[..., :3] = (target[..., :3] + 1) % 3
        assert built(sure((target + 1) % 3), target) > built(sure(half), target) > 0.05

    def test_ignored_pixels_change_neither_value_nor_gradient(self, built: nn.Module) -> None:
        logits, target = example()
        target[:, 2:] = 255
        moved = logits.clone()
        moved[:, :, 2:] = 50 * torch.randn_like(moved[:, :, 2:])
        logits.requires_grad_()
        value = built(logits, target)
        value.backward()
        assert value.item() > 0.05
        torch.testing.assert_close(built(moved, target), value.detach())
        assert logits.grad is not None
        assert logits.grad[:, :, :2].any() and not logits.grad[:, :, 2:].any()

    def test_nothing_but_ignored_is_no_loss(self, built: nn.Module) -> None:
        logits = torch.randn(2, 3, 4, 6, requires_grad=True)
        value = built(logits, torch.full((2, 4, 6), 255))
        value.backward()
        assert value.item() == pytest.approx(0, abs=1e-6)
        assert logits.grad is not None and not logits.grad.any()

    def test_descending_makes_it_less(self, built: nn.Module) -> None:
        logits, target = example()
        logits.requires_grad_()
        optimizer = torch.optim.Adam([logits], lr=0.3)
        first = built(logits, target).item()
        for _ in range(60):
            optimizer.zero_grad()
            built(logits, target).backward()
            optimizer.step()
        assert built(logits, target).item() < first / 3
        assert (logits.argmax(1) == target).float().mean() > 0.9

    def test_computes_in_float32(self, built: nn.Module) -> None:
        logits, target = example()
        half = logits.bfloat16()
        value = built(half, target.to(torch.uint8))
        assert value.dtype == torch.float32 and value.ndim == 0
        torch.testing.assert_close(value, built(half.float(), target))

    @pytest.mark.parametrize("value", [3, 254])
    def test_refuses_a_value_that_is_no_class(self, built: nn.Module, value: int) -> None:
        logits, target = example()
        target[0, 0, 0] = value
        with pytest.raises(ValueError, match=rf"mask value {value}: expected 0 to 2, or 255 for pixels to ignore\. "):
            built(logits, target)

    def test_refuses_shapes_that_do_not_go_together(self, built: nn.Module) -> None:
        with pytest.raises(ValueError, match=r"logits of \(2, 3, 4, 6\) and target of \(2, 4, 5\): expected"):
            built(example()[0], torch.zeros(2, 4, 5))


def example() -> tuple[Tensor, Tensor]:
    """Undecided logits (2, 3, 4, 6) and a target of three classes, the same every time."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, 6, generator=generator)
    return logits, torch.randint(3, (2, 4, 6), generator=generator)


def sure(target: Tensor, classes: int = 3) -> Tensor:
    """Logits that are certain of these classes, (N, classes, H, W)."""
    return nn.functional.one_hot(target.long(), classes).movedim(-1, 1).float() * 100


def scores(*probabilities: float) -> Tensor:
    """Logits (1, 2, 1, P) that give class 1 these probabilities."""
    p = torch.tensor(probabilities, dtype=torch.float64)
    return torch.stack([(1 - p).log(), p.log()])[None, :, None].float()


def row(*labels: int) -> Tensor:
    """A target (1, 1, P)."""
    return torch.tensor([[labels]])
