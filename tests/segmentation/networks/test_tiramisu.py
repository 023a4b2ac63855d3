from functools import partial

import pytest
import torch

from bareface.segmentation.networks.tiramisu import DenseBlock, Tiramisu

from .contract import NetworkContract


class TestTiramisu56(NetworkContract):
    network = partial(Tiramisu, depth=56)
    parameters = 1_375_058


@pytest.mark.parametrize(("depth", "count"), [(56, 1_397_963), (67, 3_502_923), (103, 9_425_163)])
def test_as_large_as_the_paper_says(depth: int, count: int) -> None:
    """1.5, 3.5 and 9.4 million in table 3, which counts the statistics of batch norm too; 56 is 1.4, as elsewhere."""
    with torch.device("meta"):
        network = Tiramisu(classes=11, depth=depth)
        assert network(torch.zeros(1, 3, 97, 65)).shape == (1, 11, 97, 65)
    statistics = [value for value in network.buffers() if value.ndim]
    assert sum(value.numel() for value in (*network.parameters(), *statistics)) == count


def test_counts_convolutions_as_its_name_says() -> None:
    """Convolutions of stride 1 and of the transitions, the transposed ones included."""
    for depth in (56, 67, 103):
        with torch.device("meta"):
            network = Tiramisu(classes=2, depth=depth)
        kinds = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
        assert sum(isinstance(module, kinds) for module in network.modules()) == depth


def test_a_block_gives_what_its_layers_add() -> None:
    block = DenseBlock(5, layers=3, growth=4, dropout=0.0).eval()
    x = torch.rand(1, 5, 6, 6)
    added = block(x)
    assert added.shape == (1, 12, 6, 6)
    assert torch.equal(added[:, :4], block.layers[0](x))
    assert torch.equal(added[:, 4:8], block.layers[1](torch.cat([x, added[:, :4]], 1)))


def test_dropout_is_what_training_drops() -> None:
    image = torch.rand(2, 3, 32, 32)
    found = []
    for dropout in (0.0, 0.9):
        torch.manual_seed(0)
        network = Tiramisu(classes=2, depth=56, dropout=dropout)
        rates = {module.p for module in network.modules() if isinstance(module, torch.nn.Dropout2d)}
        assert rates == {dropout}
        with torch.no_grad():
            found.append([network.train()(image), network(image)])
    assert torch.equal(*found[0]), "without dropout training is a function of the pictures"
    assert not torch.allclose(*found[1]) and not torch.allclose(found[0][0], found[1][0])


def test_refuses_another_depth() -> None:
    with pytest.raises(ValueError, match=r"depth=57: expected one of 56, 67, 103\."):
        Tiramisu(classes=2, depth=57)
