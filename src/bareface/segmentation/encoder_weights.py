"""Weights of an encoder that was trained on something else, such as ImageNet."""

import pickle
import re
from pathlib import Path

import safetensors.torch
import timm
import torch
from safetensors import SafetensorError
from segmentation_models_pytorch.encoders import encoders, get_encoder
from torch import Tensor, nn
from torchvision import models

from bareface.errors import CheckpointError, some
from bareface.io.checkpoint import read_torch
from bareface.io.fetch import fetch
from bareface.segmentation.networks.densenet import DenseNet121Encoder
from bareface.segmentation.networks.mobilenetv2 import MobileNetV2Encoder
from bareface.segmentation.networks.resnet import ResNetEncoder
from bareface.segmentation.networks.segnet import VGG16Encoder
from bareface.segmentation.networks.smp import SMPNetwork

TIMM = "tu-"
CLASSIFIER = ("fc.", "classifier.")
"""What the names of tensors begin with that no segmenter has a use for."""
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


def fill_encoder(network: nn.Module, source: str) -> None:
    """Puts pretrained weights into the encoder of a network, all of them or none.

    Args:
        network: Of ``bareface.segmentation.networks``.
        source: ``imagenet``: from PyTorch's folder of weights, fetched where they are not there yet; or a file of
            weights under the names of torchvision (of segmentation-models-pytorch or of timm for its encoders):
            ``.pth`` or ``.safetensors``.

    Raises:
        ValueError: The network has no encoder, or nobody offers such weights for it.
        FileNotFoundError: There is no such file.
        FetchError: The weights cannot be fetched.
        CheckpointError: The file holds something else.
    """
    encoder = getattr(network, "encoder", None)
    if not isinstance(encoder, nn.Module):
        name = type(network).__name__
        raise ValueError(f"encoder_weights={source}: {name} has no encoder to fill. Use encoder_weights=null.")
    if source == "imagenet":
        url = _address(network, encoder)
        path = _place(url)
        if not path.is_file():
            remedy = (
                f"Fetch it where there is a connection, and give the file: encoder_weights=FILE, or put it to {path}."
            )
            fetch(url, path, remedy)
    else:
        path = Path(source)
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no such file"
            raise FileNotFoundError(f"encoder_weights={source}: {what}. Give a file of weights, or imagenet.")
    state = _state(path)
    if isinstance(network, SMPNetwork):
        state = _library_state(network.encoder_name, state, path)
    else:
        _check(encoder, state, path)
    own = encoder.state_dict()
    encoder.load_state_dict({name: state.get(name, value) for name, value in own.items()})


def _check(encoder: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    own = encoder.state_dict()
    odd = [name for name in own if name not in state and not name.endswith("num_batches_tracked")]
    odd += [name for name in own if name in state and state[name].shape != own[name].shape]
    odd += [name for name in state if name not in own and not name.startswith(CLASSIFIER)]  # a deeper one has more
    if odd:
        raise CheckpointError(f"{path}: weights do not fit the encoder in {some(odd)}. Use those of the same encoder.")


def _address(network: nn.Module, encoder: nn.Module) -> str:
    if isinstance(network, SMPNetwork):
        return _library_address(network.encoder_name)
    if isinstance(encoder, ResNetEncoder):
        weights = {
            18: models.ResNet18_Weights.IMAGENET1K_V1,
            34: models.ResNet34_Weights.IMAGENET1K_V1,
            50: models.ResNet50_Weights.IMAGENET1K_V1,
            101: models.ResNet101_Weights.IMAGENET1K_V1,
        }
        return str(weights[encoder.depth].url)
    others = {
        MobileNetV2Encoder: models.MobileNet_V2_Weights.IMAGENET1K_V1,
        DenseNet121Encoder: models.DenseNet121_Weights.IMAGENET1K_V1,
        VGG16Encoder: models.VGG16_BN_Weights.IMAGENET1K_V1,
    }
    return str(others[type(encoder)].url)  # type: ignore[index]


def _library_address(name: str) -> str:
    if name.startswith(TIMM):
        offer = timm.models.get_pretrained_cfg(name.removeprefix(TIMM), allow_unregistered=False)
        if offer is not None and offer.hf_hub_id:
            return f"https://huggingface.co/{offer.hf_hub_id}/resolve/main/model.safetensors"
    elif "imagenet" in encoders[name]["pretrained_settings"]:
        offer = encoders[name]["pretrained_settings"]["imagenet"]
        return f"https://huggingface.co/{offer['repo_id']}/resolve/{offer['revision']}/model.safetensors"
    raise ValueError(f"encoder_weights=imagenet: nobody offers such weights for {name}. Give a file, or null.")


def _place(url: str) -> Path:
    owner, _, file = url.removeprefix("https://huggingface.co/").partition("/resolve/")
    name = f"{owner.replace('/', '-')}.safetensors" if file else url.rpartition("/")[2]
    return Path(torch.hub.get_dir(), "checkpoints", name)


def _state(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        state = read_torch(path)
    except (pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = "not a file of weights, or a damaged one, or one that could run code"
        raise CheckpointError(f"{path}: {reason}. Expected tensors by name, .pth or .safetensors.") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{path}: holds more than tensors by name. Save the state_dict of the network alone.")
    return {_OLD_DENSENET.sub(r"\1\2", name): value for name, value in state.items()}


def _library_state(name: str, state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """What the library makes of the file: it drops classifiers, and timm names tensors otherwise than its files do."""
    try:
        if name.startswith(TIMM):
            donor = get_encoder(name, weights=True, pretrained_cfg_overlay={"file": str(path)})
        else:
            donor = get_encoder(name)
            donor.load_state_dict(state)
    except (RuntimeError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path}: weights do not fit {name}. Use those of the same encoder.") from error
    filled: dict[str, Tensor] = donor.state_dict()
    return filled
