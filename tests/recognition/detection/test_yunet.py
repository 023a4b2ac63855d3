"""YuNet: the refusals, and OpenCV's detector run on a network of one's own that has the same outputs."""

import re

import numpy as np
import pytest

from bareface.errors import CheckpointError
from bareface.recognition.detection.yunet import YuNet


def _number(value):
    result = b""
    while value > 127:
        result, value = result + bytes([value & 127 | 128]), value >> 7
    return result + bytes([value])


def _field(number, value):
    """A field of a protocol buffer: an integer, or bytes, or text."""
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    value = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(value)) + value


def _tensor(name, array):
    kind = {"float32": 1, "int64": 7}[array.dtype.name]
    dims = b"".join(_field(1, size) for size in array.shape)
    return dims + _field(2, kind) + _field(8, name) + _field(9, array.tobytes())


def _node(operation, inputs, output, **attributes):
    body = b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, operation)
    for name, values in attributes.items():
        body += _field(5, _field(1, name) + b"".join(_field(8, value) for value in values) + _field(20, 7))
    return _field(1, body)


def _value(name, shape):
    dims = b"".join(_field(1, _field(1, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))


def onnx(side):
    """A network with YuNet's outputs: for each stride and cell 1 class, 1 object, 4 of a box, 10 of five points.

    The class is the mean of the cell's blue, the object is 1; at stride 32 the box is the cell and the points are its
    corners and its middle; at the other strides nothing is an object.
    """
    nodes = initialisers = outputs = b""
    for stride in (8, 16, 32):
        cells = (side // stride) ** 2
        live = stride == 32
        heads = {"cls": [0], "obj": [float(live)], "bbox": [0.5, 0.5, 0, 0], "kps": [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1]}
        for head, bias in heads.items():
            name = f"{head}_{stride}"
            weight = np.zeros((len(bias), 3, stride, stride), np.float32)
            if head == "cls":
                weight[0, 0] = 1 / 255 / stride**2  # OpenCV hands the channels over as blue, green, red
            parts = {"w": weight, "b": np.array(bias, np.float32), "s": np.array([1, cells, len(bias)], np.int64)}
            initialisers += b"".join(_field(5, _tensor(f"{name}_{part}", array)) for part, array in parts.items())
            nodes += _node(
                "Conv",
                ["input", f"{name}_w", f"{name}_b"],
                f"{name}_c",
                kernel_shape=[stride] * 2,
                strides=[stride] * 2,
            )
            nodes += _node("Transpose", [f"{name}_c"], f"{name}_t", perm=[0, 2, 3, 1])
            nodes += _node("Reshape", [f"{name}_t", f"{name}_s"], name)
            outputs += _field(12, _value(name, (1, cells, len(bias))))
    graph = nodes + _field(2, "cells") + initialisers + _field(11, _value("input", (1, 3, side, side))) + outputs
    return _field(1, 7) + _field(8, _field(2, 11)) + _field(7, graph)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cells.onnx"
    path.write_bytes(onnx(64))
    return str(path)


def test_rows_of_opencv_become_faces(file):
    """The cells at (32, 0) and (0, 32) are blue, the first the more so. The score is the root of class x object."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32, 32:, 2], image[32:, :32, 2] = 255, 204
    found = YuNet(file).detect(image)
    np.testing.assert_allclose(found.boxes, [[32, 0, 64, 32], [0, 32, 32, 64]], atol=1e-3)
    np.testing.assert_allclose(found.scores, [1, 0.8**0.5], atol=1e-3)
    np.testing.assert_allclose(found.landmarks[0], [[32, 0], [64, 0], [48, 16], [32, 32], [64, 32]], atol=1e-3)
    np.testing.assert_allclose(found.landmarks[1], found.landmarks[0] + [-32, 32], atol=1e-3)


def test_the_least_score(file):
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32, 32:, 2], image[32:, :32, 2] = 255, 204
    assert len(YuNet(file, least_score=0.95).detect(image)) == 1
    found = YuNet(file).detect(np.zeros((64, 64, 3), np.uint8))
    assert len(found) == 0 and found.boxes.shape == (0, 4) and found.landmarks.shape == (0, 5, 2)


def test_a_missing_file_says_where_people_get_it(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"y\.onnx: no such file\. People get face_detection_yunet_2023mar\.onnx"
    ):
        YuNet(str(tmp_path / "y.onnx"))


def test_another_file_is_refused(tmp_path):
    (tmp_path / "y.onnx").write_bytes(b"no network")
    with pytest.raises(CheckpointError, match=r"y\.onnx: not a network that OpenCV can load \(.*\)\. People get"):
        YuNet(str(tmp_path / "y.onnx"))


@pytest.mark.parametrize("name", ["least_score", "overlap"])
def test_numbers_out_of_range(file, name):
    with pytest.raises(ValueError, match=re.escape(f"detector.{name}=1.5: expected 0 <= {name} <= 1.")):
        YuNet(file, **{name: 1.5})
