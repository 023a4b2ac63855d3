"""Writes files as they were published, from networks filled at random."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


def randomise(network: nn.Module, seed: int = 0) -> nn.Module:
    """Fills every tensor, statistics included, so that no two layers could be mistaken for each other."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            noise = torch.randn(value.shape, generator=generator)
            if name.endswith("running_var"):
                noise = 1 + noise.abs() / 10
            elif value.ndim > 1:
                noise = noise * (2 / value[0].numel()) ** 0.5
            else:
                noise = noise / 10 + float(name.endswith("weight"))
            value.copy_(noise)
    return network.eval()


def without_counters(network: nn.Module) -> dict[str, Tensor]:
    """What a file of before torch 0.4 or of Caffe holds."""
    return {name: v for name, v in network.state_dict().items() if not name.endswith("num_batches_tracked")}


def python2_pickle(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes that Python 2 wrote with protocol 2: text and raw content both as byte strings."""
    return b"\x80\x02}(" + b"".join(_text(name) + _array(array) for name, array in arrays.items()) + b"u."


def _text(text: str) -> bytes:
    return b"U" + bytes([len(text)]) + text.encode()


def _array(array: np.ndarray) -> bytes:
    made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    shape = b"(" + b"".join(b"J" + struct.pack("<i", side) for side in array.shape) + b"t"
    kind = b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNN" + 2 * b"J\xff\xff\xff\xff" + b"K\x00tb"
    raw = np.ascontiguousarray(array, "<f4").tobytes()
    return made + b"(K\x01" + shape + kind + b"\x89T" + struct.pack("<i", len(raw)) + raw + b"tb"


def write_vggface2_pickle(path: Path, backbone: nn.Module, classifier: nn.Linear) -> None:
    """``*_weight.pkl`` of cydonia999."""
    named = without_counters(backbone) | {f"fc.{name}": v for name, v in classifier.state_dict().items()}
    path.write_bytes(python2_pickle({name: value.numpy() for name, value in named.items()}))


def caffe_name(name: str) -> str:
    """torchvision's name of a tensor as Caffe's."""
    layer, _, kind = name.rpartition(".")
    if not layer.startswith("layer"):
        return {"conv1": "conv1_7x7_s2", "bn1": "conv1_7x7_s2_bn"}.get(layer, layer) + f".{kind}"
    stage, block, part = layer.removeprefix("layer").split(".", 2)
    parts = {"conv1": "1x1_reduce", "bn1": "1x1_reduce_bn", "conv2": "3x3", "bn2": "3x3_bn", "conv3": "1x1_increase"}
    parts |= {"bn3": "1x1_increase_bn", "downsample.0": "1x1_proj", "downsample.1": "1x1_proj_bn"}
    parts |= {"conv4": "1x1_down", "conv5": "1x1_up"}
    return f"conv{int(stage) + 1}_{int(block) + 1}_{parts[part]}.{kind}"


def write_vggface2_official(path: Path, backbone: nn.Module, classifier: nn.Linear | None) -> None:
    """``*_dag.pth``: Caffe's names, 1x1 convolutions at the end."""
    state = {caffe_name(name): value for name, value in without_counters(backbone).items()}
    if classifier is not None:
        state |= {f"classifier.{name}": value for name, value in classifier.state_dict().items()}
    for name in ("feat_extract.weight", "classifier.weight"):
        if name in state:
            state[name] = state[name][:, :, None, None]
    torch.save(state, path)


def write_facenet(path: Path, backbone: nn.Module, classifier: nn.Linear) -> None:
    """``*.pt`` of facenet-pytorch."""
    torch.save(backbone.state_dict() | {f"logits.{name}": v for name, v in classifier.state_dict().items()}, path)


def write_insightface(path: Path, backbone: nn.Module) -> None:
    """``backbone.pth`` of arcface_torch."""
    torch.save(backbone.state_dict(), path)
