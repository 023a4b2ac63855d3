"""A study that is interrupted goes on behind its parts and ends as if nothing had been."""

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pipeline.people import NAMES, CornerRecogniser, module, run, samples

from bareface.callbacks.skipped import SkippedPictures
from bareface.data.samples import Skipped, collate
from bareface.errors import DataError
from bareface.pipeline import module as pass_module
from bareface.pipeline import outcomes
from bareface.pipeline.album import Album
from bareface.pipeline.conditions import Condition, Original, Removed, Swapped
from bareface.pipeline.partners import batches, in_order, partners
from bareface.pipeline.parts import Part, Parts

KEYS = pa.chunked_array([[sample["key"] for sample in samples(24)]])
STUDY = {"seed": 0, "canvas": 8}
CONDITIONS: dict[str, Condition] = {
    "original": Original(),
    "removed": Removed("face", "white"),
    "swapped": Swapped("face", "same"),
}


class StopsRecogniser(CornerRecogniser):
    """Is interrupted after a number of looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def features(self, image: Any, content: Any) -> Any:
        if self.calls == self.looks:
            raise KeyboardInterrupt
        return super().features(image, content)


@pytest.fixture(autouse=True)
def _parts_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pass_module, "PART_PHOTOS", 4)


def study(folder: Path, recogniser: CornerRecogniser | None = None, size: int = 4, swaps: bool = True) -> Parts:
    lending = partners(np.arange(24) % 3, seed=0) if swaps else None
    parts = Parts(folder, STUDY)
    rows = in_order(24, size) if lending is None else batches(lending, size)
    data: list[Any] = samples(24)
    data[7] = Skipped(data[7]["key"], "broken")
    pipeline = module(
        folder,
        parts=parts,
        recognisers={"corner": [recogniser or CornerRecogniser()]},
        conditions=CONDITIONS if swaps else dict(list(CONDITIONS.items())[:2]),
        partners=lending,
        typical=["ada/00.png", "cy/02.png"],
        special=2,
        embedded=["bob/04.png", "ada/03.png"],
    )
    run(pipeline, data, parts.remaining(KEYS, rows), SkippedPictures(folder / "skipped.csv"))
    return parts


def content(folder: Path) -> dict[str, Any]:
    """Everything that a study leaves, but for how long it took."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "passed.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("swaps", [True, False])
def test_an_interrupted_study_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path, swaps: bool) -> None:
    whole = study(tmp_path / "whole", swaps=swaps).passed
    assert whole is not None and whole.photos + len(whole.left_out) == 24 and "bob/07.png" in whole.left_out
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        study(tmp_path / "parts", StopsRecogniser(4 if swaps else 3), swaps=swaps)
    there = [path.name for path in (tmp_path / "parts/parts").iterdir() if path.is_dir()]
    assert there and not (tmp_path / "parts/outcomes.parquet").exists(), "one part, and no outcomes that look whole"
    again = CornerRecogniser()
    rest = study(tmp_path / "parts", again, swaps=swaps).passed
    with (tmp_path / "parts/skipped.csv").open(newline="") as file:
        assert {row["key"]: row["reason"] for row in csv.DictReader(file)} == whole.left_out
    first = CornerRecogniser()
    study(tmp_path / "other", first, swaps=swaps)
    assert 0 < again.calls < first.calls, "what is done is not shown again"
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
    assert rest is not None and rest.shown == whole.shown and rest.left_out == whole.left_out
    assert rest.quality["centre"] == pytest.approx(whole.quality["centre"], nan_ok=True)


def test_a_study_that_has_ended_is_not_made_again(tmp_path: Path) -> None:
    study(tmp_path)
    before, again = content(tmp_path), CornerRecogniser()
    study(tmp_path, again)
    assert again.calls == 0 and content(tmp_path) == before


def test_other_batches_take_what_the_parts_leave(tmp_path: Path) -> None:
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        study(tmp_path / "parts", StopsRecogniser(3), swaps=False)
    with pytest.raises(RuntimeError, match="the pass has not come to its end"):
        module(tmp_path / "parts", parts=Parts(tmp_path / "parts", STUDY)).passed  # noqa: B018
    study(tmp_path / "parts", size=3, swaps=False)
    study(tmp_path / "whole", swaps=False)
    assert content(tmp_path / "parts") == content(tmp_path / "whole")


def test_every_process_has_a_batch_and_whole_blocks_remain_whole(tmp_path: Path) -> None:
    parts = Parts(tmp_path, STUDY)
    rows = parts.remaining(KEYS, in_order(24, 16), processes=4)
    assert [each.tolist() for each in rows] == [list(range(16)), list(range(16, 24)), [], []]


def test_parts_of_two_processes_join_in_the_order_of_the_keys(tmp_path: Path) -> None:
    """What a second process leaves beside the first one's parts."""
    for process in (0, 1):
        folder = tmp_path / f"of{process}"
        pipeline = module(folder, parts=Parts(folder, STUDY), typical=["cy/11.png"], special=3)
        pipeline.on_predict_start()
        for number, rows in enumerate(in_order(12, 2)):
            if number % 2 == process:
                pipeline.predict_step(batch_of(rows), number)
        pipeline._end_part()
    together = tmp_path / "together"
    shutil.copytree(tmp_path / "of0", together)
    for part in (tmp_path / "of1/parts").glob("0-*"):
        shutil.copytree(part, together / "parts" / part.name.replace("0-", "1-", 1))
    parts = Parts(together, STUDY)
    assert [len(rows) for rows in parts.remaining(KEYS[:12], in_order(12, 2))] == [0]
    last = module(together, parts=parts, typical=["cy/11.png"], special=3)
    parts.join(last.form.embeddings, 2, 3)
    alone = module(tmp_path / "alone", typical=["cy/11.png"], special=3)
    run(alone, samples(12))
    pd.testing.assert_frame_equal(
        *(pd.read_parquet(one / "outcomes.parquet") for one in (together, tmp_path / "alone"))
    )
    assert parts.passed is not None and parts.passed.shown == alone.passed.shown
    assert parts.passed.quality["centre"]["support/face"] == 12 * 16


def batch_of(rows: Any) -> Any:
    data = samples(12)
    return collate([data[row] for row in rows])


def test_a_stretch_of_keys_at_a_time_is_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study(tmp_path / "at once")
    monkeypatch.setattr(outcomes, "GROUP", 1)
    monkeypatch.setattr(outcomes, "STRETCH", 2)
    study(tmp_path / "by stretches")
    frames = [pd.read_parquet(tmp_path / name / "outcomes.parquet") for name in ("at once", "by stretches")]
    pd.testing.assert_frame_equal(*frames)
    assert frames[0].key.is_monotonic_increasing and set(frames[0].identity) == set(NAMES)


def test_a_folder_of_another_study_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    study(tmp_path)
    before = content(tmp_path)
    message = r"holds another study, which differs in canvas, matte\. Choose another folder"
    with pytest.raises(DataError, match=message):
        Parts(tmp_path, {"seed": 0, "canvas": 9, "matte": {}})
    shutil.rmtree(tmp_path / "parts")
    with pytest.raises(DataError, match="holds outcomes, and not of which study"):
        Parts(tmp_path, STUDY)
    assert {name: value for name, value in before.items() if "parts/" not in name} == content(tmp_path)


def test_what_a_killed_process_left_half_written_is_no_part(tmp_path: Path) -> None:
    Parts(tmp_path, STUDY).begin()
    (tmp_path / "parts/.0-000000.abc").mkdir()
    (tmp_path / "parts/.0-000000.abc/outcomes.parquet").write_bytes(b"PAR1")
    study(tmp_path)
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {"asked.json", "passed.json"}


def test_what_parts_say_together(tmp_path: Path) -> None:
    parts, album = Parts(tmp_path, STUDY), Album((), 0)
    parts.begin()
    schema = pa.schema([("key", pa.string()), ("embedding", pa.list_(pa.float32(), 2))])
    for process, key, photos, seconds in ((1, "bob", 1, 0.5), (0, "cy", 3, 1.0), (1, "ada", 0, 0.0)):
        part = Part(skipped=[(key, "no face found.")], photos=photos, seconds={"original": seconds})
        parts.add(part, album, schema, 1, process)
    assert sorted(each.name for each in (tmp_path / "parts").iterdir() if each.is_dir()) == [
        "0-000000",
        "1-000000",
        "1-000001",
    ], "each process numbers its own"
    (tmp_path / "skipped.1.csv").write_text("key,reason\n")
    parts.join(schema, 1, 0)
    parts.list_left_out()
    assert parts.passed is not None and parts.passed.milliseconds == {"original": 1500 / 4}
    assert (tmp_path / "skipped.csv").read_text().splitlines() == [
        "key,reason",
        *(f"{key},no face found." for key in ("ada", "bob", "cy")),
    ]
    assert not (tmp_path / "skipped.1.csv").exists(), "what one process listed is in the one list"
