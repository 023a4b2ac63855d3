"""Findings from tables that are made by hand."""

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pipeline.measures.study_tables import write_embeddings, write_outcomes

from bareface.errors import DataError
from bareface.pipeline.conditions import MaskOnly, Original, Removed, Swapped
from bareface.pipeline.measures.arms import Arm, Layout, LotEmbeddings, Outcomes
from bareface.pipeline.measures.contrasts import contrasts, questions
from bareface.pipeline.measures.measure import Measurer
from bareface.pipeline.measures.plan import Plan

PEOPLE = [f"p{number:02d}" for number in range(12)]
PHOTOS = [(f"{who}/{number}.jpg", who) for who in PEOPLE for number in range(4)]
PLAN = Plan([0.1, 0.0001], [0.1, 0.001], "shown")
GROUPS = {who: "f" if number < 10 else "m" for number, who in enumerate(PEOPLE)}


def measurer(folder, answer=lambda *row: {}, seeds=None, embedding=None, known=None, plan=PLAN, conditions=None):
    layout = Layout(seeds or {"a": 1}, conditions or ["original", "removed"])
    outcomes = Outcomes(write_outcomes(folder / "outcomes.parquet", layout, PHOTOS, answer), layout)
    lot = None
    if embedding is not None:
        keys = [key for key, _ in PHOTOS]
        lot = LotEmbeddings(write_embeddings(folder / "embeddings.parquet", layout, keys, embedding), layout)
    names = known if known is not None else dict.fromkeys(layout.seeds, 12)
    return Measurer(outcomes, lot, names, GROUPS, plan)


def by_name(findings, recogniser="a", group=""):
    return {
        (each.condition, each.quantity): each
        for each in findings
        if each.recogniser == recogniser and each.group == group
    }


def lose_the_first(key, identity, recogniser, seed, condition):
    wrong = condition == "removed" and key.endswith("/0.jpg")
    return {"rank": 5 if wrong else 0, "loss": 2.5 if wrong else 0.5}


def test_one_photo_in_four_is_lost(tmp_path):
    found = by_name(measurer(tmp_path, lose_the_first).findings())
    top1, top5, loss = (found["removed", name] for name in ("top1", "top5", "loss"))
    assert (top1.value, top5.value, loss.value) == (0.75, 0.75, 1.0)  # rank 5 is the sixth
    assert (top1.change.value, top1.change.gained, top1.change.lost) == (-0.25, 0, 12)
    assert loss.change.value == 0.5 and loss.change.gained is None
    assert top1.photos == 48 and top1.identities == 12 and top1.interval.low < 0.75 < top1.interval.high
    assert found["original", "top1"].change is None and found["original", "top1"].value == 1


def test_groups_are_measured_apart_and_few_people_have_no_interval(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        return {"rank": int(condition == "removed" and GROUPS[identity] == "m")}

    findings = measurer(tmp_path, answer).findings()
    women, men = by_name(findings, group="f"), by_name(findings, group="m")
    assert women["removed", "top1"].change.value == 0 and men["removed", "top1"].change.value == -1
    assert women["removed", "top1"].interval is not None and men["removed", "top1"].interval is None
    assert men["removed", "top1"].note == "2 identities, an interval needs 10"


def test_groups_of_people_whom_nobody_names(tmp_path):
    findings = measurer(tmp_path, embedding=directions, known={"a": 0}).findings()
    women, men = by_name(findings, group="f"), by_name(findings, group="m")
    # persons 0, 1, 4, 5, 8 and 9 share an axis with another one; 10 and 11, the men, do not
    assert women["removed", "rank1"].value == 0.4 and women["removed", "rank1"].change.lost == 18
    assert men["removed", "rank1"].value == 1 and men["removed", "rank1"].interval is None
    assert women["removed", "rank1"].photos == 30 and men["removed", "rank1"].photos == 6


def test_seeds_are_averaged_and_widen_the_interval(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        wrong = condition == "removed" and int(key[-5]) < seed  # the first seed loses nothing, the third half
        return {"rank": int(wrong)}

    several = by_name(measurer(tmp_path, answer, {"a": 3}).findings())["removed", "top1"]
    assert several.value == 0.75 and several.change.value == pytest.approx(-0.25)
    ends = several.change.interval
    assert ends.low < -0.75 and ends.high > 0.25, "three seeds at 0, -0.25, -0.5 say little"


def test_known_people_alone_have_ranks(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        return {"rank": None, "loss": None} if identity == "p00" else {}

    one = measurer(tmp_path, answer)
    assert by_name(one.findings())["removed", "top1"].photos == 44
    assert "top-1, top-5, loss: without photos of people that are not known: p00" in one.notes


def directions(key, recogniser, seed, condition):
    """Every person has an axis; in ``removed`` persons 1, 5 and 9 have that of 0, 4 and 8."""
    number = PEOPLE.index(key.split("/")[0])
    vector = np.zeros(12)
    vector[number - (condition == "removed" and number % 4 == 1)] = 1
    vector[(number + int(key[-5]) + 1) % 12] += 0.1
    return vector


def test_pairs_and_probes(tmp_path):
    one = measurer(tmp_path, embedding=directions, known={"a": 0})
    found = by_name(one.findings())
    assert [each.name for each in one.quantities][:4] == [
        "rank1",
        "tpir_at_fpir_0.1",
        "tpir_at_fpir_0.001",
        "tar_at_far_0.1",
    ]
    assert found["original", "rank1"].value == 1 and found["original", "rank1"].photos == 36
    assert found["original", "auc"].value == 1 and found["original", "tpir_at_fpir_0.1"].value == 1
    # of those who share an axis everybody is taken for the other or is as like to both
    assert found["removed", "rank1"].value == 0.5 and found["removed", "rank1"].change.lost == 18
    assert found["removed", "auc"].change.value < 0 and found["removed", "cosine_gap"].change.value < 0
    assert ("removed", "top1") not in found and ("removed", "tar_at_far_0.0001") not in found
    assert any(note.startswith("FAR=0.0001: 0.0001 of 1,056 non-mated pairs") for note in one.notes)
    assert any(note.startswith("a: does not name these people") for note in one.notes)


def test_the_gap_of_cosines_by_hand(tmp_path):
    def embedding(key, recogniser, seed, condition):
        angle = 0.0 if key.split("/")[0] in PEOPLE[:6] else np.pi / 2
        return [np.cos(angle), np.sin(angle)] if condition == "original" else [1.0, 0.0]

    found = by_name(measurer(tmp_path, embedding=embedding, known={"a": 0}).findings())
    # 72 mated pairs at 1; of 1,056 non-mated 480 at 1 and 576 at 0
    assert found["original", "cosine_gap"].value == pytest.approx(1 - 480 / 1056)
    assert found["removed", "cosine_gap"].value == 0
    assert found["removed", "cosine_gap"].change.value == pytest.approx(480 / 1056 - 1)
    assert found["removed", "rank1"].value == 0, "embeddings that are all alike are never right"


def test_references_stay_as_they_were(tmp_path):
    def embedding(key, recogniser, seed, condition):
        number = PEOPLE.index(key.split("/")[0])
        return np.roll(np.eye(12)[number], 0 if condition == "original" else 1)

    shown = by_name(measurer(tmp_path, embedding=embedding, known={"a": 0}).findings())
    plan = Plan([0.1], [0.1], "original")
    original = by_name(measurer(tmp_path, embedding=embedding, known={"a": 0}, plan=plan).findings())
    assert shown["removed", "rank1"].value == 1 and original["removed", "rank1"].value == 0
    assert shown["removed", "auc"].value == 1 and original["removed", "auc"].value < 0.5


def test_p_values_are_corrected_over_conditions(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        return {"rank": int(condition != "original" and int(key[-5]) < 1 and identity < f"p0{3 + int(condition)}")}

    findings = measurer(tmp_path, answer, conditions=["original", "1", "2", "3"]).findings()
    changes = [
        each.change for each in findings if each.quantity == "top1" and each.change is not None and not each.group
    ]
    smallest = min(changes, key=lambda each: each.p)
    assert len(changes) == 3 and smallest.holm == pytest.approx(3 * smallest.p)
    assert all(each.holm >= each.p for each in changes)


def test_people(tmp_path):
    rows = measurer(tmp_path, lose_the_first).people()
    assert len(rows) == 12 and rows[0].identity == "p00" and rows[0].photos == 4 and rows[0].group == "f"
    assert rows[0].values == {"original": 1.0, "removed": 0.75}
    without_names = measurer(tmp_path, embedding=directions, known={"a": 0}).people()
    assert without_names[0].photos == 3 and without_names[0].values["original"] == 1


def test_the_drop_is_split(tmp_path):
    right = {
        ("original", "original"): 4,
        ("original", "removed"): 1,
        ("removed", "original"): 2,
        ("removed", "removed"): 3,
    }

    def answer(key, identity, recogniser, seed, condition):
        return {"rank": int(int(key[-5]) >= right[recogniser, condition])}

    one = measurer(tmp_path, answer, {"original": 1, "removed": 1})
    conditions = {"original": Original(), "removed": Removed("face", "black")}
    found = contrasts(one, questions(["original", "removed"], conditions))
    values = {each.question: each.change.value for each in found if each.quantity == "top1"}
    assert values == {"information lost": -0.25, "mismatch": -0.5, "price of removed": -0.5}
    drop = by_name(one.findings(), "original")["removed", "top1"].change.value
    assert values["information lost"] + values["mismatch"] == drop == -0.75
    assert all(each.change.holm == min(1, 3 * each.change.p) for each in found if each.question == "mismatch")


def test_questions():
    conditions = {
        "original": Original(),
        "black": Removed("face", "black"),
        "truth": Removed("face", "black", source="mask"),
        "anything": Removed("face", "black", source="random"),
        "grown": Removed("face", "black", source="mask", matte={"grow": 0.1}),
        "other": Swapped("face", "other"),
        "same": Swapped("face", "same"),
        "same_hair": Swapped("hair", "same"),
        "outline": MaskOnly("face"),
    }
    found = {(each.name, each.first, each.second) for each in questions(["a", "b"], conditions)}
    assert found == {
        *(("BG-Gap", Arm(name, "other"), Arm(name, "same")) for name in "ab"),
        *(("true mattes", Arm(name, "black"), Arm(name, "truth")) for name in "ab"),
        *(("part, not area", Arm(name, "anything"), Arm(name, "black")) for name in "ab"),
        ("remedy b", Arm("a", "black"), Arm("b", "black")),
        ("price of b", Arm("a", "original"), Arm("b", "original")),
    }


def test_a_table_of_other_arms_is_refused(tmp_path):
    layout = Layout({"a": 2}, ["original", "removed"])
    path = write_outcomes(tmp_path / "outcomes.parquet", layout, PHOTOS[:2], lambda *row: {})
    with pytest.raises(DataError, match=r"outcomes\.parquet: its rows are not those of this study's arms"):
        Outcomes(path, Layout({"a": 2}, ["removed", "original"]))
    with pytest.raises(DataError, match="are not those of this study"):
        Outcomes(path, Layout({"a": 3}, ["original", "removed"]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, 0], [0.1], "shown"), r"fars=\[0.1, 0\]: expected rates above 0"),
        (([0.1], [2], "shown"), r"fpirs=\[2\]: expected rates above 0 and at most 1"),
        (([0.1], [0.1], "all"), "references=all: expected shown or original"),
        (([0.1], [0.1], "shown", 3), r"verification_photos=3: expected 0 for none, or at least 4\."),
    ],
)
def test_plans_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        Plan(*arguments)


def test_recognisers_that_know_nobody_in_common_are_compared_without_names(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        unknown = (identity < "p06") == (recogniser == "a")
        return {"rank": None, "loss": None} if unknown else {}

    one = measurer(tmp_path, answer, {"a": 1, "b": 1}, embedding=directions)
    assert one.quantities[0].name == "rank1"
    assert "top1" not in {each.quantity for each in one.findings()}
    assert "top-1, top-5, loss: no photo is of a person that all recognisers know" in one.notes


def name_a_alone(key, identity, recogniser, seed, condition):
    return {} if recogniser == "a" else {"rank": None, "loss": None}


@pytest.mark.parametrize(
    ("order", "first", "who"), [("ab", "top1", {"a"}), ("ba", "rank1", {"a", "b"})], ids=["names", "names_nobody"]
)
def test_the_first_quantity_is_one_that_the_first_recogniser_has(tmp_path, order, first, who):
    one = measurer(tmp_path, name_a_alone, dict.fromkeys(order, 1), embedding=directions, known={"a": 12, "b": 0})
    assert one.quantities[0].name == first
    assert {row.recogniser for row in one.people()} == who, "nobody's rows hold another quantity"
    found = {each.recogniser for each in one.findings() if each.quantity == first}
    assert found == who


def test_a_recogniser_that_names_nobody_is_compared_with_one_that_does(tmp_path):
    one = measurer(tmp_path, name_a_alone, {"a": 1, "b": 1}, embedding=directions, known={"a": 12, "b": 0})
    conditions = {"original": Original(), "removed": Removed("face", "black")}
    found = contrasts(one, questions(["a", "b"], conditions))
    assert {(each.question, each.quantity) for each in found} == {
        (question, quantity) for question in ("remedy b", "price of b") for quantity in ("rank1", "auc", "cosine_gap")
    }


def test_seeds_of_two_recognisers_are_not_paired(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        return {"rank": int(int(key[-5]) < (seed if recogniser == "b" else 0))}  # b: 1, 0.75, 0.5 of the photos

    one = measurer(tmp_path, answer, {"a": 2, "b": 3})
    found = contrasts(one, questions(["a", "b"], {"original": Original(), "removed": Removed("face", "black")}))
    assert {each.question: each.change.value for each in found} == pytest.approx(
        {"remedy b": -0.25, "price of b": -0.25}
    )


def test_embeddings_of_several_lengths(tmp_path):
    def longer(key, recogniser, seed, condition):
        axes = directions(key, recogniser, seed, condition)
        return axes if recogniser == "a" else [*axes, 0, 0]

    one = measurer(tmp_path, seeds={"a": 1, "b": 1}, embedding=longer, known={"a": 0, "b": 0})
    assert [one.lot.vectors(Arm(name, "removed"))[0].shape for name in "ab"] == [(48, 12), (48, 14)]
    own, other = (by_name(one.findings(), name) for name in "ab")
    assert own["removed", "cosine_gap"].value == other["removed", "cosine_gap"].value


@pytest.mark.parametrize(
    ("photos", "most", "why"),
    [
        ([("1", "ann"), ("2", "bob")], 4, "the val photos have one photo of each person; use other data.fractions or"),
        ([("1", "ann"), ("2", "ann")], 4, "the val photos are of a single person"),
        ([("1", "ann"), ("2", "ann"), ("3", "bob")], 0, "nothing is compared, verification_photos=0"),
        ([("1", "ann"), ("2", "ann"), ("3", "bob")], 4, None),
    ],
)
def test_what_cannot_be_compared_is_said_of_the_stage(photos, most, why, tmp_path):
    layout = Layout({"a": 1}, ["original"])
    outcomes = Outcomes(write_outcomes(tmp_path / "outcomes.parquet", layout, photos, lambda *row: {}), layout)
    lot = write_embeddings(tmp_path / "embeddings.parquet", layout, [key for key, _ in photos], lambda *row: [1.0, 0.0])
    made = Measurer(outcomes, LotEmbeddings(lot, layout), {"a": 2}, {}, Plan([0.1], [0.1], "shown", most, "val"))
    notes = [note for note in made.notes if note.startswith("verification, identification: ")]
    assert [note.startswith(f"verification, identification: {why}") for note in notes] == ([True] if why else [])
    assert (made.lot is None) == (why is not None)


def test_no_embeddings(tmp_path):
    layout = Layout({"a": 1}, ["original"])
    names = ("key", pa.string()), ("recogniser", pa.string()), ("seed", pa.int32()), ("condition", pa.string())
    schema = pa.schema([*names, ("embedding", pa.list_(pa.float32()))])
    pq.write_table(schema.empty_table(), tmp_path / "embeddings.parquet")
    assert len(LotEmbeddings(tmp_path / "embeddings.parquet", layout).keys) == 0


def test_guessing_finds_few_at_a_rate(tmp_path):
    """Embeddings by chance: TPIR is near the rate of false positives, shared among the enrolled."""
    draw = np.random.default_rng(0)
    one = measurer(tmp_path, embedding=lambda *row: draw.normal(size=16), known={"a": 0})
    chance = next(each.chance for each in one.quantities if each.name == "tpir_at_fpir_0.1")
    assert chance == pytest.approx(0.1 / 12)
    values = [by_name(one.findings())[name, "tpir_at_fpir_0.1"].value for name in ("original", "removed")]
    assert max(values) < 0.1, "as many as that are taken for somebody, not for themselves"


def test_conditions_are_described_by_the_photos_that_it_can_be_said_of(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        shown = {"kept": 0.25, "moved": 0.5 * (seed + 1), "matte_iou": 0.75 if identity != "p00" else None}
        return shown if condition == "removed" else {}

    findings = measurer(tmp_path, answer, {"a": 2, "b": 1}).findings()
    own, other = by_name(findings), by_name(findings, "b")
    assert {name: (own["removed", name].value, own["removed", name].photos) for name in ("kept", "matte_iou")} == {
        "kept": (0.25, 48),
        "matte_iou": (0.75, 44),
    }
    assert own["removed", "matte_iou"].identities == 11 and own["removed", "kept"].change is None
    assert own["removed", "kept"].interval.low < 0.25 < own["removed", "kept"].interval.high, "a share, by Wilson"
    assert own["removed", "moved"].value == 0.75, "mean over seeds"
    assert ("removed", "kept") not in other and ("removed", "matte_iou") not in other, "said once of a condition"
    assert other["removed", "moved"].value == 0.5
    assert ("original", "moved") not in own


def test_people_and_groups_add_up(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        if identity == "p03":
            return {"rank": None, "loss": None} if seed else {}  # the second seed does not know this one
        return {"rank": int(condition == "removed" and zlib.crc32(key.encode()) % 3 == seed)}

    one = measurer(tmp_path, answer, {"a": 2})
    findings, rows = one.findings(), one.people()
    whole = by_name(findings)["removed", "top1"]
    assert whole.photos == 44 and [row.identity for row in rows] == [who for who in PEOPLE if who != "p03"]
    assert sum(row.photos * row.values["removed"] for row in rows) / 44 == pytest.approx(whole.value)
    groups = [by_name(findings, group=name)["removed", "top1"] for name in "fm"]
    assert sum(each.photos for each in groups) == 44
    assert sum(each.photos * each.value for each in groups) / 44 == pytest.approx(whole.value)


def test_rows_of_people_are_of_their_own_photos_where_few_are_compared(tmp_path):
    layout = Layout({"a": 1}, ["original", "removed"])
    outcomes = Outcomes(write_outcomes(tmp_path / "outcomes.parquet", layout, PHOTOS, name_nobody), layout)
    keys = [key for key, who in PHOTOS if who >= "p06"]
    lot = LotEmbeddings(write_embeddings(tmp_path / "embeddings.parquet", layout, keys, directions), layout)
    rows = Measurer(outcomes, lot, {"a": 0}, {}, PLAN).people()
    assert [(row.identity, row.photos) for row in rows] == [(who, 3) for who in PEOPLE[6:]]


def name_nobody(key, identity, recogniser, seed, condition):
    return {"rank": None, "loss": None}


def test_an_interval_of_a_loss_stays_above_0(tmp_path):
    def answer(key, identity, recogniser, seed, condition):
        return {"loss": 9.0 if identity == "p00" else 0.001}

    loss = by_name(measurer(tmp_path, answer).findings())["original", "loss"]
    assert 0 < loss.interval.low < loss.value < loss.interval.high
