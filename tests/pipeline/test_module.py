"""The pipeline with models whose answers are known beforehand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from bareface.callbacks.skipped import SkippedPictures
from bareface.data.samples import Batches, Skipped, collate
from bareface.pipeline.conditions import Condition, Original, Removed, Swapped
from bareface.pipeline.matte import Matte
from bareface.pipeline.module import PipelineModule
from bareface.pipeline.outcomes import SCHEMA, merge
from bareface.pipeline.partners import Partners, batches, partners
from bareface.pipeline.report import figures_of, print_table, rows_of, write_tables

NAMES = ("ada", "bob", "cy")
CLASSES = ("background", "face", "hair")


class CornerRecogniser(nn.Module):
    """Knows people by the brightness of the upper left pixel alone: 60, 120, 180."""

    identities = NAMES

    def forward(self, image: Tensor, content: Tensor) -> Tensor:
        return -(image[:, 0, 0, 0, None] - torch.tensor([60.0, 120.0, 180.0])).abs() / 10


class CentreSegmenter(nn.Module):
    """Finds a face in the middle of every picture."""

    classes = CLASSES

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, image: Tensor) -> Tensor:
        self.calls += 1
        scores = torch.zeros(len(image), 3, 8, 8)
        scores[:, 0] = 5
        scores[:, 1, 2:6, 2:6] = 10
        return scores


def samples() -> list[Any]:
    found: list[Any] = []
    for number in range(6):
        mask = torch.zeros(8, 8, dtype=torch.uint8)
        mask[2:6, 2:6] = 1
        found.append(
            {
                "image": torch.full((3, 8, 8), 60 * (number % 3 + 1), dtype=torch.uint8),
                "mask": mask,
                "original_mask": mask,
                "content": torch.tensor([0, 0, 8, 8]),
                "size": torch.tensor([8, 8]),
                "key": f"{NAMES[number % 3]}/{number}.png",
                "row": torch.tensor(number),
                "label": torch.tensor(number % 3),
            }
        )
    return found


def module(folder: Path, **changes: Any) -> PipelineModule:
    conditions: dict[str, Condition] = {"original": Original(), "removed": Removed("face", "white")}
    arguments = {
        "recogniser": CornerRecogniser(),
        "segmenter": CentreSegmenter(),
        "conditions": conditions,
        "matte": Matte(),
        "mattes_from": "segmenter",
        "classes": CLASSES,
        "identities": NAMES,
        "folder": folder,
    }
    return PipelineModule(**{**arguments, **changes})


def run(pipeline: PipelineModule, data: list[Any], rows: Sequence[Any] | None = None, *callbacks: pl.Callback) -> None:
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False, callbacks=[*callbacks]
    )
    loader = DataLoader(data, batch_size=4, collate_fn=collate)  # type: ignore[arg-type]
    if rows is not None:
        loader = DataLoader(Batches(data, rows), batch_size=None)  # type: ignore[arg-type]
    trainer.predict(pipeline, loader, return_predictions=False)


def test_a_recogniser_that_looks_at_the_background_alone_loses_everything_with_it(tmp_path: Path) -> None:
    pipeline = module(tmp_path)
    run(pipeline, samples())
    original, removed = rows_of(["original", "removed"], pipeline.tally.compute())
    assert (original.top1, removed.top1) == (1, pytest.approx(1 / 3))  # white is nearest to 180: all are taken for cy
    assert removed.difference == pytest.approx(-2 / 3)
    assert (original.pictures, original.top5, original.difference) == (6, 1, 0)
    assert original.loss < removed.loss
    assert np.isnan(removed.low) and np.isnan(removed.high)  # three people are too few
    assert pipeline.quality is not None and pipeline.quality.compute()["miou"] == 1


def test_a_recogniser_that_looks_at_the_face_alone_loses_nothing(tmp_path: Path) -> None:
    class Face(CornerRecogniser):
        def forward(self, image: Tensor, content: Tensor) -> Tensor:
            return super().forward(image[:, :, 4:, 4:], content)

    pipeline = module(tmp_path, recogniser=Face())
    run(pipeline, samples())
    assert [row.top1 for row in rows_of(["original", "removed"], pipeline.tally.compute())] == [1, 1]


def test_the_segmenter_runs_once_a_batch_however_many_conditions(tmp_path: Path) -> None:
    many = {"original": Original()} | {name: Removed("face", name) for name in ("black", "white", "mean", "blur")}
    pipeline = module(tmp_path, conditions=many)
    run(pipeline, samples())
    assert pipeline.segmenter is not None and pipeline.segmenter.calls == 2


def test_outcomes_by_key(tmp_path: Path) -> None:
    pipeline = module(tmp_path)
    run(pipeline, samples())
    table = pq.read_table(tmp_path / "outcomes.parquet").to_pandas()
    assert len(table) == 12 and not list(tmp_path.glob(".outcomes*"))
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
    assert pipeline.segmenter is not None and pipeline.segmenter.calls == 4


def test_ground_truth_instead_of_a_segmenter(tmp_path: Path) -> None:
    data = samples()
    for sample in data:
        sample["mask"] = torch.ones(8, 8, dtype=torch.uint8)  # all is face: nothing is removed
    pipeline = module(tmp_path, segmenter=None, mattes_from="mask")
    run(pipeline, data)
    assert [row.top1 for row in rows_of(["original", "removed"], pipeline.tally.compute())] == [1, 1]


def test_labels_are_joined_by_name(tmp_path: Path) -> None:
    data = samples()
    for sample in data:
        sample["label"] = 1 - sample["label"]
    data = [sample for sample in data if sample["label"] >= 0]  # bob and ada alone, in another order
    pipeline = module(tmp_path, identities=("bob", "ada"))
    run(pipeline, data)
    assert rows_of(["original", "removed"], pipeline.tally.compute())[0].top1 == 1


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    pipeline = module(tmp_path)
    run(pipeline, [*[Skipped(f"{n}.png", "broken") for n in range(4)], *samples()])
    assert rows_of(["original", "removed"], pipeline.tally.compute())[0].pictures == 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"identities": ("ada", "eve")}, "recogniser: 1 identities it does not know: eve"),
        ({"segmenter": None}, "segmenter: no checkpoint given. Add segmenter=CHECKPOINT, or mattes_from=mask"),
        ({"mattes_from": "mask", "classes": ()}, "mattes_from=mask: this data has no masks"),
        ({"mattes_from": "truth"}, "mattes_from=truth: expected segmenter or mask"),
        ({"conditions": {"removed": Removed("person", "black")}}, "foreground=person: expected classes that there are"),
    ],
)
def test_refusals(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        module(tmp_path, **changes)


def test_an_error_in_the_middle_leaves_no_outcomes(tmp_path: Path) -> None:
    broken = samples()
    broken[5]["label"] = torch.tensor(7)
    pipeline = module(tmp_path)
    with pytest.raises((IndexError, RuntimeError)):
        run(pipeline, broken)
    pipeline.abandon()
    assert not list(tmp_path.iterdir())


def test_parts_of_several_processes_join_in_the_order_of_the_keys(tmp_path: Path) -> None:
    rows = [[key, condition, "ada", "ada", 0, 0.5, 1.0] for key in "abcd" for condition in ("original", "removed")]
    for part, chosen in enumerate((rows[:2] + rows[4:6], rows[2:4] + rows[6:])):
        columns = [list(column) for column in zip(*chosen, strict=True)]
        pq.write_table(SCHEMA.empty_table().from_arrays(columns, schema=SCHEMA), tmp_path / f"{part}.parquet")
    merge([tmp_path / "0.parquet", tmp_path / "1.parquet"], tmp_path / "outcomes.parquet")
    joined = pq.read_table(tmp_path / "outcomes.parquet").select(["key", "condition"]).to_pylist()
    assert [tuple(row.values()) for row in joined] == [(row[0], row[1]) for row in rows]
    assert [path.name for path in tmp_path.iterdir()] == ["outcomes.parquet"]


def test_tables_cite_both_readings_of_the_2019_report(tmp_path: Path) -> None:
    pipeline = module(tmp_path)
    run(pipeline, samples())
    rows = rows_of(["original", "removed"], pipeline.tally.compute())
    write_tables(rows, 0.5, "synthetic data", tmp_path)
    text = (tmp_path / "conditions.md").read_text(encoding="utf-8")
    with (tmp_path / "printed.txt").open("w") as file:
        print_table(rows, 0.5, "synthetic data", file)
    for shown in (text, (tmp_path / "printed.txt").read_text()):
        assert "synthetic data" in shown and "-66.67" in shown and "50.00%" in shown
        assert "70.98 %" in shown and "67.09 %" in shown and "other data" in shown and "cannot be" in shown
    assert (tmp_path / "conditions.csv").read_text().splitlines()[2].startswith("removed,6,0.333")
    assert figures_of(rows)["test/removed/top1"] == pytest.approx(1 / 3)


def test_a_photo_that_fails_in_one_condition_is_in_none_and_is_listed(tmp_path: Path) -> None:
    conditions = {
        "original": Original(),
        "removed": Removed("face", "white", "mask"),
        "swapped": Swapped("face", "same"),
    }
    data = samples()
    data[0]["mask"] = torch.zeros(8, 8, dtype=torch.uint8)
    lending = Partners(np.arange(6), np.array([0, 6]), np.array([3, 4, 5, 0, 1, -1]), np.array([1, 2, 0, 1, 2, 0]))
    pipeline = module(tmp_path, conditions=conditions, mattes_from="mask", segmenter=None, partners=lending)
    skipped = SkippedPictures(tmp_path / "skipped.csv")
    run(pipeline, data, [np.arange(6)], skipped)
    rows = rows_of(list(conditions), pipeline.tally.compute())
    assert [row.pictures for row in rows] == [3, 3, 3]
    assert skipped.reasons == {
        "ada/0.png": "removed: no face found; left out of every condition.",
        "ada/3.png": "swapped: its partner of this person has no background to give; left out of every condition.",
        "cy/5.png": "swapped: no other photo of this person that can be read; left out of every condition.",
    }
    table = pq.read_table(tmp_path / "outcomes.parquet").to_pandas()
    assert set(table.key) == {"bob/1.png", "bob/4.png", "cy/2.png"}


def test_backgrounds_of_the_same_person_help_one_who_looks_at_backgrounds_and_those_of_another_do_not(
    tmp_path: Path,
) -> None:
    conditions = {"original": Original(), "same": Swapped("face", "same"), "other": Swapped("face", "other")}
    lending = partners(np.array([0, 1, 2, 0, 1, 2]), seed=0)
    pipeline = module(tmp_path, conditions=conditions, partners=lending)
    run(pipeline, samples(), batches(lending, 6))
    assert [row.top1 for row in rows_of(list(conditions), pipeline.tally.compute())] == [1, 1, 0]
