"""MTCNN: three networks, each looking closer at what the one before it found."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.ops import nms

from bareface.errors import CheckpointError
from bareface.recognition.detection.detector import Faces, no_faces
from bareface.recognition.detection.mtcnn_networks import OutputNet, ProposalNet, RefineNet
from bareface.recognition.detection.windows import AreaWindows
from bareface.recognition.published.torch_file import load_tensors

FILES = ("pnet.pt", "rnet.pt", "onet.pt")
SOURCES = (
    "They lie in the wheel of facenet-pytorch (MIT licence) under facenet_pytorch/data/: "
    "pip download --no-deps facenet-pytorch, unzip it, and set detector.weights to that folder."
)
_STRIDE, _CELL = 2, 12  # of the proposal network, in pixels


class MTCNN:
    """Multi-task cascaded networks: boxes, scores (softmax probability of the last network) and five landmarks.

    A pyramid of the picture goes through the proposal network; what it finds is cut out as squares of 24 and then 48
    pixels for the other two. All windows of a picture go through a network together.

    Args:
        weights: Folder with ``pnet.pt``, ``rnet.pt`` and ``onet.pt``.
        min_size: Side in pixels of the smallest face that is looked for; twice as large takes a quarter of the time
            and of the memory, which is 4 GB for 20 and a picture of 40 million pixels.
        thresholds: Least probability after each network.
        factor: From one size of the pyramid to the next.
        device: ``cpu`` or ``cuda``.

    Raises:
        FileNotFoundError: A file of weights is missing.
        CheckpointError: It does not hold the weights of its network.
        ValueError: A number out of range, or no such device.

    Source: Zhang et al. 2016, arXiv 1604.02878; agrees with timesler/facenet-pytorch, whose boxes keep the +1 of the
    first implementation in MATLAB.
    """

    def __init__(
        self,
        weights: str,
        min_size: int = 20,
        thresholds: Sequence[float] = (0.6, 0.7, 0.7),
        factor: float = 0.709,
        device: str = "cpu",
    ) -> None:
        if min_size < _CELL:
            raise ValueError(f"detector.min_size={min_size}: expected at least {_CELL} pixels.")
        if len(thresholds) != 3 or not all(0 <= threshold <= 1 for threshold in thresholds):
            raise ValueError(f"detector.thresholds={list(thresholds)}: expected three probabilities.")
        if not 0 < factor < 1:
            raise ValueError(f"detector.factor={factor}: expected 0 < factor < 1.")
        if device not in ("cpu", "cuda") or (device == "cuda" and not torch.cuda.is_available()):
            raise ValueError(f"detector.device={device}: expected cpu, or cuda where there is a usable GPU.")
        self.min_size, self.thresholds, self.factor = min_size, tuple(thresholds), factor
        self.device = torch.device(device)
        folder = Path(weights)
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise FileNotFoundError(f"{folder}: no {', '.join(missing)} in it. {SOURCES}")
        self.proposal, self.refine, self.output = (
            _loaded(network, folder / name).to(self.device)
            for network, name in zip((ProposalNet(), RefineNet(), OutputNet()), FILES, strict=True)
        )

    @torch.inference_mode()
    def detect(self, image: NDArray[np.uint8], key: str = "") -> Faces:
        """Finds the faces of one picture; ``key`` is not needed. A picture below ``min_size`` has none."""
        boxes = self._proposals(image)
        windows = AreaWindows(image) if len(boxes) else None
        if windows is not None:
            boxes = self._refined(boxes, windows, image.shape)
        if windows is None or not len(boxes):
            return no_faces()
        return self._faces(boxes, windows, image.shape)

    def _proposals(self, image: NDArray[np.uint8]) -> Tensor:
        """Squares that may hold a face, (N, 4)."""
        height, width = image.shape[:2]
        picture = torch.from_numpy(image).to(self.device).permute(2, 0, 1)[None].float()
        found, scores, moves = [], [], []
        scale = _CELL / self.min_size
        shorter = min(height, width) * scale
        while shorter >= _CELL:
            small = interpolate(picture, (int(height * scale + 1), int(width * scale + 1)), mode="area")
            probability, regressed = (each[0].cpu() for each in self.proposal((small - 127.5) / 128))
            cells = (probability >= self.thresholds[0]).nonzero()
            corner = _STRIDE * cells.flip(1).float() + 1
            boxes = torch.cat([corner / scale, (corner + _CELL - 1) / scale], 1).floor()
            score = probability[cells[:, 0], cells[:, 1]]
            kept = nms(boxes, score, 0.5)
            found.append(boxes[kept])
            scores.append(score[kept])
            moves.append(regressed[:, cells[kept, 0], cells[kept, 1]].T)
            scale, shorter = scale * self.factor, shorter * self.factor
        if not found:
            return torch.zeros(0, 4)
        boxes = torch.cat(found)
        kept = nms(boxes, torch.cat(scores), 0.7)
        return _squared(_moved(boxes[kept], torch.cat(moves)[kept], more=0))

    def _refined(self, boxes: Tensor, windows: AreaWindows, shape: tuple[int, ...]) -> Tensor:
        boxes, (scores, moves) = self._look(self.refine, boxes, windows, 24, shape)
        passed = scores > self.thresholds[1]
        boxes, scores, moves = boxes[passed], scores[passed], moves[passed]
        kept = nms(boxes, scores, 0.7)
        return _squared(_moved(boxes[kept], moves[kept]))

    def _faces(self, boxes: Tensor, windows: AreaWindows, shape: tuple[int, ...]) -> Faces:
        boxes, (scores, moves, places) = self._look(self.output, boxes, windows, 48, shape)
        passed = scores > self.thresholds[2]
        boxes, scores, moves, places = boxes[passed], scores[passed], moves[passed], places[passed]
        size = boxes[:, None, 2:] - boxes[:, None, :2] + 1
        landmarks = places.view(-1, 2, 5).transpose(1, 2) * size + boxes[:, None, :2] - 1
        boxes = _moved(boxes, moves)
        kept = _nms_of_smaller(boxes.numpy(), scores.numpy(), 0.7)
        return Faces(boxes.numpy()[kept], scores.numpy()[kept], landmarks.numpy()[kept])

    def _look(
        self, network: nn.Module, boxes: Tensor, windows: AreaWindows, size: int, shape: tuple[int, ...]
    ) -> tuple[Tensor, list[Tensor]]:
        """Shows a network what lies in the boxes; those outside of the picture are left out."""
        left, top, right, bottom = boxes.trunc().long().numpy().T
        inside = np.stack([left.clip(1) - 1, top.clip(1) - 1, right.clip(max=shape[1]), bottom.clip(max=shape[0])], 1)
        some = (inside[:, 2] > inside[:, 0]) & (inside[:, 3] > inside[:, 1])
        cut = torch.from_numpy(windows(inside[some], size)).permute(0, 3, 1, 2).to(self.device)
        return boxes[torch.from_numpy(some)], [each.cpu() for each in network((cut - 127.5) / 128)]


def _loaded(network: nn.Module, path: Path) -> nn.Module:
    try:
        network.load_state_dict(load_tensors(path))
    except (CheckpointError, RuntimeError) as error:
        reason = " ".join(str(error).removeprefix(f"{path}: ").rstrip(".").split())[:300]
        raise CheckpointError(f"{path}: not the weights of {type(network).__name__} ({reason}). {SOURCES}") from error
    return network.eval()


def _moved(boxes: Tensor, moves: Tensor, more: int = 1) -> Tensor:
    """Boxes with each side moved by a share of the size, to which ``more`` pixels are added."""
    size = (boxes[:, 2:] - boxes[:, :2] + more).repeat(1, 2)
    return boxes + moves * size


def _squared(boxes: Tensor) -> Tensor:
    """The squares of the longer side around the same centres."""
    size = boxes[:, 2:] - boxes[:, :2]
    side = size.amax(1, keepdim=True)
    corner = boxes[:, :2] + size / 2 - side / 2
    return torch.cat([corner, corner + side], 1)


def _nms_of_smaller(boxes: NDArray[np.float32], scores: NDArray[np.float32], threshold: float) -> list[int]:
    """Surest first, without those that share more than ``threshold`` of the smaller area with a surer one.

    Sides are a pixel longer than the difference of the coordinates.
    """
    area = np.prod(boxes[:, 2:] - boxes[:, :2] + 1, 1)
    rest = np.argsort(-scores, kind="stable")
    kept = []
    while len(rest):
        best, rest = rest[0], rest[1:]
        kept.append(int(best))
        start, end = np.maximum(boxes[best, :2], boxes[rest, :2]), np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = np.prod((end - start + 1).clip(0), 1)
        rest = rest[shared <= threshold * np.minimum(area[best], area[rest])]
    return kept
