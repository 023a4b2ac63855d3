"""The faces of all pictures of a data set."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import cv2
import torch
from tqdm import tqdm

from bareface.data.dataset import DataSet
from bareface.data.manifest import Manifest
from bareface.errors import DataError, FaceError
from bareface.recognition.detection.choice import Choice, choose
from bareface.recognition.detection.detector import Detector, Faces, no_faces
from bareface.recognition.detection.framing import NO_FACE

_CHUNK = 32


@dataclass(frozen=True)
class Found:
    """What was found in one picture.

    Attributes:
        key: Of the picture.
        size: Height and width of the picture; None where it cannot be read.
        faces: The faces that are meant.
        count: How many faces there are.
        reason: Why no face is meant; None where one is.
    """

    key: str
    size: tuple[int, int] | None
    faces: Faces
    count: int
    reason: str | None


@dataclass
class Tally:
    """How many pictures there were, by what was found in them. ``pictures`` = ``with_face`` + the failures.

    Attributes:
        pictures: All of them.
        with_face: Those with a face that is meant.
        no_face: Those in which none was found, or only one that lies outside of them.
        several: Those in which more than one was found, whether one of them is meant or not.
        unreadable: Those that cannot be read.
    """

    pictures: int = 0
    with_face: int = 0
    no_face: int = 0
    several: int = 0
    unreadable: int = 0

    def add(self, found: Found) -> None:
        """Counts a picture."""
        self.pictures += 1
        self.with_face += found.reason is None
        self.several += found.count > 1
        self.no_face += found.size is not None and found.count == 0
        self.unreadable += found.size is None

    def text(self) -> str:
        """For the terminal.

        >>> Tally(pictures=3, with_face=2, several=1, no_face=1).text()
        'pictures 3, with a face 2, none 1, several 1, unreadable 0'
        """
        return (
            f"pictures {self.pictures}, with a face {self.with_face}, none {self.no_face}, several {self.several}, "
            f"unreadable {self.unreadable}"
        )


def look(dataset: DataSet, manifest: Manifest, row: int, detector: Detector, choice: Choice) -> Found:
    """Looks at one picture; that it is broken, or has no face, is an answer and not an error."""
    key = manifest.key(row)
    try:
        image = dataset.read(manifest, row).image
    except DataError as error:
        return Found(key, None, no_faces(), 0, str(error))
    size = (image.shape[0], image.shape[1])
    faces = no_faces()
    try:
        faces = detector.detect(image, key)
        chosen = choose(faces, choice, *size)
    except FaceError as error:
        return Found(key, size, no_faces(), len(faces), str(error))
    meant = Faces(faces.boxes[chosen], faces.scores[chosen], faces.landmarks[chosen])
    return Found(key, size, meant, len(faces), None if len(meant) else NO_FACE)


def search(
    dataset: DataSet, manifest: Manifest, detector: Detector, choice: Choice, workers: int = 0
) -> Iterator[Found]:
    """Looks at every picture, in the order of the manifest.

    Args:
        dataset: Reads.
        manifest: Which pictures.
        detector: Finds.
        choice: Which of several faces is meant.
        workers: Processes that read and find; 0 = this one.

    Raises:
        ValueError: A negative number of workers.
    """
    if workers < 0:
        raise ValueError(f"workers={workers}: expected 0 (this process) or more.")
    with tqdm(total=len(manifest), unit=" pictures", disable=None) as bar:
        if workers == 0:
            for row in range(len(manifest)):
                yield look(dataset, manifest, row, detector, choice)
                bar.update()
            return
        context = multiprocessing.get_context("spawn")  # forking a process that runs threads can hang
        with ProcessPoolExecutor(workers, context, _prepare, (dataset, manifest, detector, choice)) as pool:
            for part in pool.map(_look_prepared, range(0, len(manifest), _CHUNK)):
                yield from part
                bar.update(len(part))


_prepared: tuple[DataSet, Manifest, Detector, Choice]


def _prepare(dataset: DataSet, manifest: Manifest, detector: Detector, choice: Choice) -> None:
    global _prepared
    _prepared = dataset, manifest, detector, choice
    cv2.setNumThreads(1)  # the other cores have workers of their own
    torch.set_num_threads(1)


def _look_prepared(start: int) -> list[Found]:
    dataset, manifest, detector, choice = _prepared
    rows = range(start, min(start + _CHUNK, len(manifest)))
    return [look(dataset, manifest, row, detector, choice) for row in rows]
