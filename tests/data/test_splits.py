import numpy as np
import pyarrow as pa
import pytest

from bareface.data import splits
from bareface.data.manifest import Manifest
from bareface.errors import DataError


def numbered(count, order=None):
    keys = [f"{number:05d}.jpg" for number in range(count)]
    return Manifest(pa.table({"key": keys if order is None else [keys[row] for row in order]}))


def keys(stages):
    return {stage: manifest.column("key").tolist() for stage, manifest in stages.items()}


SCRAMBLED = np.random.default_rng(1).permutation(20)


def test_by_order_takes_the_sorted_keys():
    got = keys(splits.by_order(numbered(8, [7, 0, 1, 3, 2, 4, 5, 6]), [3, 2, 1]))
    assert {stage: sorted(names) for stage, names in got.items()} == {
        "train": ["00000.jpg", "00001.jpg", "00002.jpg"],
        "val": ["00003.jpg", "00004.jpg"],
        "test": ["00005.jpg"],
    }


@pytest.mark.parametrize("split", [splits.by_order, lambda *given: splits.shuffled(*given, 0)])
def test_too_few_samples(split):
    message = r"data\.counts=\[5, 2, 2\]: 5 \+ 2 \+ 2 = 9 samples asked for, there are 8\. Ask for fewer\."
    with pytest.raises(DataError, match=message):
        split(numbered(8), [5, 2, 2])


def test_shuffled_depends_on_the_seed_and_not_on_the_order_of_rows():
    first = splits.shuffled(numbered(20), [12, 3, 4], 0)
    assert {stage: len(manifest) for stage, manifest in first.items()} == {"train": 12, "val": 3, "test": 4}
    again = splits.shuffled(numbered(20, SCRAMBLED), [12, 3, 4], 0)
    assert {stage: sorted(names) for stage, names in keys(again).items()} == keys(first)
    assert keys(splits.shuffled(numbered(20), [12, 3, 4], 1)) != keys(first)
    every = [key for stage in keys(first).values() for key in stage]
    assert len(set(every)) == 19 and every[:12] != [f"{number:05d}.jpg" for number in range(12)]


@pytest.mark.parametrize(
    ("total", "fractions", "expected"),
    [
        (10, (0.8, 0.1, 0.1), (8, 1, 1)),
        (7, (0.7, 0.1, 0.2), (5, 1, 1)),
        (3, (0.9, 0.05, 0.05), (1, 1, 1)),
        (9, (1, 0, 0), (9, 0, 0)),
    ],
)
def test_counts_of(total, fractions, expected):
    assert splits.counts_of(total, fractions) == expected


def test_counts_of_too_few():
    with pytest.raises(DataError, match=r"data\.fractions=\[0\.8, 0\.1, 0\.1\]: 2 are too few to divide"):
        splits.counts_of(2, [0.8, 0.1, 0.1])


def test_by_identity_divides_identities():
    identities = np.random.default_rng(0).integers(0, 200, 2000)
    rows = splits.by_identity(identities, (0.7, 0.1, 0.2), 0)
    people = {stage: set(identities[part].tolist()) for stage, part in rows.items()}
    assert not (people["train"] & people["val"] | people["train"] & people["test"] | people["val"] & people["test"])
    assert sorted(np.concatenate(list(rows.values())).tolist()) == list(range(2000))
    assert {stage: round(len(part) / 2000, 1) for stage, part in rows.items()} == {
        "train": 0.7,
        "val": 0.1,
        "test": 0.2,
    }
    order = np.random.default_rng(1).permutation(2000)
    again = splits.by_identity(identities[order], (0.7, 0.1, 0.2), 0)
    assert set(identities[order][again["test"]].tolist()) == people["test"]
    other = splits.by_identity(identities, (0.7, 0.1, 0.2), 1)
    assert set(identities[other["test"]].tolist()) != people["test"]


@pytest.mark.parametrize(
    "sizes", [[60] + [1] * 40, [10] * 5, [1, 1, 1], [100, 1, 1], [5, 50, 500]], ids=lambda sizes: str(len(sizes))
)
def test_by_identity_leaves_no_stage_empty_that_can_have_somebody(sizes):
    identities = np.repeat(np.arange(len(sizes)), sizes)
    for seed in range(40):
        rows = splits.by_identity(identities, (0.8, 0.1, 0.1), seed)
        people = [set(identities[part].tolist()) for part in rows.values()]
        assert all(people) and sum(map(len, people)) == len(set.union(*people)) == len(sizes)
        assert sum(map(len, rows.values())) == len(identities)


def test_by_identity_gives_an_empty_stage_the_smallest_identity_of_the_fullest():
    identities = np.repeat(["a", "b", "c"], [50, 20, 10])  # cut at 0.8 and 1.6 samples, below the middle of any of them
    for seed in range(5):
        rows = splits.by_identity(identities, (0.98, 0.01, 0.01), seed)
        assert {stage: set(identities[part]) for stage, part in rows.items()} == {
            "train": {"a"},
            "val": {"c"},
            "test": {"b"},
        }


def test_by_identity_takes_names_and_leaves_out_stages_of_share_0():
    rows = splits.by_identity(np.array(["a", "b", "a", "c"]), (0.5, 0, 0.5), 3)
    assert len(rows["val"]) == 0 and len(rows["train"]) and len(rows["test"])
    with pytest.raises(DataError, match="2 identities are too few: 3 stages want one each"):
        splits.by_identity(np.array(["a", "b"]), (0.4, 0.2, 0.4), 0)


def test_per_identity_is_a_closed_set():
    labels = np.repeat(np.arange(50), np.random.default_rng(0).integers(1, 40, 50))
    rows = splits.per_identity(labels, (0.8, 0.1, 0.1), 0)
    assert sorted(np.concatenate(list(rows.values())).tolist()) == list(range(len(labels)))
    sizes = np.bincount(labels)
    train, val, test = (np.bincount(labels[rows[stage]], minlength=50) for stage in ("train", "val", "test"))
    assert (train >= 1).all()
    assert (test[sizes >= 2] >= 1).all() and (test[sizes == 1] == 0).all()
    assert (val[sizes >= 3] >= 1).all() and (val[sizes <= 2] == 0).all()
    assert (test[sizes == 30] == 3).all() and (val[sizes == 20] == 2).all()
    assert splits.per_identity(labels, (0.8, 0.1, 0.1), 1)["test"].tolist() != rows["test"].tolist()
    assert splits.per_identity(labels, (0.8, 0.1, 0.1), 0)["test"].tolist() == rows["test"].tolist()


def test_per_identity_by_hand():
    counts = {stage: len(rows) for stage, rows in splits.per_identity(np.zeros(10, int), (0.7, 0.1, 0.2), 5).items()}
    assert counts == {"train": 7, "val": 1, "test": 2}
    without_val = splits.per_identity(np.array([0, 0, 0, 1]), (0.5, 0, 0.5), 0)
    assert len(without_val["val"]) == 0 and len(without_val["test"]) == 2 and 3 in without_val["train"]


def test_closed_set_does_not_depend_on_the_order_of_rows():
    table = pa.table({"key": [f"{number:02d}" for number in range(20)], "label": np.arange(20) // 5})
    sorted_ = splits.closed_set(Manifest(table), (0.6, 0.2, 0.2), 0)
    scrambled = splits.closed_set(Manifest(table.take(SCRAMBLED)), (0.6, 0.2, 0.2), 0)
    assert {stage: sorted(names) for stage, names in keys(scrambled).items()} == keys(sorted_)
    assert len(sorted_["train"]) == 12


def test_ranks():
    rank, size = splits.ranks(np.array([5, 3, 5, 5, 3]), np.array([2, 9, 0, 1, 8]))
    assert rank.tolist() == [2, 1, 0, 1, 0] and size.tolist() == [3, 2, 3, 3, 2]
    assert splits.ranks(np.zeros(0, int), np.zeros(0))[0].tolist() == []


def test_check_closed_set():
    manifest = Manifest(pa.table({"key": list("abcd"), "label": [0, 1, 1, 2]}))
    good = {"train": manifest, "val": manifest.take([]), "test": manifest.take([0])}
    splits.check_closed_set(good, ["x", "y", "z"], "here")
    for stage in ("val", "test"):
        bad = {"train": manifest.take([0]), "val": manifest.take([]), "test": manifest.take([]), stage: manifest}
        with pytest.raises(
            DataError, match=r"here: tested but not in train: y, z\. Add them to train, or leave them out"
        ):
            splits.check_closed_set(bad, ["x", "y", "z"], "here")


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.5, 0.6, -0.1), (0, 0.5, 0.5), (0.8, 0.1, 0.2)])
def test_fractions_that_are_none(fractions):
    with pytest.raises(ValueError, match=r"data\.fractions=\[0.*\]: expected three of sum 1, train above 0"):
        splits.check_fractions(fractions)


@pytest.mark.parametrize("counts", [(1, 2), (0, 1, 1), (5, -1, 1), (5, 0.5, 1)])
def test_counts_that_are_none(counts):
    with pytest.raises(ValueError, match=r"data\.counts=\[.*\]: expected three whole numbers, train above 0"):
        splits.check_counts(counts)


def test_a_seed_that_is_none():
    with pytest.raises(ValueError, match=r"data\.seed=-1: expected 0 or more\."):
        splits.check_seed(-1)
    assert splits.check_seed(0) == 0
