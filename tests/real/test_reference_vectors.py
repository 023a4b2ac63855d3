"""Our networks compute what the public implementations compute, with weights filled by rule."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bareface.recognition.backbones.inception_resnet_v1 import InceptionResNetV1
from bareface.recognition.backbones.resnet import ResNet50
from bareface.recognition.backbones.senet import SENet50
from bareface.segmentation.networks.unet import UNetMobileNetV2, UNetResNet

AGREEMENT = 1e-4


@pytest.fixture(scope="module")
def vectors(shared: Path) -> Path:
    folder = shared / "vectors"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing: no reference outputs to compare with")
    return folder


def counted(network: nn.Module) -> dict[str, Tensor]:
    """The tensors that the rule counts."""
    return {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}


def fill(network: nn.Module, seed: Callable[[int, str], int]) -> None:
    """Fills a network by the rule; ``seed`` gives the seed from a tensor's position and name."""
    for index, (name, tensor) in enumerate(counted(network).items()):
        noise = np.random.RandomState(seed(index, name)).standard_normal(tuple(tensor.shape)).astype(np.float32)
        if name.endswith("running_var"):
            noise = 1 + 0.1 * np.abs(noise)
        elif tensor.ndim >= 2:
            noise = noise * np.float32(np.sqrt(2 / np.prod(tensor.shape[1:])))
        else:
            noise = 0.1 * noise + (1 if name.endswith("weight") else 0)
        tensor.copy_(torch.from_numpy(noise))


def difference(ours: Tensor, reference: np.ndarray) -> float:
    """Norm of the difference relative to the reference."""
    return float(np.linalg.norm(ours.numpy() - reference) / np.linalg.norm(reference))


@pytest.mark.parametrize(
    ("file", "network"),
    [
        ("unet_mobilenetv2.npz", lambda: UNetMobileNetV2(classes=2)),
        ("unet_resnet18.npz", lambda: UNetResNet(classes=2, depth=18)),
    ],
)
@torch.inference_mode()
def test_unet(vectors: Path, file: str, network: Callable[[], nn.Module]) -> None:
    reference = np.load(vectors / file)
    ours = network().eval()
    assert [str(tuple(value.shape)) for value in counted(ours).values()] == reference["first_shapes"].tolist()
    assert sum(parameter.numel() for parameter in ours.parameters()) == reference["parameters"]
    fill(ours, lambda index, name: index)
    image = torch.from_numpy(np.random.RandomState(0).rand(1, 3, 64, 96).astype(np.float32))
    assert difference(ours(image), reference["logits"]) < AGREEMENT


@pytest.fixture(scope="module")
def caffe_input() -> Tensor:
    return torch.from_numpy((np.random.RandomState(1).rand(2, 3, 224, 224) * 255 - 110).astype(np.float32))


@pytest.fixture
def two_threads() -> Iterator[None]:
    """As the references were computed.

    Filled by rule, SE-ResNet-50 has sigmoids at both ends, and rounding decides at which: in double precision it is 20%
    away from its own reference, with another number of threads (another order of sums) as much.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def seed_of_name(index: int, name: str) -> int:
    return zlib.crc32(name.encode())


@pytest.mark.parametrize(
    ("file", "network", "parameters"),
    [
        ("resnet50_caffe.npz", lambda: ResNet50(wiring="caffe"), 41_192_951),
        ("senet50_caffe.npz", SENet50, 43_723_943),
    ],
)
@pytest.mark.usefixtures("two_threads")
@torch.inference_mode()
def test_caffe(
    vectors: Path, caffe_input: Tensor, file: str, network: Callable[[], nn.Module], parameters: int
) -> None:
    reference = np.load(vectors / file)
    ours = network().eval()
    fc = nn.Linear(2048, 8631)
    named = nn.ModuleDict({"fc": fc})
    assert [*ours.state_dict(), *named.state_dict()] == reference["keys"].tolist()
    assert sum(p.numel() for part in (ours, fc) for p in part.parameters()) == reference["parameters"] == parameters
    for part in (ours, named):
        fill(part, seed_of_name)
    embedding = ours(caffe_input)
    assert difference(embedding, reference["embedding"]) < AGREEMENT
    assert difference(fc(embedding)[:, :64], reference["logits_first64"]) < AGREEMENT


@torch.inference_mode()
def test_the_other_wiring_is_another_function(vectors: Path, caffe_input: Tensor) -> None:
    reference = np.load(vectors / "resnet50_caffe.npz")
    other = ResNet50(wiring="torchvision").eval()
    fill(other, seed_of_name)
    # The mistake that loads without complaint; were this close too, the comparison above would mean nothing.
    assert difference(other(caffe_input), reference["embedding"]) > 100 * AGREEMENT


@torch.inference_mode()
def test_inception_resnet_v1(vectors: Path) -> None:
    reference = np.load(vectors / "inception_resnet_v1.npz")
    ours = InceptionResNetV1().eval()
    assert list(ours.state_dict()) == reference["keys"].tolist()
    assert sum(parameter.numel() for parameter in ours.parameters()) == reference["parameters"]
    fill(ours, seed_of_name)
    image = torch.from_numpy((np.random.RandomState(2).rand(2, 3, 160, 160) * 2 - 1).astype(np.float32))
    assert difference(ours(image), reference["embedding"]) < AGREEMENT
