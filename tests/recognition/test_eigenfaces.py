"""Principal components."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from bareface.recognition.eigenfaces import Eigenfaces


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 6, 5)).astype(np.float32)


def test_directions_are_those_of_scikit_learn():
    train, test = pictures(40), pictures(9, 1)
    known = PCA(7, svd_solver="full").fit(train.reshape(40, -1)).transform(test.reshape(9, -1))
    found = Eigenfaces(7).fit(train).embed(test)
    np.testing.assert_allclose(np.abs(found), np.abs(known), rtol=1e-3, atol=1e-2)


def test_pictures_along_one_line_by_hand():
    line = np.zeros((3, 2, 2), np.float32)
    line[:, 0, 0], line[:, 1, 1] = [0, 3, 6], [0, 4, 8]
    before = line.copy()
    found = Eigenfaces(1).fit(line).embed(line)
    np.testing.assert_allclose(np.abs(found[:, 0]), [5, 0, 5], atol=1e-4)
    assert (line == before).all()


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: Eigenfaces(0), "baseline.components=0: expected at least 1"),
        (lambda: Eigenfaces(5).fit(pictures(5)), "baseline.components=5: 5 training pictures have fewer directions"),
        (
            lambda: Eigenfaces(2).fit(pictures(5)).embed(np.zeros((1, 3, 3))),
            "eigenfaces: pictures of 9 pixels, fitted to 30",
        ),
    ],
)
def test_refusals(work, message):
    with pytest.raises(ValueError, match=message):
        work()
