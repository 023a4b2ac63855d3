"""The pipeline with models whose answers are known beforehand."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from pipeline.people import CornerRecogniser, module, run, samples

from bareface.callbacks.skipped import SkippedPictures
from bareface.data.samples import Skipped
from bareface.pipeline.conditions import Original, Removed, Swapped
from bareface.pipeline.matte import Matte
from bareface.pipeline.module import PipelineModule
from bareface.pipeline.partners import Partners, batches, partners


def means(pipeline: PipelineModule, column: str = "top1") -> list[float]:
    """Of every condition in its order: share of photos that are right, or the mean of a column."""
    table = pq.read_table(pipeline.parts.run / "outcomes.parquet").to_pandas()
    table["top1"] = table["rank"] == 0
    return [float(part[column].mean()) for _, part in table.groupby("condition", sort=False)]


def test_a_recogniser_that_looks_at_the_background_alone_loses_everything_with_it(tmp_path: Path) -> None:
    pipeline = module(tmp_path)
    run(pipeline, samples())
    assert means(pipeline) == [1, pytest.approx(1 / 3)]  # white is nearest to 180: all are taken for cy
    assert pipeline.passed.photos == 6 and means(pipeline, "loss")[0] < means(pipeline, "loss")[1]
    assert pipeline.passed.quality["centre"]["miou"] == 1


def test_a_recogniser_that_looks_at_the_face_alone_loses_nothing(tmp_path: Path) -> None:
    pipeline = module(tmp_path, recognisers={"face": [CornerRecogniser(row=4)]})
    run(pipeline, samples())
    assert means(pipeline) == [1, 1]


def test_the_segmenter_runs_once_a_batch_however_many_conditions(tmp_path: Path) -> None:
    many = {"original": Original()} | {name: Removed("face", name) for name in ("black", "white", "mean", "blur")}
    pipeline = module(tmp_path, conditions=many)
    run(pipeline, samples())
    assert pipeline.scorers["centre"].calls == 2


def test_outcomes_by_key(tmp_path: Path) -> None:
    pipeline = module(tmp_path)
    run(pipeline, samples())
    table = pq.read_table(tmp_path / "outcomes.parquet").to_pandas()
    assert len(table) == 12 and {path.name for path in (tmp_path / "parts").iterdir()} == {"asked.json", "passed.json"}
    removed = table[table.condition == "removed"].set_index("key")
    assert removed.predicted.to_dict() == {sample["key"]: "cy" for sample in samples()}
    assert (removed["rank"] == 0).to_dict() == {sample["key"]: sample["key"].startswith("cy") for sample in samples()}
    assert np.allclose(removed.kept, 16 / 64)
    assert (table[table.condition == "original"].kept == 1).all()


@pytest.mark.parametrize("source", ["segmenter", "mask"])
def test_mattes_are_made_as_configured(tmp_path: Path, source: str) -> None:
    pipeline = module(tmp_path, matte=Matte(grow=0.25), mattes_from=source)
    run(pipeline, samples())
    table = pq.read_table(tmp_path / "outcomes.parquet").to_pandas()
    assert np.allclose(table[table.condition == "removed"].kept, (16 + 4 * 4 + 4) / 64), "a pixel more on each side"


def test_flip_averaging_looks_twice(tmp_path: Path) -> None:
    pipeline = module(tmp_path, matte=Matte(flip=True))
    run(pipeline, samples())
    assert pipeline.scorers["centre"].calls == 4


def test_ground_truth_instead_of_a_segmenter(tmp_path: Path) -> None:
    data = samples()
    for sample in data:
        sample["mask"] = torch.ones(8, 8, dtype=torch.uint8)  # all is face: nothing is removed
    pipeline = module(tmp_path, segmenters={}, mattes_from="mask")
    run(pipeline, data)
    assert means(pipeline) == [1, 1]


def test_labels_are_joined_by_name(tmp_path: Path) -> None:
    data = samples()
    for sample in data:
        sample["label"] = 1 - sample["label"]
    data = [sample for sample in data if sample["label"] >= 0]  # bob and ada alone, in another order
    pipeline = module(tmp_path, identities=("bob", "ada"))
    run(pipeline, data)
    assert means(pipeline)[0] == 1


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    pipeline = module(tmp_path)
    run(pipeline, [*[Skipped(f"{n}.png", "broken") for n in range(4)], *samples()])
    assert pipeline.passed.photos == 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"segmenters": {}}, "segmenter: no checkpoint given. Add segmenter=CHECKPOINT, or mattes_from=mask"),
        ({"mattes_from": "mask", "classes": ()}, "mattes_from=mask: this data has no masks"),
        ({"mattes_from": "truth"}, "mattes_from=truth: expected segmenter or mask"),
        ({"conditions": {"removed": Removed("person", "black")}}, "foreground=person: expected classes that there are"),
    ],
)
def test_refusals(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        module(tmp_path, **changes)


def test_a_photo_that_fails_in_one_condition_is_in_none_and_is_listed(tmp_path: Path) -> None:
    conditions = {
        "original": Original(),
        "removed": Removed("face", "white", "mask"),
        "swapped": Swapped("face", "same"),
    }
    data = samples()
    data[0]["mask"] = torch.zeros(8, 8, dtype=torch.uint8)
    lending = Partners(np.arange(6), np.array([0, 6]), np.array([3, 4, 5, 0, 1, -1]), np.array([1, 2, 0, 1, 2, 0]))
    pipeline = module(tmp_path, conditions=conditions, mattes_from="mask", segmenters={}, partners=lending)
    skipped = SkippedPictures(tmp_path / "skipped.csv")
    run(pipeline, data, [np.arange(6)], skipped)
    assert pipeline.passed.photos == 3
    assert skipped.reasons == {
        "ada/00.png": "removed: no face found; left out of every condition.",
        "ada/03.png": "swapped: its partner of this person has no background to give; left out of every condition.",
        "cy/05.png": "swapped: no other photo of this person; left out of every condition.",
    }
    table = pq.read_table(tmp_path / "outcomes.parquet").to_pandas()
    assert set(table.key) == {"bob/01.png", "bob/04.png", "cy/02.png"}


def test_backgrounds_of_the_same_person_help_one_who_looks_at_backgrounds_and_those_of_another_do_not(
    tmp_path: Path,
) -> None:
    conditions = {"original": Original(), "same": Swapped("face", "same"), "other": Swapped("face", "other")}
    lending = partners(np.array([0, 1, 2, 0, 1, 2]), seed=0)
    pipeline = module(tmp_path, conditions=conditions, partners=lending)
    run(pipeline, samples(), batches(lending, 6))
    assert means(pipeline) == [1, 1, 0]
