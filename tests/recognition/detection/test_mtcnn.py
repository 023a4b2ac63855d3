"""MTCNN without its weights: the parts by hand, and networks that always say the same."""

import pickle
import re

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from bareface.errors import CheckpointError
from bareface.recognition.detection.mtcnn import MTCNN, _moved, _nms_of_smaller, _squared
from bareface.recognition.detection.mtcnn_networks import OutputNet, ProposalNet, RefineNet
from bareface.recognition.detection.windows import AreaWindows

NETWORKS = {"pnet.pt": ProposalNet, "rnet.pt": RefineNet, "onet.pt": OutputNet}
BIASES = {
    "pnet.pt": {"conv4_1": [0, 9], "conv4_2": [0, 0, 0, 0]},
    "rnet.pt": {"dense5_1": [0, 9], "dense5_2": [0, 0, 0, 0]},
    "onet.pt": {
        "dense6_1": [0, 9],
        "dense6_2": [-0.25, 0, 0.5, 0.25],
        "dense6_3": [0.25, 0.75, 0.5, 0.3, 0.7, 0.25, 0.25, 0.5, 0.75, 0.75],
    },
}


@pytest.fixture
def weights(tmp_path):
    """Weights of networks that see a face everywhere."""
    for name, network in NETWORKS.items():
        built = network()
        for value in built.state_dict().values():
            value.zero_()
        for layer, bias in BIASES[name].items():
            built.state_dict()[f"{layer}.bias"].copy_(torch.tensor(bias))
        torch.save(built.state_dict(), tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(("network", "count"), [(ProposalNet, 6632), (RefineNet, 100178), (OutputNet, 389040)])
def test_the_networks_have_the_published_sizes(network, count):
    assert sum(parameter.numel() for parameter in network().parameters()) == count


@pytest.mark.parametrize(
    ("network", "size", "shapes"),
    [
        (ProposalNet, 12, [(2, 1, 1), (2, 4, 1, 1)]),
        (ProposalNet, 31, [(2, 11, 11), (2, 4, 11, 11)]),
        (RefineNet, 24, [(2,), (2, 4)]),
        (OutputNet, 48, [(2,), (2, 4), (2, 10)]),
    ],
)
def test_what_the_networks_give(network, size, shapes):
    assert [tuple(each.shape) for each in network()(torch.zeros(2, 3, size, size))] == shapes


def test_one_window_worked_out_by_hand(weights):
    """A picture of one window: the box is (1, 1, 12, 12) as the first implementation counts, 12 pixels wide."""
    found = MTCNN(str(weights), min_size=12).detect(np.zeros((12, 12, 3), np.uint8))
    np.testing.assert_allclose(found.boxes, [[1 - 3, 1, 12 + 6, 12 + 3]], rtol=1e-6)
    np.testing.assert_allclose(found.landmarks, [[[3, 3], [9, 3], [6, 6], [3.6, 9], [8.4, 9]]], rtol=1e-6)
    np.testing.assert_allclose(found.scores, [1 / (1 + np.exp(-9))], rtol=1e-6)


def test_twice_the_least_size_doubles_the_picture(weights):
    """min_size 24 halves the picture; its one window is (floor(1 / 0.5), ..., floor(12 / 0.5)) = (2, 2, 24, 24)."""
    found = MTCNN(str(weights), min_size=24).detect(np.zeros((24, 24, 3), np.uint8))
    assert len(found) == 1
    np.testing.assert_allclose(found.boxes, [[2 - 5.75, 2, 24 + 11.5, 24 + 5.75]], rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (11, 40), (19, 400)])
def test_pictures_smaller_than_the_least_face(weights, shape):
    found = MTCNN(str(weights)).detect(np.zeros((*shape, 3), np.uint8))
    assert len(found) == 0 and found.boxes.shape == (0, 4) and found.landmarks.shape == (0, 5, 2)


@pytest.mark.parametrize(("stage", "count"), [(0, 0), (1, 0), (2, 0), (None, 1)])
def test_every_network_has_a_say(weights, stage, count):
    thresholds = [1.0 if number == stage else 0.5 for number in range(3)]
    found = MTCNN(str(weights), min_size=12, thresholds=thresholds).detect(np.zeros((12, 12, 3), np.uint8))
    assert len(found) == count


def test_areas_agree_with_torch():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (90, 70, 3), dtype=np.uint8)
    windows = np.array([(0, 0, 70, 90), (3, 5, 27, 29), (10, 10, 12, 11), (69, 0, 70, 90), (1, 2, 60, 50)])
    found = AreaWindows(image)(windows, 24)
    for (left, top, right, bottom), each in zip(windows, found, strict=True):
        part = torch.from_numpy(image[top:bottom, left:right]).permute(2, 0, 1)[None].float()
        expected = interpolate(part, (24, 24), mode="area")[0].permute(1, 2, 0)
        np.testing.assert_allclose(each, expected, atol=1e-3)


def test_boxes_are_moved_by_shares_of_their_size():
    boxes, moves = torch.tensor([[10.0, 20, 29, 59]]), torch.tensor([[0.1, -0.1, 0.5, 0.0]])
    assert _moved(boxes, moves).tolist() == [[12, 16, 39, 59]]  # 20 wide and 40 high
    torch.testing.assert_close(_moved(boxes, moves, more=0), torch.tensor([[11.9, 16.1, 38.5, 59]]))


def test_squares_have_the_longer_side_and_the_same_centre():
    assert _squared(torch.tensor([[10.0, 20, 20, 60], [0, 0, 4, 2]])).tolist() == [[-5, 20, 35, 60], [0, -1, 4, 3]]


def test_a_small_box_within_a_surer_large_one_goes():
    """10 x 10 within 40 x 40 shares all of itself, though only a sixteenth of both; half of the third is shared."""
    boxes = np.array([[10, 10, 19, 19], [0, 0, 39, 39], [35, 0, 44, 39], [50, 50, 59, 59]], np.float32)
    assert _nms_of_smaller(boxes, np.array([0.8, 0.9, 0.7, 0.95], np.float32), 0.7) == [3, 1, 2]
    assert _nms_of_smaller(boxes, np.array([0.8, 0.9, 0.7, 0.95], np.float32), 0.4) == [3, 1]


def test_it_can_be_sent_to_another_process(weights):
    detector = pickle.loads(pickle.dumps(MTCNN(str(weights), min_size=12)))
    assert len(detector.detect(np.zeros((12, 12, 3), np.uint8))) == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_finds_the_same(weights):
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    found, expected = (MTCNN(str(weights), device=device).detect(image) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.01)


def test_missing_weights_say_where_people_get_them(weights):
    (weights / "rnet.pt").unlink()
    with pytest.raises(FileNotFoundError, match=r": no rnet\.pt in it\. They lie in the wheel of facenet-pytorch"):
        MTCNN(str(weights))


def test_other_weights_are_refused(weights):
    torch.save(RefineNet().state_dict(), weights / "onet.pt")
    with pytest.raises(CheckpointError, match=r"onet\.pt: not the weights of OutputNet \(.*dense6_1"):
        MTCNN(str(weights))
    (weights / "onet.pt").write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match=r"onet\.pt: not the weights of OutputNet") as caught:
        MTCNN(str(weights))
    assert "\n" not in str(caught.value)
    torch.save([1], weights / "onet.pt")
    with pytest.raises(CheckpointError, match=r"onet\.pt: not the weights of OutputNet"):
        MTCNN(str(weights))


class _Spy:
    def __reduce__(self):
        return (exec, ("import pathlib; pathlib.Path('ran').touch()",))


def test_nothing_in_a_file_of_weights_is_run(weights, monkeypatch):
    monkeypatch.chdir(weights)
    torch.save(_Spy(), weights / "pnet.pt")
    with pytest.raises(
        CheckpointError, match=r"pnet\.pt: not the weights of ProposalNet \(not a file of torch"
    ) as caught:
        MTCNN(str(weights))
    assert not (weights / "ran").exists()
    assert "weights_only" not in str(caught.value)  # torch says how to run it all the same


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_size": 11}, "detector.min_size=11: expected at least 12 pixels."),
        ({"thresholds": [0.5, 0.5]}, "detector.thresholds=[0.5, 0.5]: expected three probabilities."),
        ({"factor": 1.0}, "detector.factor=1.0: expected 0 < factor < 1."),
        ({"device": "tpu"}, "detector.device=tpu: expected cpu, or cuda where there is a usable GPU."),
    ],
)
def test_numbers_out_of_range(weights, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        MTCNN(str(weights), **options)
