"""Pooling, by hand."""

import numpy as np
import pytest

from bareface.recognition.protocols.templates import pool


def test_a_video_weighs_as_much_as_a_photo():
    vectors = np.array([[2.0, 0], [3, 0], [9, 0], [0, 5]])  # three frames of one video, one photo
    found = pool(vectors, [7, 7, 7, 7], ["v", "v", "v", "p"])
    np.testing.assert_allclose(found, [[np.sqrt(0.5), np.sqrt(0.5)]], atol=1e-6)
    without = pool(vectors, [7, 7, 7, 7], ["v", "v", "v", "p"], normalise_media=False)
    np.testing.assert_allclose(without, [[3 / np.sqrt(10), 1 / np.sqrt(10)]], atol=1e-6)


def test_frames_that_disagree_are_brought_to_length_1_as_well():
    vectors = np.array([[1.0, 0], [0, 1], [0, -1]])  # frames at right angles: their sum has length sqrt 2
    one, other = (pool(vectors, [0, 0, 0], [0, 0, 1], switch)[0] for switch in (True, False))
    media = np.array([1, 1]) / np.sqrt(2) + np.array([0, -1])
    np.testing.assert_allclose(one, media / np.linalg.norm(media), atol=1e-6)
    np.testing.assert_allclose(other, [1, 0], atol=1e-6)


def test_templates_come_in_sorted_order_and_share_no_media():
    vectors = np.array([[0.0, 1], [1, 0], [0, 2], [1, 1]])
    found = pool(vectors, ["b", "a", "b", "a"], [0, 0, 0, 1])
    middle = np.array([1, 0]) + np.array([1, 1]) / np.sqrt(2)
    np.testing.assert_allclose(found, [middle / np.linalg.norm(middle), [0, 1]], atol=1e-6)


def test_order_does_not_matter():
    rng = np.random.default_rng(0)
    vectors, templates, media = rng.standard_normal((200, 6)), rng.integers(0, 20, 200), rng.integers(0, 9, 200)
    order = rng.permutation(200)
    found = pool(vectors[order], templates[order], media[order])
    np.testing.assert_allclose(found, pool(vectors, templates, media), atol=1e-5)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for row, template in enumerate(np.unique(templates)):
        sums = [
            unit[(templates == template) & (media == each)].sum(0) for each in np.unique(media[templates == template])
        ]
        total = sum(each / np.linalg.norm(each) for each in sums)
        np.testing.assert_allclose(found[row], total / np.linalg.norm(total), atol=1e-5)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="2 embeddings, 1 templates, 2 media: expected as many of each"):
        pool([[1.0], [2.0]], [0], [0, 1])
    assert pool(np.zeros((0, 3)), [], []).shape == (0, 3)
