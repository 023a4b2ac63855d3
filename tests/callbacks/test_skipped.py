"""The list of pictures that could not be read."""

import csv
import logging
from pathlib import Path

import pytest
from callbacks.tiny import mask_data, segmentation, trainer

from bareface.callbacks.skipped import SkippedPictures
from bareface.errors import TrainingError

BROKEN = ("000.png", "003.png", "006.png", "004.png")  # training, validation, training, test


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_every_skipped_picture_once_with_its_reason(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "lists" / "skipped.csv"
    run = trainer(tmp_path, [SkippedPictures(path)], max_epochs=3)
    with caplog.at_level(logging.WARNING, "bareface"):
        run.fit(segmentation(), mask_data(on_error="skip", broken=BROKEN))
    reason = 'truncated, "half" is missing.'
    assert rows(path) == [
        ["key", "reason"],
        *([key, f"drawn/{key}: {reason}"] for key in ("000.png", "003.png", "006.png")),
    ]
    first, last = [record.getMessage() for record in caplog.records if record.name == "bareface.callbacks.skipped"]
    assert first.startswith("skipped 0")
    assert reason in first
    assert str(path) in first
    assert last == f"3 pictures skipped, see {path}"
    run.test(segmentation(), mask_data(on_error="skip", broken=BROKEN), verbose=False)
    assert [row[0] for row in rows(path)] == ["key", "000.png", "003.png", "004.png", "006.png"]


def test_a_batch_of_which_nothing_could_be_read(tmp_path: Path) -> None:
    data = mask_data(batch_size=1, on_error="skip", broken=("000.png",))
    trainer(tmp_path, [SkippedPictures(tmp_path / "skipped.csv")], max_epochs=1).fit(segmentation(), data)
    assert [row[0] for row in rows(tmp_path / "skipped.csv")] == ["key", "000.png"]


@pytest.mark.parametrize("stage", ["train", "val"])
def test_an_epoch_of_which_nothing_could_be_read_ends_the_run(stage: str, tmp_path: Path) -> None:
    data = mask_data(on_error="skip", count=30)
    keys = data.dataset.splits[stage].column("key").tolist()
    data.dataset.broken = tuple(keys)
    message = (
        rf"^{stage}: all {len(keys)} pictures of the epoch were skipped, the list is skipped\.csv in the run's "
        r"folder\. Mend what it names, or leave it out\.$"
    )
    run = trainer(tmp_path, [SkippedPictures(tmp_path / "skipped.csv")])
    with pytest.raises(TrainingError, match=message):
        run.fit(segmentation(), data)
    assert [row[0] for row in rows(tmp_path / "skipped.csv")] == ["key", *keys]
    data.dataset.broken = tuple(keys[1:])
    trainer(tmp_path, [SkippedPictures(tmp_path / "skipped.csv")], max_epochs=1).fit(segmentation(), data)


def test_no_file_when_nothing_was_skipped(tmp_path: Path) -> None:
    trainer(tmp_path, [SkippedPictures(tmp_path / "skipped.csv")]).fit(segmentation(), mask_data(on_error="skip"))
    assert not (tmp_path / "skipped.csv").exists()


def test_a_run_that_fails_still_lists_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = segmentation()
    monkeypatch.setattr(module, "on_validation_epoch_end", lambda: 1 / 0)
    run = trainer(tmp_path, [SkippedPictures(tmp_path / "skipped.csv")])
    with pytest.raises(ZeroDivisionError):
        run.fit(module, mask_data(on_error="skip", broken=("001.png",)))
    assert [row[0] for row in rows(tmp_path / "skipped.csv")] == ["key", "001.png"]


def test_every_process_writes_a_file_of_its_own(tmp_path: Path) -> None:
    class Second:
        global_rank = 1

    lister = SkippedPictures(tmp_path / "skipped.csv")
    lister.on_test_batch_end(Second(), None, None, {"skipped": [("a.png", "gone")]}, 0)
    lister.teardown(Second(), None, "test")
    assert [path.name for path in tmp_path.iterdir()] == ["skipped.1.csv"]
