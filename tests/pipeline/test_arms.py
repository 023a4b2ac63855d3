"""Several recognisers, seeds and segmenters in one pass, worked out by hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pipeline.people import CentreSegmenter, CornerRecogniser, module, run, samples
from torch import Tensor

from bareface.data.mask import IGNORE
from bareface.pipeline.conditions import Condition, MaskOnly, Original, Removed, Swapped
from bareface.pipeline.partners import Partners
from bareface.pipeline.prerequisites import check_partners


class Embeds(CornerRecogniser):
    """Scores nobody; its embeddings have three numbers."""

    backbone = SimpleNamespace(embedding_size=3)

    def __init__(self) -> None:
        super().__init__()
        self.head.scores_identities = False

    def features(self, image: Tensor, content: Tensor) -> Tensor:
        return torch.cat([super().features(image, content), torch.zeros(len(image), 1)], 1)


def outcomes(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "outcomes.parquet")


def test_rows_come_by_photo_recogniser_seed_and_condition_as_they_were_given(tmp_path: Path) -> None:
    recognisers = {"two": [CornerRecogniser(), CornerRecogniser(row=4)], "a": [CornerRecogniser()]}
    run(module(tmp_path, recognisers=recognisers), samples())
    table = outcomes(tmp_path)
    arms = [*(("two", seed, name) for seed in (0, 1) for name in ("original", "removed"))]
    arms += [("a", 0, "original"), ("a", 0, "removed")]
    rows = list(zip(table.key, table.recogniser, table.seed, table.condition, strict=True))
    assert rows == [(key, *arm) for key in sorted(sample["key"] for sample in samples()) for arm in arms]
    right = table.groupby(["recogniser", "seed", "condition"])["rank"].apply(lambda rank: (rank == 0).sum())
    assert right["two", 0].to_dict() == right["a", 0].to_dict() == {"original": 6, "removed": 2}
    assert right["two", 1].to_dict() == {"original": 6, "removed": 6}, "this seed looks at the face"


def test_the_backbone_looks_once_at_each_photo_in_each_condition(tmp_path: Path) -> None:
    recognisers = [CornerRecogniser(), CornerRecogniser()]
    run(module(tmp_path, recognisers={"one": recognisers}, embedded=["ada/00.png"]), samples())
    assert [each.calls for each in recognisers] == [4, 4], "two batches, two conditions"


def test_nothing_is_answered_about_people_that_a_recogniser_does_not_know(tmp_path: Path) -> None:
    recognisers = {"all": [CornerRecogniser()], "some": [CornerRecogniser(("ada", "eve", "cy"))]}
    run(module(tmp_path, recognisers={**recognisers, "none": [Embeds()]}), samples())
    table = outcomes(tmp_path).set_index(["recogniser", "identity", "condition"]).sort_index()
    assert table.loc["all"]["rank"].notna().all() and table.moved.notna().all()
    for column in ("predicted", "rank", "loss"):
        assert table.loc["some", "bob"][column].isna().all() and table.loc["some", "ada"][column].notna().all()
        assert table.loc["none"][column].isna().all()
    assert set(table.loc["some", "ada", "original"].predicted) == {"ada"}


def test_how_far_an_embedding_moves(tmp_path: Path) -> None:
    run(module(tmp_path), samples())
    moved = outcomes(tmp_path).set_index(["key", "condition"]).moved
    assert (moved.xs("original", level="condition") == 0).all()
    before, after = np.array([60, 100]), np.array([255, 100])
    cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
    assert moved["ada/00.png", "removed"] == pytest.approx(1 - cosine, abs=1e-6)


def test_embeddings_of_the_lot_alone_are_written_as_embed_gives_them(tmp_path: Path) -> None:
    run(module(tmp_path, embedded=["cy/05.png", "ada/03.png", "not/here.png"]), samples())
    table = pd.read_parquet(tmp_path / "embeddings.parquet")
    rows = list(zip(table.key, table.recogniser, table.seed, table.condition, strict=True))
    assert rows == [(key, "corner", 0, name) for key in ("ada/03.png", "cy/05.png") for name in ("original", "removed")]
    length = np.hypot(60, 100)
    assert np.stack(table.embedding)[0] == pytest.approx([60 / length, 100 / length])


def test_embeddings_of_several_lengths_stand_in_one_table(tmp_path: Path) -> None:
    recognisers = {"two": [CornerRecogniser()], "three": [Embeds()]}
    run(module(tmp_path, recognisers=recognisers, embedded=["bob/01.png", "ada/00.png"]), samples())
    table = pd.read_parquet(tmp_path / "embeddings.parquet")
    lengths = table.embedding.map(len).groupby([table.key, table.recogniser]).unique().map(list)
    assert lengths.to_dict() == {
        (key, name): [size] for key in ("ada/00.png", "bob/01.png") for name, size in (("two", 2), ("three", 3))
    }
    white = table[(table.condition == "removed") & (table.key == "bob/01.png")].embedding
    assert [vector[0] for vector in white] == pytest.approx([255 / np.hypot(255, 100)] * 2)


def test_each_condition_takes_its_mattes_from_the_segmenter_that_it_names(tmp_path: Path) -> None:
    wide, tall, idle = CentreSegmenter(), CentreSegmenter(slice(0, 8)), CentreSegmenter()
    conditions: dict[str, Condition] = {
        "original": Original(),
        "own": MaskOnly("face"),
        "first": MaskOnly("face", "segmenter"),
        "tall": Removed("face", "black", "tall"),
        "again": Removed("face", "white", "tall"),
        "truth": Removed("face", "black", "mask"),
        "random": Removed("face", "black", "random"),
    }
    segmenters = {"wide": wide, "tall": tall, "idle": idle}
    pipeline = module(tmp_path, conditions=conditions, segmenters=segmenters)
    run(pipeline, samples())
    assert (wide.calls, tall.calls, idle.calls) == (2, 2, 0)
    means = outcomes(tmp_path).groupby("condition")[["kept", "matte_iou"]].mean()
    assert means.kept.to_dict() == pytest.approx(
        {"original": 1, "own": 0.25, "first": 0.25, "tall": 0.5, "again": 0.5, "truth": 0.25, "random": 0.25}
    )
    overlap = means.matte_iou.to_dict()
    assert overlap.pop("random") < 0.7 and np.isnan(overlap.pop("original"))
    assert overlap == {"own": 1, "first": 1, "tall": 0.5, "again": 0.5, "truth": 1}
    assert pipeline.passed.quality["tall"]["iou/face"] == 0.5 and set(pipeline.passed.quality) == {"wide", "tall"}


def test_a_matte_is_compared_with_the_truth_inside_the_photo_where_it_is_known(tmp_path: Path) -> None:
    data = samples()
    data[0]["mask"] = data[0]["mask"].clone()
    data[0]["mask"][2:4] = IGNORE  # 8 of the 16 pixels of the matte; 16 - 8 = all that is left of the face
    data[1]["mask"] = torch.zeros(8, 8, dtype=torch.uint8)  # no face in truth
    data[2]["content"] = torch.tensor([0, 0, 8, 4])  # 8 pixels of the face are on the photo
    data[2]["mask"] = torch.zeros(8, 8, dtype=torch.uint8)
    data[2]["mask"][2:6, 3:] = 1
    run(module(tmp_path), data)
    overlap = outcomes(tmp_path).set_index(["key", "condition"]).matte_iou
    found = [overlap[key, "removed"] for key in ("ada/00.png", "bob/01.png", "cy/02.png")]
    assert found == [1, 0, 0.5]


def test_without_such_masks_nothing_is_said_of_the_mattes(tmp_path: Path) -> None:
    data = samples()
    run(module(tmp_path / "other", classes=("background", "person")), data)
    for sample in data:
        del sample["mask"], sample["original_mask"]
    pipeline = module(tmp_path / "none", classes=())
    run(pipeline, data)
    for name in ("other", "none"):
        assert outcomes(tmp_path / name).matte_iou.isna().all()
    assert pipeline.passed.quality == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"conditions": {"x": Removed("face", "black", "talll")}, "segmenters": {"tall": CentreSegmenter()}},
            r"^conditions.x.source=talll: no segmenter of this name is given\. Did you mean tall\?$",
        ),
        (
            {"conditions": {"x": Removed("face", "black", "mask")}, "classes": ()},
            r"^conditions.x.source=mask: this data has no masks\. Use a segmenter's mattes, or leave it out: "
            r"'~conditions.x'\.$",
        ),
        (
            {"conditions": {"x": Removed("person", "black")}},
            r"^conditions.x, segmenter centre: foreground=person: expected classes that there are, joined by \+: face, "
            r"hair\.$",
        ),
        (
            {"conditions": {"x": Removed("hat", "black", "mask")}},
            r"^conditions.x, the masks of the data: foreground=hat: expected classes that there are",
        ),
        (
            {"segmenters": {"a": CentreSegmenter(), "mask": CentreSegmenter()}},
            r"^segmenter.mask: the word means another source of mattes\. Give it another name\.$",
        ),
        (
            {"segmenters": {"a": CentreSegmenter(), "segmenter": CentreSegmenter()}},
            "^segmenter.segmenter: the word means another source",
        ),
        ({"conditions": {}}, "^conditions: none are left"),
        ({"recognisers": {"a": []}}, r"^recogniser: no checkpoint given\. Add recogniser=CHECKPOINT\.$"),
    ],
)
def test_refusals(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        module(tmp_path, **changes)
    assert not list(tmp_path.iterdir()), "nothing is written"


def test_recognisers_that_want_other_pictures_are_refused(tmp_path: Path) -> None:
    other = CornerRecogniser()
    other.framing = "aligned"
    message = r"recogniser: a has framing=picture, b has framing=aligned; all see the same pictures"
    with pytest.raises(ValueError, match=message):
        module(tmp_path, recognisers={"a": [CornerRecogniser()], "b": [other]})


@pytest.mark.parametrize(
    ("partner", "reason"), [("same", "have one photo of each person"), ("other", "are of a single person")]
)
def test_a_swap_that_nobody_can_take_part_in_is_refused(partner: Any, reason: str) -> None:
    nobody = np.full(6, -1)
    lending = Partners(np.arange(6), np.array([0, 6]), nobody, nobody)
    rule = rf"^conditions.x: the val photos {reason}, no background can be lent\."
    remedy = r"Use other data\.fractions or another stage, or leave it out: '~conditions\.x'\.$"
    with pytest.raises(ValueError, match=f"{rule} {remedy}"):
        check_partners({"x": Swapped("face", partner)}, lending, "val")
