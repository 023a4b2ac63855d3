"""Files in the published formats become checkpoints that give the embeddings of the network they were taken from."""

import os
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from e2e.conftest import Done, bareface
from torch import Tensor, nn

from bareface.errors import DataError
from bareface.recognition.backbones.inception_resnet_v1 import InceptionResNetV1
from bareface.recognition.backbones.iresnet import IResNet18
from bareface.recognition.backbones.mobilefacenet import MobileFaceNet
from bareface.recognition.backbones.resnet import ResNet50
from bareface.recognition.backbones.senet import SENet50
from bareface.recognition.recogniser import Recogniser
from bareface.tasks.convert import options

from . import files

BGR_MEAN = torch.tensor([91.4953, 103.8827, 131.0912]).view(3, 1, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for path in tmp_path.rglob("*.*"):  # a hundred megabytes each
        if path.suffix in (".pkl", ".pth", ".pt", ".ckpt"):
            path.unlink()


def convert(folder: Path, name: str, file: Path, *others: str) -> Done:
    return bareface(
        "convert", f"published={name}", f"file={file}", f"out={folder / 'x.ckpt'}", f"runs={folder}", *others
    )


def picture(side: int) -> Tensor:
    return torch.from_numpy(np.random.RandomState(3).randint(0, 256, (1, 3, side, side), np.uint8))


def loaded(folder: Path, done: Done) -> Recogniser:
    assert done.status == 0, done.stderr
    return Recogniser.load(folder / "x.ckpt")


def same(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    assert (found - expected).norm() < 1e-4 * expected.norm()


@torch.inference_mode()
def test_vggface2_pickle(folder: Path) -> None:
    backbone, classifier = files.randomise(ResNet50(wiring="caffe")), files.randomise(nn.Linear(2048, 7))
    file = folder / "resnet50_ft_weight.pkl"
    files.write_vggface2_pickle(file, backbone, classifier)
    names = folder / "names.txt"
    names.write_text("\n".join("abcdefg") + "\n")
    done = convert(folder, "vggface2_resnet50_ft", file, "published.identities=7", f"names={names}")
    recogniser, image = loaded(folder, done), picture(224)
    assert done.results == {"identities": 7, "parameters": 23_508_032 + 7 * 2049}
    assert (recogniser.shorter, recogniser.crop, recogniser.framing) == (256, 224, "box")
    assert recogniser.identities == tuple("abcdefg")
    features = backbone(image.float().flip(1) - BGR_MEAN)
    same(recogniser.embed(image), features)
    same(recogniser(image), classifier(features))


@torch.inference_mode()
def test_vggface2_official(folder: Path) -> None:
    backbone, classifier = files.randomise(SENet50()), files.randomise(nn.Linear(2048, 7))
    file = folder / "senet50_ft_dag.pth"
    files.write_vggface2_official(file, backbone, classifier)
    done = convert(folder, "vggface2_official_senet50", file, "published.identities=7")
    recogniser, image = loaded(folder, done), picture(224)
    assert (recogniser.shorter, recogniser.crop, recogniser.framing) == (224, 224, "box")
    assert recogniser.identities[-1] == "class_0006"
    state = backbone.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in recogniser.backbone.state_dict().items())
    rgb = image.float() - BGR_MEAN.flip(0)
    torch.testing.assert_close(recogniser.normalise(image), rgb)
    same(recogniser.head(backbone(rgb)), classifier(backbone(rgb)))


@torch.inference_mode()
def test_vggface2_official_of_128_numbers_has_no_classifier(folder: Path) -> None:
    backbone = files.randomise(ResNet50(wiring="caffe", projection=128))
    file = folder / "resnet50_128.pth"
    files.write_vggface2_official(file, backbone, None)
    recogniser, image = loaded(folder, convert(folder, "vggface2_official_resnet50_128", file)), picture(224)
    same(recogniser.embed(image), backbone(image.float() - BGR_MEAN.flip(0)))
    assert recogniser.identities == ()
    with pytest.raises(ValueError, match=r"^recogniser: it came without a classifier\. Compare embeddings, or train"):
        recogniser(image)


@torch.inference_mode()
def test_facenet(folder: Path) -> None:
    backbone, classifier = files.randomise(InceptionResNetV1()), files.randomise(nn.Linear(512, 7))
    file = folder / "facenet.pt"
    files.write_facenet(file, backbone, classifier)
    done = convert(folder, "facenet_vggface2", file, "published.identities=7")
    recogniser, image = loaded(folder, done), picture(160)
    normalised = (image.float() - 127.5) / 128
    same(recogniser.embed(image), backbone(normalised))
    same(recogniser.embed(image).norm(dim=1), torch.ones(1))
    same(recogniser(image), classifier(backbone(normalised, normalise=False)))


@pytest.mark.parametrize(
    ("name", "network"), [("insightface_iresnet18", IResNet18), ("insightface_mobilefacenet", MobileFaceNet)]
)
@torch.inference_mode()
def test_insightface(folder: Path, name: str, network: type[nn.Module]) -> None:
    backbone = files.randomise(network())
    files.write_insightface(folder / "backbone.pth", backbone)
    recogniser, image = loaded(folder, convert(folder, name, folder / "backbone.pth")), picture(112)
    assert (recogniser.framing, recogniser.canvas) == ("aligned", 112)
    expected = backbone((image.float() - 127.5) / 127.5)
    same(recogniser.embed(image), expected)
    whole = torch.tensor([[0, 0, 112, 112]])
    same(recogniser.embed(image, whole), expected)  # an aligned face is not resampled


def test_another_network_of_the_format_is_named(folder: Path) -> None:
    files.write_insightface(folder / "backbone.pth", files.randomise(IResNet18()))
    done = convert(folder, "insightface_iresnet50", folder / "backbone.pth")
    assert done.status == 1 and len(done.stderr.splitlines()) == 1
    found = f"error: {folder}/backbone.pth: does not fit IResNet50: missing backbone.layer1.2.bn1.weight, "
    assert done.stderr.startswith(found)
    assert done.stderr.endswith(". Use published=insightface_iresnet18.\n")
    assert not (folder / "x.ckpt").exists()


def test_the_other_wiring_is_refused_in_both_directions(folder: Path) -> None:
    """The tensors fit in name and shape; what tells them apart is the format, and what was trained in which wiring."""
    backbone, classifier = files.randomise(ResNet50()), files.randomise(nn.Linear(2048, 5))
    pickled = folder / "resnet50_ft_weight.pkl"
    files.write_vggface2_pickle(pickled, backbone, classifier)
    done = convert(folder, "vggface2_resnet50_ft", pickled, "published.backbone.wiring=torchvision")
    assert done.status == 1
    expected = (
        "error: published.backbone.wiring=torchvision: resnet50_ft_weight.pkl was trained in caffe's, and would fit"
    )
    assert done.stderr == f"{expected}, and give nonsense. Use caffe.\n"
    torch.save(
        backbone.state_dict() | {f"fc.{k}": v for k, v in classifier.state_dict().items()}, folder / "resnet50.pth"
    )
    done = convert(folder, "vggface2_resnet50_ft", folder / "resnet50.pth")
    assert done.status == 1
    assert "resnet50.pth: not a pickle, or a damaged one" in done.stderr
    assert done.stderr.endswith("No option of published fits.\n")
    done = convert(folder, "vggface2_official_resnet50", folder / "resnet50.pth")
    assert "does not fit ResNet50: missing backbone.conv1.weight" in done.stderr
    other = ["published.backbone._target_=bareface.recognition.backbones.resnet.ResNet50"]
    other += ["~published.backbone.embedding_size"]
    done = convert(folder, "insightface_iresnet18", folder / "resnet50.pth", *other)
    assert done.stderr == "error: published.backbone=ResNet50: weights of this format need IResNet or MobileFaceNet.\n"
    assert not (folder / "x.ckpt").exists()


def test_counters_of_training_steps_are_not_caffes(folder: Path) -> None:
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in SENet50().state_dict().items()}
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    arrays |= {"fc.weight": np.zeros((3, 2048), np.float32), "fc.bias": np.zeros(4, np.float32)}
    del arrays["layer1.0.conv4.bias"]
    (folder / "x.pkl").write_bytes(files.python2_pickle(arrays))
    done = convert(folder, "vggface2_senet50_ft", folder / "x.pkl", "published.identities=3")
    assert (
        "does not fit SENet50: missing backbone.layer1.0.conv4.bias; not in the network bn1.num_batches" in done.stderr
    )
    assert "; of another shape head.bias (4,), expected (3,). No option of published fits." in done.stderr


@pytest.mark.parametrize("published", ["vggface2_resnet50_ft", "facenet_casia"])
def test_of_a_damaged_file_nothing_is_said_but_that(published: str, folder: Path) -> None:
    (folder / "torn.pt").write_bytes(b"\x80\x02 torn")
    done = convert(folder, published, folder / "torn.pt")
    assert done.status == 1 and "damaged" in done.stderr and "No option" not in done.stderr


@pytest.mark.parametrize("name", list(options()))
def test_every_option_builds_and_says_where_its_file_is_to_be_had(name: str) -> None:
    option = options()[name]
    with torch.device("meta"):
        recogniser = option._empty(option._identities(None))
    assert len(recogniser.identities) == option.identities
    assert recogniser.card["normalise"]["channels"] == ("bgr" if "Pickle" in type(option).__name__ else "rgb")
    missing = (
        rf"^weights/{option.file}: no such file\. Get {option.file} from https?://.* and put it there, or give file="
    )
    with pytest.raises(FileNotFoundError, match=missing):
        option.recogniser(Path("weights") / option.file)


def test_the_default_place_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = bareface("convert", "published=facenet_casia", f"runs={folder}")
    assert done.status == 1
    assert done.stderr.startswith("error: weights/20180408-102900-casia-webface.pt: no such file. Get 20180408-1029")


def test_hostile_files_run_nothing(folder: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, (f"touch {folder}/ran",)

    (folder / "x.pkl").write_bytes(pickle.dumps({"conv1.weight": Evil()}))
    torch.save({"conv1.weight": Evil()}, folder / "x.pth")
    for name, file in (("vggface2_resnet50_ft", "x.pkl"), ("facenet_casia", "x.pth"), ("facenet_casia", "x.pkl")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # torch has something to say of pickles of protocol 4
            done = convert(folder, name, folder / file)
        assert done.status == 1 and len(done.stderr.splitlines()) == 1
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["file=3"], "file=3: expected the name of a file."),
        (["file=[1,2]"], "file=[1, 2]: expected the name of a file."),
        (["file=null"], "file=null: expected the name of a file."),
        (["names=3"], "names=3: expected the name of a file or null."),
        (["out=null"], "out=null: expected the name of a file."),
        (["file=/dev/null"], "/dev/null: a device or a pipe, expected a file. Name a file on a disk."),
        (["file=/tmp"], "/tmp: a folder, expected a file. Name the file itself."),
        (["file={here}/x", "names={here}"], "names={here}: a folder, expected a file. Name the file itself."),
        (["file={here}/x", "out={here}"], "out={here}: a folder. Name the file to write in it."),
        (
            ["out={here}/no/x.ckpt"],
            "out={here}/no/x.ckpt: there is no folder {here}/no. Make it, or name another place.",
        ),
    ],
)
def test_mistakes_in_one_line(options: list[str], line: str, folder: Path) -> None:
    (folder / "x").write_bytes(b"x")
    done = bareface("convert", *(option.format(here=folder) for option in options), f"runs={folder / 'runs'}")
    assert done.status == 1 and done.stderr == f"error: {line.format(here=folder)}\n"


def test_names_of_the_identities(folder: Path) -> None:
    option = options()["vggface2_resnet50_ft"]
    option.identities = 2
    meta = folder / "identity_meta.csv"
    rows = ['n000001, "A", 9, 0, m', 'n000002, "B", 9, 1, f', 'n000003, "C", 9, 1, f']
    meta.write_text("\n".join(["Class_ID, Name, Sample_Num, Flag, Gender", *rows]) + "\n")
    assert option._identities(meta) == ["n000002", "n000003"]
    text = folder / "names.txt"
    text.write_text("Ada\nBob\nCyd\n")
    with pytest.raises(DataError, match=r"names\.txt: 3 names, but resnet50_ft_weight\.pkl has 2 classes\. Give one a"):
        option._identities(text)
    text.write_text("Ada\nAda\n")
    with pytest.raises(DataError, match=r"names\.txt: names that are there twice: Ada\. Make them different\.$"):
        option._identities(text)
