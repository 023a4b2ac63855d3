"""Pictures of one medium as one template."""

import numpy as np
import pytest

from bareface.recognition.embeddings import Embeddings
from bareface.recognition.media import by_medium


def test_frames_of_a_video_count_as_much_as_a_photo():
    """Ada's two frames add to (1, 1), of length 1 that is (0.71, 0.71); her photo stays; Bob's frame is his own."""
    keys = ("a/v_1.jpg", "a/v_2.jpg", "a/photo.jpg", "b/v_1.jpg")
    vectors = np.array([[2, 0], [0, 5], [0, -3], [0.6, 0.8]], np.float32)
    pooled = by_medium(Embeddings(keys, ("Ada", "Ada", "Ada", "Bob"), vectors))
    assert pooled.keys == ("a/photo.jpg", "a/v", "b/v") and pooled.identities == ("Ada", "Ada", "Bob")
    assert pooled.vectors == pytest.approx(np.array([[0, -1], [0.5**0.5, 0.5**0.5], [0.6, 0.8]]), abs=1e-6)


def test_two_people_in_one_photo_are_not_pooled():
    pooled = by_medium(Embeddings(("x_1.jpg", "x_2.jpg"), ("Ada", "Bob"), np.eye(2, dtype=np.float32)))
    assert pooled.identities == ("Ada", "Bob") and pooled.vectors.tolist() == [[1, 0], [0, 1]]
