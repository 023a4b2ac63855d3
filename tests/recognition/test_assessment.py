"""All protocols on tables of embeddings, and their tables."""

import csv
import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from bareface.data.pairs import Pairs
from bareface.errors import DataError
from bareface.recognition import assessment_report as report
from bareface.recognition.assessment import Assessment, assess, difference, listed_pairs
from bareface.recognition.assessment_plan import Plan
from bareface.recognition.curve_figures import _cmc, _det, _roc, draw_curves
from bareface.recognition.embeddings import Embeddings
from bareface.recognition.protocols.curve import Curve

REST = ("verification", "identification", "open_set")


def plan(*protocols, **changes):
    options = {"fars": [0.1, 1e-5], "fpirs": [0.1], "ranks": [1], "rank": 1, "gallery_pictures": 1}
    return Plan(**{"protocols": protocols, "strangers": 0.5, "seed": 0, **options, **changes})


def table(count=24, photos=4, noise=0.7, seed=0, named=True):
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(count), photos)
    vectors = rng.standard_normal((count, 10))[number] + noise * rng.standard_normal((len(number), 10))
    keys = tuple(f"p{who:02d}/{row % photos}.jpg" for row, who in enumerate(number))
    return Embeddings(keys, tuple(f"p{who:02d}" for who in number) if named else (), vectors.astype(np.float32))


def pairs_of(keys, folds=4):
    mated = [(keys[row], keys[row + 1], True) for row in range(0, 40, 4)]
    other = [(keys[row], keys[row + 5], False) for row in range(0, 40, 4)]
    first, second, alike = zip(*mated, *other, strict=True)
    return Pairs(np.array(first), np.array(second), np.array(alike), np.arange(20) % folds)


def by_name(found):
    return {(protocol, each.quantity): each for protocol, each in found.rows}


def test_thresholds_of_validation_are_applied_to_test():
    found = by_name(assess(table(), table(seed=1), None, plan(*REST)))
    own = found["verification", "tar_at_far_0.1"]
    chosen = found["verification", "tar_at_val_far_0.1"]
    validated = by_name(assess(table(seed=1), None, None, plan("verification")))["verification", "tar_at_far_0.1"]
    assert chosen.threshold == validated.threshold != own.threshold
    assert 0.05 < found["verification", "far_at_val_far_0.1"].value < 0.2
    strangers = found["open_set", "fpir_at_val_fpir_0.1"]
    assert strangers.non_mated == 48 and strangers.gallery == 12 and strangers.interval.identities == 12
    assert found["identification", "rank_1"].mated == 72 and found["identification", "rank_1"].gallery == 24


def test_what_cannot_be_chosen_on_validation_is_noted():
    without = assess(table(), None, None, plan(*REST))
    assert [note.partition(":")[0] for note in without.notes] == ["verification", "open_set"]
    assert "no validation pictures" in without.notes[0]
    one_each = assess(table(), table(photos=1), None, plan("verification"))
    assert one_each.notes == [
        "verification: no threshold is chosen on validation: mated scores: there are none. "
        "Two pictures of one identity are needed at least."
    ]


def test_what_the_pictures_do_not_suffice_for_is_left_out_unless_it_was_asked_for():
    few = [0, 0, 1, 1, 2]  # strangers=0.5: 2 of 3 are not enrolled
    protocols, notes = plan(*REST, asked=False, where="stage=test").measurable(few, False)
    assert protocols == ["verification", "identification"]
    assert notes == [
        "left out: protocols: open_set cannot be measured on 3 identities with 1 to 2 pictures each (stage=test): 3 "
        "identities, 2 of them not enrolled: expected at least 2 in the gallery. Use more identities. Test "
        "more identities (stage=all, data.split=disjoint, other data.fractions, strangers=each), or choose "
        "protocols=... without it."
    ]
    with pytest.raises(ValueError, match=r"^protocols: open_set cannot be measured on 3 identities with 1 to 2"):
        plan(*REST).measurable(few, False)
    alone = r"^protocols: verification cannot be measured on 3 identities with 1 picture each \(stage=test\): there "
    with pytest.raises(
        ValueError, match=alone + r"are no mated pairs\. .*\(stage=all, data\.split=disjoint, other data"
    ):
        plan(*REST, asked=False, where="stage=test").measurable([0, 1, 2], False)
    with pytest.raises(ValueError, match=r"look up\. Test more pictures of each \(gallery_pictures=1\), or choose"):
        plan("identification", gallery_pictures=2, where="stage=all").measurable([0, 0, 1, 1], False)
    found = assess(table(3), None, None, plan(*REST, asked=False))
    assert {protocol for protocol, _ in found.rows} == {"verification", "identification"}
    assert found.notes[0].startswith("left out: protocols: open_set cannot be measured on 3 identities with 4 pictures")


def test_more_enrolled_pictures_find_more():
    few, more = (
        by_name(assess(table(noise=1.2), None, None, plan("identification", gallery_pictures=count)))
        for count in (1, 3)
    )
    assert more["identification", "rank_1"].value > few["identification", "rank_1"].value
    assert more["identification", "rank_1"].mated == 24


def test_pairs_of_a_list():
    pictures = table()
    found = assess(pictures, None, pairs_of(pictures.keys), plan("pairs"))
    rows = by_name(found)
    assert rows["pairs", "accuracy"].interval.identities == 10  # who is in mated pairs; 11 are in pairs at all
    assert rows["pairs", "accuracy_standard_error"].note == "over 4 folds"
    assert (rows["pairs", "auc"].mated, rows["pairs", "auc"].non_mated) == (10, 10)
    unknown = assess(table(named=False), None, pairs_of(pictures.keys), plan("pairs"))
    for protocol, each in unknown.rows:
        assert each.interval is None and (each.value == rows[protocol, each.quantity].value or math.isnan(each.value))
    assert "does not name identities" in unknown.notes[0]


def test_the_difference_of_two_systems():
    before, after = table(noise=1.0), table(noise=0.5)
    rows = by_name(difference(before, after, [0.1, 1e-5]))
    assert [quantity for _, quantity in rows] == ["auc", "eer", "tar_at_far_0.1"]
    assert rows["verification", "auc"].value > 0 and rows["verification", "auc"].interval.low > 0


@pytest.mark.parametrize(
    ("work", "error", "message"),
    [
        (lambda: plan("roc"), ValueError, r"protocols=\['roc'\]: expected some of pairs, verification"),
        (lambda: plan(), ValueError, r"protocols=\[\]: expected some of pairs"),
        (lambda: plan("pairs", fars=[0.1, 0]), ValueError, r"fars=\[0.1, 0\]: expected rates, 0 < v <= 1\."),
        (lambda: plan("pairs", fpirs=[2]), ValueError, r"fpirs=\[2\]: expected rates, 0 < v <= 1\."),
        (lambda: plan("pairs", fars=[float("nan")]), ValueError, r"fars=\[nan\]: expected rates, 0 < v <= 1\."),
        (lambda: plan("pairs", ranks=[1, 0]), ValueError, r"ranks=\[1, 0\]: expected ranks, each at least 1\."),
        (lambda: plan("pairs", rank=0), ValueError, r"rank=0: expected at least 1\."),
        (lambda: plan("pairs", gallery_pictures=0), ValueError, r"gallery_pictures=0: expected at least 1\."),
        (lambda: plan("pairs", strangers=1.0), ValueError, r"strangers=1.0: expected a share of the identities, 0 < v"),
        (lambda: plan("pairs", strangers="all"), ValueError, r"strangers=all: expected a share of the identities, 0"),
        (
            lambda: plan("open_set", rank=12).measurable([0, 0, 1, 1] * 12, False),
            ValueError,
            "2 identities, 1 of them not",
        ),
        (
            lambda: plan("open_set", rank=12).measurable(np.repeat(range(24), 2), False),
            ValueError,
            r"^rank=12: expected 1 to 11, 12 identities are enrolled\. Ask for less, or use more identities\.$",
        ),
        (
            lambda: assess(table(), None, None, plan("pairs")),
            DataError,
            "list of pairs. Use protocols=.verification",
        ),
        (
            lambda: plan("pairs").measurable(None, False),
            DataError,
            "no list of pairs. Use data with people in it, such as",
        ),
        (
            lambda: assess(table(named=False), None, None, plan("verification")),
            ValueError,
            "verification needs identities, and the pictures have none. Use data with people in it, such as data=",
        ),
        (
            lambda: plan("open_set").measurable(None, True),
            ValueError,
            "open_set needs identities.* Use protocols=.pairs",
        ),
        (lambda: assess(table(photos=1), None, None, plan("verification")), ValueError, "Two pictures of one identity"),
        (lambda: assess(table(photos=1), None, None, plan("identification")), ValueError, "more than 1 pictures"),
        (lambda: assess(table(1), None, None, plan("verification")), ValueError, "Pictures of two identities"),
    ],
)
def test_refusals(work, error, message):
    with pytest.raises(error, match=message):
        work()


@pytest.mark.parametrize(("strangers", "most"), [(0.5, 11), ("each", 23)])
def test_as_many_candidates_as_are_enrolled_but_one_can_be_looked_at(strangers, most):
    plan("open_set", rank=most, strangers=strangers).measurable(np.repeat(range(24), 2), False)
    with pytest.raises(ValueError, match=f"rank={most + 1}: expected 1 to {most}, {most + 1} identities are enrolled"):
        plan("open_set", rank=most + 1, strangers=strangers).measurable(np.repeat(range(24), 2), False)


def test_a_roc_begins_at_one_trial_of_its_own():
    few, many = Curve.of([0.2, 0.9], [0.1, 0.5]), Curve.of([0.2, 0.9], [0.05 * step for step in range(10)])
    axes = Figure().subplots()
    _roc(axes, {"one": Assessment(curves={"open_set": few, "verification": many})})
    starts = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.get_lines()]
    assert starts == [(0.5, 0.5), (0.1, 0.5)]


def test_the_legend_of_det_says_where_there_is_no_line():
    perfect, other = Curve.of([0.8, 0.9], [0.1, 0.2]), Curve.of([0.2, 0.6, 0.9], [0.1, 0.5, 0.7])
    axes = Figure().subplots()
    _det(axes, {"one": Assessment(curves={"verification": perfect}), "two": Assessment(curves={"open_set": other})})
    labels = [line.get_label() for line in axes.get_lines()]
    nothing = "one, verification\n(no line: one of the errors is 0 % or 100 %)"
    assert labels == [nothing, "two, open set", "equal errors"]


@pytest.mark.parametrize("identities", [2, 3, 4, 10])
def test_ranks_are_whole_numbers(identities):
    axes = Figure().subplots()
    _cmc(axes, {"one": Assessment(cmc=np.linspace(0.5, 1, identities))})
    assert all(tick == int(tick) for tick in axes.get_xticks())


def test_pairs_whose_pictures_are_missing_are_not_left_out():
    pictures = table()
    pairs = pairs_of(pictures.keys)
    some_of_them, _ = pictures.of(pictures.keys[4:])
    with pytest.raises(
        DataError, match="pairs: 2 of their pictures have no embedding: p00/0.jpg, p00/1.jpg. None is left"
    ):
        listed_pairs(some_of_them, pairs)
    wrong = Pairs(pairs.first, pairs.second, ~pairs.mated, pairs.fold)
    with pytest.raises(DataError, match="pairs: 20 of 20 are mated in the list and not by identity"):
        listed_pairs(pictures, wrong)


def test_tables_and_figures(tmp_path):
    good, bad = table(), table(noise=1.5)
    systems = {name: assess(each, None, None, plan(*REST)) for name, each in (("good", good), ("bad", bad))}
    report.write_tables(systems, "drawn", tmp_path)
    draw_curves(systems, "drawn", tmp_path / "figures")
    rows = list(csv.DictReader((tmp_path / "protocols.csv").open()))
    assert [row["system"] for row in rows] == ["good"] * 7 + ["bad"] * 7
    refused = [row for row in rows if row["quantity"] == "tar_at_far_1e-05"]
    assert refused[0]["value"] == "" and refused[0]["note"].startswith("FAR=1e-05: 1e-05 of 4,416 non-mated pairs")
    text = (tmp_path / "protocols.md").read_text()
    assert text.startswith("# Protocols (drawn)\n") and text.count("no validation pictures") == 2
    assert text.index("| good |") < text.index("| bad |") and "| 24 | 24 |" in text
    figures = report.figures_of(systems)
    rank_1 = by_name(systems["good"])["identification", "rank_1"]
    assert figures["test/good/identification/rank_1"] == rank_1.value
    assert figures["test/good/identification/rank_1_low"] == rank_1.interval.low
    assert "test/good/verification/tar_at_far_1e-05" not in figures
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"roc.png", "det.png", "cmc.png"}
