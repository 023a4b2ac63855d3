"""Detectors on photos: MTCNN against the reference's faces, the cascade on VGGFace2's samples."""

import json

import numpy as np
import pytest

from bareface.data.dataset import Record
from bareface.data.framing import TEMPLATE, aligned, similarity
from bareface.data.identity_folder import IdentityFolder
from bareface.io.pictures import read_picture
from bareface.recognition.detection.haar import HaarCascade
from bareface.recognition.detection.mtcnn import MTCNN
from bareface.recognition.detection.search import Tally, search


@pytest.fixture(scope="module")
def mtcnn(shared):
    return MTCNN(str(shared / "weights/mtcnn"))


def overlap(box, boxes):
    """Intersection over union of a box with each of (K, 4)."""
    start, end = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod((end - start).clip(0), 1)
    return shared / (np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], 1) - shared)


def test_mtcnn_finds_the_faces_of_the_reference(shared, mtcnn):
    pictures = json.loads((shared / "vectors/mtcnn.json").read_text())
    assert len(pictures) == 20
    for name, expected in pictures.items():
        image = read_picture(shared / "data" / name)
        assert list(image.shape[1::-1]) == expected["size"]
        found = mtcnn.detect(image, name)
        assert len(found) == len(expected["boxes"]), name
        assert (np.diff(found.scores) <= 0).all()
        boxes, places = np.array(expected["boxes"]), np.array(expected["landmarks"])
        for box, score, landmarks in zip(boxes, expected["scores"], places, strict=True):
            ratios = overlap(box, found.boxes)
            match = ratios.argmax()
            assert ratios[match] > 0.99, name
            assert abs(found.scores[match] - score) < 1e-3
            assert np.abs(found.landmarks[match] - landmarks).max() < 0.002 * max(box[2:] - box[:2]), name


def test_the_cascade_finds_the_faces_of_vggface2(shared):
    dataset = IdentityFolder(str(shared / "data/vggface2_samples/loose"))
    tally = Tally()
    for found in search(dataset, dataset.manifest, HaarCascade(), "central"):
        tally.add(found)
    assert tally.pictures == 32 and tally.with_face >= 30 and tally.unreadable == 0
    assert tally.pictures == tally.with_face + tally.no_face


def test_the_cascade_and_mtcnn_look_at_the_same_face(shared, mtcnn):
    for path in sorted((shared / "data/vggface2_samples/loose/n008937").glob("*.jpg")):
        image = read_picture(path)
        assert overlap(mtcnn.detect(image).boxes[0], HaarCascade().detect(image).boxes).max() > 0.4, path.name


def test_aligned_faces_have_their_landmarks_where_the_template_wants_them(shared, mtcnn):
    away = []
    for path in sorted((shared / "data/vggface2_samples/loose").rglob("*.jpg"))[::4]:
        image = read_picture(path)
        face = aligned(Record(image), mtcnn.detect(image).landmarks[0]).image
        again = MTCNN(str(shared / "weights/mtcnn"), min_size=40).detect(face)
        assert len(again) >= 1, path.name
        away.append(np.abs(again.landmarks[0] - TEMPLATE).mean())
        turn = similarity(again.landmarks[0], TEMPLATE)
        assert abs(np.arctan2(turn[1, 0], turn[0, 0])) < np.radians(6), path.name
    assert np.median(away) < 4  # of 112 pixels: faces seen from the side do not fit the template exactly
