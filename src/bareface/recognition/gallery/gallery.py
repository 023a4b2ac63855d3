"""What a gallery is, wherever it lies."""

import json
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from bareface.errors import DataError, nearest
from bareface.recognition.gallery.calibration import NONE, Calibration
from bareface.recognition.gallery.leftovers import Leftovers

SCHEMA = 1
UNKNOWN = "unknown"
"""The answer for people who are not enrolled; nobody may be enrolled under it."""
UNDECIDED = "undecided"
"""The answer where no threshold can be had; nobody may be enrolled under it."""
IndexKind = Literal["exact", "hnsw"]


@dataclass(frozen=True)
class Enrolled:
    """N enrolled faces, one a picture.

    Attributes:
        keys: (N,) str; a key occurs once in a gallery.
        identities: (N,) str.
        boxes: (N, 4) float32 x1, y1, x2, y2 in pixels of the picture: what was embedded.
        embeddings: (N, D) float32 of length 1.
    """

    keys: NDArray[np.object_]
    identities: NDArray[np.object_]
    boxes: NDArray[np.float32]
    embeddings: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Enrolled":
        """Some of them."""
        return Enrolled(self.keys[rows], self.identities[rows], self.boxes[rows], self.embeddings[rows])

    def and_then(self, others: "Enrolled") -> "Enrolled":
        """These and then the others."""
        columns = ("keys", "identities", "boxes", "embeddings")
        return Enrolled(*(np.concatenate([getattr(self, name), getattr(others, name)]) for name in columns))


@dataclass(frozen=True)
class Hits:
    """The K enrolled pictures nearest to each of Q probes, best first.

    Attributes:
        scores: (Q, K) float32 cosines; minus infinity where there is no further picture.
        identities: (Q, K) str, empty where there is none.
        keys: (Q, K) str, likewise.
    """

    scores: NDArray[np.float32]
    identities: NDArray[np.object_]
    keys: NDArray[np.object_]


@dataclass(frozen=True)
class Card:
    """What a gallery says of itself.

    Attributes:
        model: Fingerprint of the model whose embeddings it holds.
        embedding_size: Length of an embedding.
        framing: How the model's pictures are cut out of photos.
        detector: Name of the detector that cut them out; ``none`` for whole pictures.
        index: ``exact``, or ``hnsw``: approximate, for many faces.
        calibration: What thresholds are taken from.
    """

    model: str
    embedding_size: int
    framing: str
    detector: str
    index: IndexKind = "exact"
    calibration: Calibration = NONE

    def __post_init__(self) -> None:
        if self.index not in get_args(IndexKind):
            raise ValueError(f"index={self.index}: expected one of {', '.join(get_args(IndexKind))}.")

    def to_json(self, **further: object) -> str:
        """As text, with further plain values."""
        return json.dumps({"schema": SCHEMA, **further, **asdict(self)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str, where: str) -> tuple[Self, dict[str, object]]:
        """The inverse of ``to_json``: the card and the further values.

        Raises:
            DataError: The text is damaged, or of another version of the program.
        """
        try:
            values = json.loads(text)
            if values.pop("schema") != SCHEMA:
                raise DataError(f"{where}: a gallery of another version of bareface. Enrol its people anew.")
            calibration = Calibration.from_plain(values.pop("calibration"))
            own = {name: values.pop(name) for name in ("model", "embedding_size", "framing", "detector", "index")}
            return cls(**own, calibration=calibration), values
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{where}: damaged, or not of a gallery. Restore it, or enrol anew elsewhere.") from error

    def check_model(self, fingerprint: str, where: str) -> None:
        """Refuses the embeddings of another model.

        Raises:
            DataError: The fingerprints differ.
        """
        if self.model != fingerprint:
            made = f"made with the model {self.model[:12]}, --recogniser is {fingerprint[:12]}"
            raise DataError(
                f"{where}: {made}; their embeddings cannot be compared. Use that model, or another gallery."
            )

    def check_detector(self, detector: str, where: str) -> None:
        """Refuses the crops of another detector; a table of boxes may be any detector's.

        Raises:
            ValueError: The detectors differ.
        """
        if detector != self.detector and "boxes" not in (detector, self.detector):
            made = f"made with the detector {self.detector}, --detector is {detector}"
            raise ValueError(
                f"{where}: {made}; other crops need other thresholds. Use that detector, or another gallery."
            )


class Gallery(ABC):
    """Enrolled faces of one model.

    ``adding`` and ``removing`` give the gallery as it will be, to be searched and calibrated; ``commit`` puts it in the
    place of the old one, whole or not at all.

    Attributes:
        where: Its location, for messages.
        card: What it says of itself.
        deepest: The most hits that ``search`` can give.
    """

    where: str
    card: Card
    deepest: int

    @abstractmethod
    def __len__(self) -> int:
        """Number of enrolled pictures."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """Number of pictures of each identity."""

    @abstractmethod
    def search(self, embeddings: NDArray[np.float32], k: int) -> Hits:
        """The ``k`` nearest pictures of each of (Q, D) embeddings of length 1."""

    @abstractmethod
    def sample(self, count: int) -> Enrolled:
        """So many of its faces at random, the same ones each time; all of them where there are no more."""

    @abstractmethod
    def present(self, keys: NDArray[np.object_]) -> int:
        """How many of these keys are enrolled."""

    @abstractmethod
    def adding(self, faces: Enrolled) -> Self:
        """This gallery and further faces; where a key is enrolled already, the new one takes its place."""

    @abstractmethod
    def removing(self, identity: str) -> Self:
        """This gallery without an identity."""

    @abstractmethod
    def commit(self, calibration: Calibration) -> None:
        """Puts this state in force; every trace of what was removed goes."""

    def with_index(self, index: IndexKind | None) -> Self:
        """Another way of searching; None leaves it."""
        if index is not None:
            self.card = replace(self.card, index=index)
        return self

    def check_identity(self, identity: str) -> None:
        """Refuses an unknown name.

        Raises:
            ValueError: Nobody of this name is enrolled.
        """
        known = self.counts()
        if identity not in known:
            close = nearest(identity, known)
            listed = f"{len(known)} identities are; bareface gallery {self.where} --people lists them."
            remedy = close if close.startswith("Did") else listed
            raise ValueError(f"{self.where}: nobody called {identity!r} is enrolled. {remedy}")


class Store(ABC):
    """A place where a gallery lies or will lie.

    Attributes:
        where: Its location, for messages.
    """

    where: str

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is a gallery."""

    @abstractmethod
    def open(self) -> Gallery:
        """The gallery.

        Raises:
            FileNotFoundError: There is none.
            DataError: It is damaged.
        """

    @abstractmethod
    def empty(self, card: Card) -> Gallery:
        """A gallery with nobody in it, which is nowhere until it is committed."""

    @abstractmethod
    def version(self) -> int:
        """Another number for each state of the gallery; 0 where there is none."""

    @abstractmethod
    def leftovers(self) -> Leftovers:
        """What belongs to no gallery here: a writer was interrupted, or is at work now."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Leftovers]:
        """For a ``with`` block around opening, changing and committing.

        First it removes what an interrupted writer left, from the disk, too; that is what it gives.

        Raises:
            OSError: Somebody else is writing.
        """


def missing(where: str) -> FileNotFoundError:
    """The error of a gallery that is not there."""
    return FileNotFoundError(f"{where}: no gallery. Make one with bareface enroll DIR --gallery {where}.")
