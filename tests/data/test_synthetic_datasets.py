import numpy as np
import pytest

from bareface.data.dataset import IdentityDataSet, MaskDataSet
from bareface.data.inspection import inspect
from bareface.data.synthetic_identities import SyntheticIdentities
from bareface.data.synthetic_masks import SyntheticMasks
from bareface.errors import DataError

SMALL = {"height": 32, "width": 24}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("drawn")


def masks(root, **arguments):
    return SyntheticMasks(str(root), **{"identities": 10, "photos": 2, **SMALL, **arguments})


def identities(root, **arguments):
    return SyntheticIdentities(str(root), **{"identities": 3, "photos": 5, "test_identities": 2, **SMALL, **arguments})


def test_masks(root):
    dataset = masks(root)
    assert isinstance(dataset, MaskDataSet)
    assert not dataset.root.exists()  # drawn when it is first used
    assert len(dataset.manifest) == 20
    assert dataset.root == root / "celebhair_10x2_32x24_bias0.0_seed0"
    record = dataset.read(dataset.manifest, 0)
    assert record.image.shape == (32, 24, 3) and set(np.unique(record.mask)) <= {0, 1, 2}
    assert (record.mask == 1).sum() > 50
    assert dataset.classes == ("background", "face", "hair")
    assert masks(root, merge=True).classes == ("background", "face+hair")
    assert masks(root, foreground=["hair"]).classes == ("background", "hair")


def test_masks_split(root):
    people = {stage: set(part.column("identity").tolist()) for stage, part in masks(root).splits.items()}
    assert {stage: len(numbers) for stage, numbers in people.items()} == {"train": 8, "val": 1, "test": 1}
    assert not people["train"] & people["test"]
    lengths = [
        [len(part) for part in masks(root, split=split, counts=[10, 5, 3]).splits.values()]
        for split in ("report", "celeba")
    ]
    assert lengths == [[10, 5, 3], [16, 2, 2]]
    tests = {tuple(masks(root, seed=seed).splits["test"].column("key").tolist()) for seed in range(4)}
    assert len(tests) > 1
    assert len(masks(root, fractions=[0.5, 0, 0.5]).splits["test"]) == 10


def test_identities(root):
    dataset = identities(root)
    assert isinstance(dataset, IdentityDataSet)
    assert dataset.identities == ("n000001", "n000002", "n000003")
    assert {stage: len(part) for stage, part in dataset.splits.items()} == {"train": 9, "val": 3, "test": 3}
    record = dataset.read(dataset.manifest, 0)
    assert record.image.shape == (32, 24, 3) and record.mask.shape == (32, 24) and (record.mask > 0).any()
    assert identities(root, tree="test").identities == ("n000004", "n000005")
    tight = identities(root, crop="tight")
    assert tight.read(tight.manifest, 0).image.size < record.image.size
    assert len(identities(root, fractions=[0.4, 0, 0.6]).splits["test"]) == 9
    assert dataset.meta is not None and dataset.meta.genders[0] in "mf"
    apart = identities(root, split="disjoint", fractions=[0.4, 0.3, 0.3]).splits
    assert [np.unique(part.column("label")).size for part in apart.values()] == [1, 1, 1]


def test_they_are_in_order(root):
    for dataset in (masks(root), identities(root)):
        found = inspect(dataset, 0)
        assert found.ok and not found.warnings and not found.faulty


def test_other_arguments_are_another_folder(root):
    folders = [masks(root).root, identities(root).root]
    for change in (
        {"background_bias": 0.5},
        {"render_seed": 1},
        {"height": 33},
        {"width": 25},
        {"photos": 3},
        {"identities": 4},
    ):
        folders += [masks(root, **change).root, identities(root, **change).root]
    folders.append(identities(root, test_identities=0).root)
    assert len(set(folders)) == 15


def test_a_folder_that_was_drawn_is_not_drawn_again(root):
    before = masks(root).survey().manifest.table
    path = root / "celebhair_10x2_32x24_bias0.0_seed0/img_align_celeba/000001.jpg"
    written = path.stat().st_mtime_ns
    assert masks(root).survey().manifest.table.equals(before) and path.stat().st_mtime_ns == written


def test_masks_are_exact_or_an_error(root, tmp_path):
    dataset = masks(tmp_path, identities=1, photos=1, split="report", counts=[1, 0, 0])
    dataset.survey()
    path = dataset.root / "segmentation_masks/000001.bmp"
    path.write_bytes(path.read_bytes()[:-1] + b"\7")
    with pytest.raises(DataError, match="mask values 7, expected only 0, 128, 255"):
        dataset.read(dataset.manifest, 0)


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (masks, {"identities": 0}, r"data\.identities=0: expected at least 1\."),
        (masks, {"photos": 0}, r"data\.photos=0: expected at least 1\."),
        (masks, {"background_bias": 1.5}, r"background_bias=1\.5: expected a probability"),
        (masks, {"split": "x"}, r"data\.split=x: expected one of report, identity, celeba\."),
        (identities, {"test_identities": -1}, r"data\.test_identities=-1: expected at least 0\."),
        (
            identities,
            {"tree": "test", "test_identities": 0},
            r"data\.tree=test: expected train where data\.test_identities=0",
        ),
        (identities, {"crop": "x"}, r"data\.crop=x: expected none or tight\."),
        (identities, {"seed": -1}, r"data\.seed=-1"),
    ],
)
def test_arguments_that_are_wrong(root, build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(root, **arguments)
