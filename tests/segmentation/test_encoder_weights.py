"""Pretrained encoders: files, a server of our own, and what is refused."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import safetensors.torch
import timm
import torch
from segmentation_models_pytorch.encoders import get_encoder
from torch import Tensor, nn
from torchvision import models

from bareface.errors import CheckpointError, FetchError
from bareface.io.fetch import fetch
from bareface.segmentation import encoder_weights
from bareface.segmentation.encoder_weights import fill_encoder
from bareface.segmentation.networks.bisenet import BiSeNet
from bareface.segmentation.networks.segnet import SegNet
from bareface.segmentation.networks.smp import SMPNetwork
from bareface.segmentation.networks.tiramisu import Tiramisu
from bareface.segmentation.networks.unet import UNetDenseNet121, UNetMobileNetV2, UNetResNet

MAKERS = {
    "mobilenetv2": (lambda: UNetMobileNetV2(2), models.mobilenet_v2),
    "resnet18": (lambda: UNetResNet(2, 18), models.resnet18),
    "resnet50": (lambda: UNetResNet(2, 50), models.resnet50),
    "densenet121": (lambda: UNetDenseNet121(2), models.densenet121),
    "vgg16": (lambda: SegNet(2), models.vgg16_bn),
    "bisenet": (lambda: BiSeNet(2), models.resnet18),
    "smp": (lambda: SMPNetwork(2, "fpn", "resnet18"), models.resnet18),
}


def saved(model: nn.Module, path: Path) -> dict[str, Tensor]:
    torch.save(model.state_dict(), path)
    return model.state_dict()


@pytest.mark.parametrize("name", MAKERS)
def test_weights_of_torchvision_fit(name: str, tmp_path: Path) -> None:
    network, classifier = (make() for make in MAKERS[name])
    state = saved(classifier, tmp_path / "x.pth")
    before = {key: value.clone() for key, value in network.state_dict().items() if not key.startswith("encoder.")}
    fill_encoder(network, str(tmp_path / "x.pth"))
    found = network.encoder.state_dict()
    assert len(found) > 90 and all(torch.equal(value, state[key]) for key, value in found.items())
    if name != "smp":
        after = network.state_dict()
        assert all(torch.equal(value, after[key]) for key, value in before.items()), "the rest stays"


def test_old_files_of_densenet_and_files_without_batch_counters_fit(tmp_path: Path) -> None:
    state = models.densenet121().state_dict()
    old = {key.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): value for key, value in state.items()}
    torch.save({key: value for key, value in old.items() if "num_batches" not in key}, tmp_path / "x.pth")
    network = UNetDenseNet121(2)
    fill_encoder(network, str(tmp_path / "x.pth"))
    name = "features.denseblock1.denselayer1.norm1.weight"
    assert torch.equal(network.encoder.state_dict()[name], state[name])


def test_timms_own_files_fit_its_encoders(tmp_path: Path) -> None:
    model = timm.create_model("mobilenetv3_small_050", pretrained=False)
    safetensors.torch.save_file(model.state_dict(), tmp_path / "x.safetensors")
    network = SMPNetwork(2, "unet", "tu-mobilenetv3_small_050")
    fill_encoder(network, str(tmp_path / "x.safetensors"))
    assert torch.equal(network.encoder.state_dict()["model.conv_stem.weight"], model.state_dict()["conv_stem.weight"])


def test_a_library_encoder_that_was_shortened_takes_the_part_that_is_left(tmp_path: Path) -> None:
    state = saved(get_encoder("resnet18"), tmp_path / "x.pth")
    network = SMPNetwork(2, "pspnet", "resnet18")
    fill_encoder(network, str(tmp_path / "x.pth"))
    found = network.encoder.state_dict()
    assert 0 < len(found) < len(state) and all(torch.equal(value, state[key]) for key, value in found.items())


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    saved(models.resnet34(), path)
    before = (network := UNetResNet(2, 18)).encoder.state_dict()["conv1.weight"].clone()
    with pytest.raises(CheckpointError, match="x.pth: weights do not fit the encoder in layer1.2.conv1.weight"):
        fill_encoder(network, str(path))
    assert torch.equal(network.encoder.state_dict()["conv1.weight"], before)
    with pytest.raises(CheckpointError, match="do not fit the encoder in features.0.0.weight, .* in all"):
        fill_encoder(UNetMobileNetV2(2), str(path))
    with pytest.raises(CheckpointError, match="x.pth: weights do not fit resnet18"):
        fill_encoder(SMPNetwork(2, "fpn", "resnet18"), str(path))
    with pytest.raises(CheckpointError, match="x.pth: weights do not fit tu-mobilenetv3_small_050"):
        fill_encoder(SMPNetwork(2, "unet", "tu-mobilenetv3_small_050"), str(path))
    with pytest.raises(ValueError, match="encoder_weights=imagenet: Tiramisu has no encoder to fill"):
        fill_encoder(Tiramisu(2, 56), "imagenet")
    with pytest.raises(FileNotFoundError, match=r"encoder_weights=no\.pth: no such file"):
        fill_encoder(network, "no.pth")


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("hello")
    (tmp_path / "text.safetensors").write_text("hello")
    torch.save(models.mobilenet_v2(), tmp_path / "module.pth")
    torch.save({"state_dict": {}}, tmp_path / "nested.pth")
    for name in ("text.pth", "text.safetensors", "module.pth"):
        with pytest.raises(CheckpointError, match=f"{name}: not a file of weights, or a damaged one"):
            fill_encoder(UNetMobileNetV2(2), str(tmp_path / name))
    with pytest.raises(CheckpointError, match=r"nested\.pth: holds more than tensors by name"):
        fill_encoder(UNetMobileNetV2(2), str(tmp_path / "nested.pth"))


CONTENT = b"weights" * 1000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Length", str(len(CONTENT) + ("short" in self.path)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_whole_or_not_at_all(server: str, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()[:8]
    fetch(f"{server}/net-{digest}.pth", tmp_path / "hub" / "net.pth", "")
    assert (tmp_path / "hub" / "net.pth").read_bytes() == CONTENT
    for name, reason in {
        "net-00000000.pth": f"its SHA-256 sum begins with {digest}, expected 00000000",
        "short.pth": "broke off after 7000 of 7001 bytes|IncompleteRead",
        "missing.pth": "cannot be fetched .*Not Found",
    }.items():
        with pytest.raises(FetchError, match=rf"{name}: ({reason}).*Do it by hand\."):
            fetch(f"{server}/{name}", tmp_path / "other.pth", "Do it by hand.")
    assert [path.name for path in tmp_path.iterdir()] == ["hub"]


def test_without_a_connection_the_error_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def refused(url: str, timeout: float) -> None:
        assert timeout <= 30
        raise OSError("Network is unreachable")

    monkeypatch.setattr("urllib.request.urlopen", refused)
    for network, url in (
        (UNetMobileNetV2(2), "download.pytorch.org/models/mobilenet_v2-b0353104.pth"),
        (UNetResNet(2, 101), "resnet101-"),
        (UNetDenseNet121(2), "densenet121-"),
        (SegNet(2), "vgg16_bn-"),
        (SMPNetwork(2, "fpn", "resnet18"), "huggingface.co/smp-hub/resnet18.imagenet/resolve/"),
        (SMPNetwork(2, "unet", "tu-mobilenetv3_small_050"), "huggingface.co/timm/mobilenetv3_small_050.lamb_in1k/"),
    ):
        with pytest.raises(FetchError, match=f"{url}.*cannot be fetched .Network is unreachable.*encoder_weights=FILE"):
            fill_encoder(network, "imagenet")
    with pytest.raises(ValueError, match="encoder_weights=imagenet: nobody offers such weights for resnext101_32x4d"):
        fill_encoder(SMPNetwork(2, "fpn", "resnext101_32x4d"), "imagenet")


def test_what_was_fetched_before_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    state = saved(models.mobilenet_v2(), tmp_path / "checkpoints" / "mobilenet_v2-b0353104.pth")
    network = UNetMobileNetV2(2)
    monkeypatch.setattr(encoder_weights, "fetch", None)
    fill_encoder(network, "imagenet")
    assert torch.equal(network.encoder.state_dict()["features.0.0.weight"], state["features.0.0.weight"])
