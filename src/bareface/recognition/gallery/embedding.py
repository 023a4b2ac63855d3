"""Pictures in files to embeddings in memory."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from bareface.data.dataset import Record
from bareface.data.transforms import Letterbox
from bareface.errors import PictureError
from bareface.io.checkpoint import fingerprint, spelt_out
from bareface.io.pictures import MAX_PIXELS, read_picture
from bareface.recognition.detection.framing import FaceSource, FramedFaces
from bareface.recognition.recogniser import Recogniser

EMBEDS = ("backbone", "normalise", "shorter", "crop", "canvas", "framing")
"""What of a recogniser's card changes its embeddings. The head and the names of its identities do not."""

Job = tuple[str, Path]
"""A picture's key and its file."""


def model_fingerprint(recogniser: Recogniser) -> str:
    """Tells apart models whose embeddings cannot be compared; equal for the same weights under another head."""
    card = {name: recogniser.card[name] for name in EMBEDS}
    for part in ("backbone", "normalise"):
        card[part] = spelt_out(card[part], type(getattr(recogniser, part)))
    return fingerprint(recogniser.backbone, card)


def computing_device(name: str) -> torch.device:
    """The device for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ValueError: No such word, or no such device.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device={name}: expected auto, cpu or cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device=cuda: no usable GPU here. Use device=cpu.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


@dataclass
class EmbeddedFaces:
    """F faces, in the order of their pictures, and what became of the pictures.

    Attributes:
        keys: (F,) key of the picture.
        numbers: (F,) number of the face in its picture, 0, 1, ...
        boxes: (F, 4) float32 x1, y1, x2, y2 in pixels of the picture.
        embeddings: (F, D) float32 of length 1.
        unreadable: Key and reason of each picture that could not be read.
        faceless: Key and reason of each picture that gave no face.
        whole: Key and reason of each picture without a face that was embedded as it is.
        several: Key and number of faces of each picture with more than one.
        cut: Key of each picture with a face so near the border, or across it, that a part of its crop is missing.
    """

    keys: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    boxes: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    embeddings: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    faceless: list[tuple[str, str]] = field(default_factory=list)
    whole: list[tuple[str, str]] = field(default_factory=list)
    several: list[tuple[str, int]] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """A line for every picture of which there is something to say."""
        return [
            *(f"failed: {reason}" for _, reason in self.unreadable),
            *(f"no face: {key}: {reason}" for key, reason in self.faceless),
            *(f"no face, taken whole: {key}: {reason}" for key, reason in self.whole),
            *(f"many faces: {key}: {count}" for key, count in self.several),
            *(f"cut by the border: {key}" for key in self.cut),
        ]

    def counts(self) -> str:
        """One line."""
        without = f"{len(self.faceless) + len(self.whole)} without a face"
        without += f" ({len(self.whole)} taken whole)" if self.whole else ""
        counted = f"{len(self.unreadable)} failed, {without}, {len(self.several)} with many"
        return f"{len(self.keys)} faces embedded; pictures: {counted}, {len(self.cut)} with one cut by the border"


def embed_pictures(
    jobs: Sequence[Job],
    recogniser: Recogniser,
    source: FaceSource,
    batch_size: int = 32,
    device: str = "auto",
    max_pixels: int = MAX_PIXELS,
) -> EmbeddedFaces:
    """Embeds the faces of pictures; goes on after pictures that give none.

    Args:
        jobs: The pictures.
        recogniser: Embeds; on a GPU in bfloat16, on the CPU as it was prepared.
        source: Finds the faces; called by one thread at a time.
        batch_size: Faces at a time.
        device: auto, cpu or cuda.
        max_pixels: Larger pictures are not decoded.

    Raises:
        ValueError: A number or word that is not known, or embeddings of no length, as a collapsed model gives.
    """
    if batch_size < 1:
        raise ValueError(f"batch-size={batch_size}: expected at least 1.")
    if max_pixels < 1:
        raise ValueError(f"max-pixels={max_pixels}: expected at least 1.")
    where = computing_device(device)
    recogniser = recogniser.to(where)
    done, loader = EmbeddedFaces(), _Loader(source, Letterbox(recogniser.canvas), max_pixels)
    boxes: list[NDArray[np.float32]] = [done.boxes]
    embeddings: list[NDArray[np.float32]] = []
    with (
        ThreadPoolExecutor(4) as pool,
        tqdm(total=len(jobs), desc="Embedding", unit="picture", disable=not jobs) as bar,
    ):
        for batch in _read_ahead(pool, jobs, batch_size, loader, done, bar):
            for (key, _), (framed, _) in batch:
                _note(done, key, framed)
                boxes.append(framed.boxes)
            tensors = [tensor for _, (_, crops) in batch for tensor in crops]
            for start in range(0, len(tensors), batch_size):
                embeddings.append(_embed(tensors[start : start + batch_size], recogniser, where))
    done.boxes = np.concatenate(boxes)
    none = np.zeros((0, int(recogniser.backbone.embedding_size)), np.float32)  # type: ignore[arg-type]
    done.embeddings = np.concatenate([none, *embeddings])
    return done


def _note(done: EmbeddedFaces, key: str, framed: FramedFaces) -> None:
    done.keys += [key] * len(framed.crops)
    done.numbers += range(len(framed.crops))
    if framed.reason:
        (done.whole if framed.crops else done.faceless).append((key, framed.reason))
    if framed.found > 1:
        done.several.append((key, framed.found))
    if framed.cut_off:
        done.cut.append(key)


Loaded = tuple[FramedFaces, list[tuple[Tensor, Tensor]]]


class _Loader:
    """Reads one picture; detectors keep state while they look, so only one looks at a time."""

    def __init__(self, source: FaceSource, letterbox: Letterbox, max_pixels: int) -> None:
        self.source, self.letterbox, self.max_pixels, self.lock = source, letterbox, max_pixels, Lock()

    def __call__(self, job: Job) -> Loaded:
        key, path = job
        photo = read_picture(path, self.max_pixels)
        with self.lock:
            framed = self.source(photo, key)
        canvases = [self.letterbox(Record(crop), 0) for crop in framed.crops]
        tensors = [
            (torch.from_numpy(one.image.transpose(2, 0, 1).copy()), torch.tensor(one.content)) for one in canvases
        ]
        return framed, tensors


def _read_ahead(
    pool: ThreadPoolExecutor, jobs: Sequence[Job], size: int, loader: _Loader, done: EmbeddedFaces, bar: "tqdm[Any]"
) -> Iterator[list[tuple[Job, Loaded]]]:
    """Batches of what could be read; the next batch is read while this one is embedded."""
    rest = iter(jobs)

    def start() -> list[tuple[Job, Future[Loaded]]]:
        return [(job, pool.submit(loader, job)) for job in islice(rest, size)]

    following = start()
    while following:
        current, following = following, start()
        batch = []
        for job, loaded in current:
            try:
                batch.append((job, loaded.result()))
            except (PictureError, OSError) as error:
                reason = str(error).replace("raise max_pixels.", "raise --max-pixels.")
                done.unreadable.append((job[0], reason))
        yield batch
        bar.update(len(current))


@torch.inference_mode()
def _embed(tensors: list[tuple[Tensor, Tensor]], recogniser: Recogniser, device: torch.device) -> NDArray[np.float32]:
    image, content = (torch.stack(parts).to(device) for parts in zip(*tensors, strict=True))
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        raw = recogniser.embed(image, content)
    embedding = raw.float().cpu().numpy()
    length = np.linalg.norm(embedding, axis=1, keepdims=True)
    if not (length > 0).all() or not np.isfinite(length).all():
        raise ValueError("the recogniser gives embeddings without a direction (zero or not a number). Train it anew.")
    return np.asarray(embedding / length, np.float32)
