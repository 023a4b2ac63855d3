"""Photos that a model was trained on."""

from pathlib import Path

from bareface.tasks.leakage import leakage


def run(folder: Path, root: Path, keys: list[str]) -> Path:
    (folder / "splits").mkdir(parents=True)
    (folder / "splits" / "root.txt").write_text(f"{root}\n", encoding="utf-8")
    (folder / "splits" / "train.txt").write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")
    return folder / "checkpoints" / "best.ckpt"


def test_photos_and_people_that_were_trained_on(tmp_path):
    path = run(tmp_path / "run", tmp_path / "data", ["a/1.jpg", "a/2.jpg", "b/1.jpg"])
    found = leakage("m", path, tmp_path / "data", ["a/2.jpg", "b/1.jpg", "b/2.jpg"], ["a", "c"], ["a", "b"])
    assert (found.photos, found.identities) == (2, 1)
    assert "3 training pictures" in found.note


def test_the_same_files_under_another_root(tmp_path):
    path = run(tmp_path / "run", tmp_path / "data", ["train/a/1.jpg"])
    assert leakage("m", path, tmp_path / "data/train", ["a/1.jpg"], [], ["a"]).photos == 1
    assert leakage("m", path, tmp_path / "other", ["train/a/1.jpg"], [], ["a"]).photos == 0


def test_a_link_to_the_same_folder_is_no_other_folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    path = run(tmp_path / "run", tmp_path / "link", ["a/1.jpg"])
    assert leakage("m", path, tmp_path / "data", ["a/1.jpg"], [], []).photos == 1


def test_a_checkpoint_elsewhere_says_that_nothing_was_compared(tmp_path):
    found = leakage("m", tmp_path / "best.ckpt", tmp_path, ["a.jpg"], [], [])
    assert found.photos is None and "is not in the folder of its training" in found.note
