"""Cut-outs of files, with segmenters whose answer is known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from e2e.conftest import bareface

from bareface.errors import DataError
from bareface.io.pictures import read_picture, write_picture
from bareface.pipeline.cutout import Summary, cutout
from bareface.pipeline.matte import Matte
from bareface.segmentation.segmenter import Segmenter


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Segmenters that find a face everywhere, or nowhere."""
    folder = tmp_path_factory.mktemp("checkpoints")
    network = {"_target_": "bareface.segmentation.networks.unet.UNetMobileNetV2"}
    normalise = {"mean": [0.0, 0.0, 0.0], "std": [255.0, 255.0, 255.0]}
    model = Segmenter(network, normalise, size=64, classes=["background", "face"])
    paths = {}
    for name, bias in (("all", 9.0), ("nothing", -9.0)):
        state = model.state_dict()
        last = [key for key in state if key.startswith("network.head")][-2:]
        state[last[0]], state[last[1]] = torch.zeros_like(state[last[0]]), torch.tensor([0.0, bias])
        paths[name] = folder / f"{name}.ckpt"
        state = {f"segmenter.{key}": value for key, value in state.items()}
        torch.save({"card": {**model.card, "versions": {}}, "state_dict": state}, paths[name])
    return paths


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, size in (("a.png", (40, 30)), ("deep/b.png", (25, 60)), ("deep/c.bmp", (33, 33))):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        write_picture(tmp_path / "in" / name, rng.integers(0, 256, (*size, 3), dtype=np.uint8))
    return tmp_path / "in"


def test_all_foreground_leaves_the_photos_as_they_are(
    photos: Path, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    summary = cutout(photos, tmp_path / "out", checkpoints["all"], "face", "white", batch_size=2)
    assert (summary.written, summary.failed) == (3, [])
    for name in ("a.png", "deep/b.png", "deep/c.bmp"):
        assert (read_picture(tmp_path / "out" / name) == read_picture(photos / name)).all()


def test_no_foreground_leaves_the_backdrop(photos: Path, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    cutout(photos, tmp_path / "out", checkpoints["nothing"], "face", "white")
    assert (read_picture(tmp_path / "out" / "deep/b.png") == 255).all()


def test_the_matte_is_made_as_asked(photos: Path, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    strict = Matte(threshold=0.9999)  # the segmenter's probability is 0.99988
    cutout(photos, tmp_path / "out", checkpoints["all"], "face", "white", strict)
    assert (read_picture(tmp_path / "out" / "a.png") == 255).all()


def test_transparent_is_png_with_alpha(photos: Path, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    from PIL import Image

    cutout(photos, tmp_path / "out", checkpoints["nothing"], "face", "transparent")
    with Image.open(tmp_path / "out" / "deep/c.png") as picture:
        assert picture.mode == "RGBA" and picture.size == (33, 33)
        assert not np.asarray(picture)[..., 3].any()


def test_one_picture_to_one_file(photos: Path, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    assert cutout(photos / "a.png", tmp_path / "one.png", checkpoints["all"], "face", "black").written == 1
    assert (read_picture(tmp_path / "one.png") == read_picture(photos / "a.png")).all()


def test_one_file_is_named_as_asked_or_refused(photos: Path, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    for name, behind, message in (
        ("one.jpg", "transparent", r"one\.jpg: only PNG holds transparency\. Name it one\.png"),
        ("one.txt", "black", r"one\.txt: no known picture format\. Name it one\.png"),
    ):
        with pytest.raises(ValueError, match=message):
            cutout(photos / "a.png", tmp_path / name, checkpoints["all"], "face", behind)
    assert not list(tmp_path.glob("one*"))


def test_a_broken_picture_is_reported_and_the_rest_is_written(
    photos: Path, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    summary = cutout(photos, tmp_path / "out", checkpoints["all"], "face", "black")
    assert summary.written == 3 and [Path(path).name for path, _ in summary.failed] == ["broken.jpg"]
    assert "broken.jpg" in summary.text() and "3 written, 1 failed" in summary.text()
    assert not (tmp_path / "out/broken.jpg").exists()


def test_what_is_there_already_stays(photos: Path, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.png").write_text("mine")
    with pytest.raises(
        FileExistsError, match=r"files are there already: .*a\.png\. Choose another one, --overwrite, or --skip"
    ):
        cutout(photos, tmp_path / "out", checkpoints["all"], "face", "black")
    assert (tmp_path / "out/a.png").read_text() == "mine" and not (tmp_path / "out/deep").exists()
    assert cutout(photos, tmp_path / "out", checkpoints["all"], "face", "black", overwrite=True).written == 3


def test_ctrl_c_leaves_whole_files_and_the_rest_is_made_later(
    photos: Path, checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    def scores(matte: Matte, segmenter: Segmenter, image: torch.Tensor) -> torch.Tensor:
        looked.append(len(image))
        if len(looked) == 2:
            raise KeyboardInterrupt
        return segmenter(image).float()

    with monkeypatch.context() as patch:
        patch.setattr(Matte, "scores", scores)
        summary = cutout(photos, tmp_path / "out", checkpoints["all"], "face", "white", batch_size=2)
    assert summary.interrupted and summary.text() == "2 written, 0 failed; interrupted, --skip-existing goes on"
    written = sorted(path.name for path in (tmp_path / "out").rglob("*.*"))
    assert written == ["a.png", "b.png"]
    (tmp_path / "out/a.png").write_text("mine")
    rest = cutout(photos, tmp_path / "out", checkpoints["all"], "face", "white", skip_existing=True)
    assert rest.text() == "1 written, 0 failed, 2 there already"
    assert (tmp_path / "out/a.png").read_text() == "mine" and (tmp_path / "out/deep/c.bmp").is_file()


def test_a_target_that_cannot_be_written_is_one_error(
    photos: Path, checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for source, target in ((photos, "/proc/nope"), (photos, tmp_path / "file"), (photos / "a.png", "/proc/no/a.png")):
        with pytest.raises(OSError, match="No such file or directory|File exists"):
            cutout(source, Path(target), checkpoints["all"], "face", "white")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=r"Permission denied: '.*/closed'"):
        cutout(photos, tmp_path / "closed", checkpoints["all"], "face", "white")


def test_input_is_never_overwritten(photos: Path, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(photos)
    for target in (photos, photos / "out", tmp_path, tmp_path / "link"):
        with pytest.raises(ValueError, match="input stays as it is"):
            cutout(photos, target, checkpoints["all"], "face", "black", overwrite=True)
    with pytest.raises(ValueError, match=r"a\.png: is the input itself"):
        cutout(photos / "a.png", photos / "a.png", checkpoints["all"], "face", "black", overwrite=True)


def test_two_pictures_that_would_become_one_file(photos: Path, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    write_picture(photos / "a.jpg", np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(ValueError, match=r"a\.png: both .*a\.jpg and .*a\.png would become this file"):
        cutout(photos, tmp_path / "out", checkpoints["all"], "face", "transparent")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 0}, "batch-size=0: expected at least 1"),
        ({"overwrite": True, "skip_existing": True}, "--overwrite and --skip-existing contradict each other"),
        ({"device": "tpu"}, "device=tpu: expected auto, cpu or cuda"),
        ({"foreground": "hair"}, "foreground=hair: expected classes that there are"),
        ({"behind": "blak"}, "backdrop=blak: no such file"),
    ],
)
def test_refusals(photos: Path, checkpoints: dict[str, Path], tmp_path: Path, changes: dict, message: str) -> None:
    arguments = {"foreground": "face", "behind": "black", **changes}
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        cutout(photos, tmp_path / "out", checkpoints["all"], **arguments)


def test_nothing_to_do(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: no pictures found"):
        cutout(tmp_path / "empty", tmp_path / "out", checkpoints["all"], "face", "black")
    with pytest.raises(FileNotFoundError, match="nowhere: no such picture or folder"):
        cutout(tmp_path / "nowhere", tmp_path / "out", checkpoints["all"], "face", "black")


@pytest.mark.parametrize(
    ("done", "status"),
    [
        (Summary(written=2), 0),
        (Summary(written=1, failed=[("a.jpg", "torn")]), 0),
        (Summary(skipped=1, failed=[("a.jpg", "torn")]), 0),
        (Summary(failed=[("a.jpg", "torn")]), 1),
        (Summary(written=1, interrupted=True), 130),
    ],
)
def test_the_exit_status_is_1_where_nothing_could_be_done(
    done: Summary, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bareface.pipeline.cutout.cutout", lambda *_: done)
    assert bareface("cutout", "in", "out", "--segmenter", "x.ckpt").status == status


def test_a_picture_of_many_pixels_names_an_option_that_is_there(
    photos: Path, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    """25 x 60 pixels are more than 1300; 40 x 30 and 33 x 33 are not."""
    words = (
        "cutout",
        str(photos),
        str(tmp_path / "out"),
        "--segmenter",
        str(checkpoints["all"]),
        "--foreground",
        "face",
    )
    done = bareface(*words, "--max-pixels", "1300")
    assert done.status == 0 and "2 written, 1 failed" in done.stdout
    assert "60 x 25 = 1500 pixels, more than the limit of 1300. Shrink it, or raise --max-pixels." in done.stdout
    done = bareface(*words, "--max-pixels", "0")
    assert done.status == 1 and "--max-pixels=0: expected at least 1." in done.stderr
