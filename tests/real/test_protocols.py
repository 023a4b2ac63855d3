"""Eigenfaces on the ORL faces, and the protocols beside them."""

from pathlib import Path

import numpy as np
import pytest

from bareface.data.identity_folder import IdentityFolder
from bareface.io.pictures import read_picture
from bareface.recognition.eigenfaces import Eigenfaces
from bareface.recognition.protocols.identification import identify
from bareface.recognition.protocols.scores import AllPairs
from bareface.recognition.protocols.search import search
from bareface.recognition.protocols.verification import verify


@pytest.fixture(scope="module")
def orl(shared: Path):
    """Grey pictures and identities of training (01-07) and test (08-10)."""
    dataset = IdentityFolder(str(shared / "data/orl"), split="first", first=7)
    parts = []
    for stage in ("train", "test"):
        manifest = dataset.splits[stage]
        pictures = np.stack([read_picture(dataset.root / str(key))[:, :, 0] for key in manifest.column("key")])
        parts.append((pictures, manifest.column("label")))
    return parts


def test_the_nearest_of_60_components_is_right_71_times_of_75(orl):
    (train, known), (test, truth) = orl
    faces = Eigenfaces(60).fit(train)
    enrolled, probes = faces.embed(train), faces.embed(test)
    distance = ((probes[:, None] - enrolled[None]) ** 2).sum(2)
    assert ((known[distance.argmin(1)] == truth).sum(), len(truth)) == (71, 75)  # 94.7 %


def test_protocols_with_eigenfaces(orl):
    (train, known), (test, truth) = orl
    faces = Eigenfaces(60).fit(train)
    (rank_1,) = identify(search(faces.embed(test), truth, faces.embed(train), known), [1]).estimates
    assert rank_1.value == pytest.approx(0.947, abs=0.03) and rank_1.gallery == 25
    assert 0.8 < rank_1.interval.low < rank_1.value < rank_1.interval.high < 1
    estimates = {each.quantity: each for each in verify(AllPairs(faces.embed(test), truth), [0.01, 1e-4]).estimates}
    assert (estimates["auc"].mated, estimates["auc"].non_mated) == (75, 2700)
    assert 0.9 < estimates["auc"].value and 0.5 < estimates["tar_at_far_0.01"].value < 1
    assert estimates["tar_at_far_0.0001"].note.startswith(
        "FAR=0.0001: 0.0001 of 2,700 non-mated pairs is less than one"
    )
