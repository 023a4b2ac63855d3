"""Folders as people have them."""

import numpy as np

from bareface.data.identity_folder import IdentityFolder
from bareface.data.inspection import inspect
from bareface.data.mask_folder import MaskFolder


def test_people_and_masks(shared):
    dataset = MaskFolder(str(shared / "data/people"), counts=[160, 0, 50])
    assert {stage: len(part) for stage, part in dataset.splits.items()} == {"train": 160, "val": 0, "test": 50}
    found = inspect(dataset, 0)
    assert found.ok and found.samples == 210 and found.sizes["distinct"] > 50
    assert 0.2 < found.class_shares["person"] < 0.4


def test_most_masks_have_another_resolution(shared):
    dataset = MaskFolder(str(shared / "data/people"))
    for row in range(0, 210, 10):
        record = dataset.read(dataset.manifest, row)
        assert record.mask.shape == record.image.shape[:2] and set(np.unique(record.mask)) <= {0, 1}


def test_orl_protocol(shared):
    dataset = IdentityFolder(str(shared / "data/orl"), split="first", first=7)
    splits = dataset.splits
    assert dataset.identities[0] == "s01" and len(dataset.identities) == 25
    assert [len(splits[stage]) for stage in ("train", "val", "test")] == [175, 0, 75]
    assert splits["test"].column("key")[:4].tolist() == ["s01/08.pgm", "s01/09.pgm", "s01/10.pgm", "s02/08.pgm"]
    assert dataset.read(splits["test"], 0).image.shape == (112, 92, 3)


def test_orl_without_shared_people(shared):
    splits = IdentityFolder(str(shared / "data/orl"), split="disjoint", trained=15).splits
    people = {stage: sorted({key.partition("/")[0] for key in part.column("key")}) for stage, part in splits.items()}
    assert people["train"] == [f"s{number:02d}" for number in range(1, 16)] and people["val"] == []
    assert people["test"] == [f"s{number:02d}" for number in range(16, 26)]
    assert [len(splits[stage]) for stage in ("train", "test")] == [150, 100]
