"""A gallery in a folder: a columnar file, a description, and an index that can always be made again.

``gallery.json`` names the files of the version that is in force, so replacing it is the switch from one version to the
next. Whatever else was left behind by an interrupted writer counts for nothing, and goes with the next one.
"""

import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bareface.errors import DataError
from bareface.io.atomic import atomic_path
from bareface.recognition.gallery.calibration import Calibration
from bareface.recognition.gallery.columns import read_columns, read_identities, write_columns
from bareface.recognition.gallery.gallery import Card, Enrolled, Gallery, Hits, Store, missing
from bareface.recognition.gallery.index import ExactIndex, HnswIndex, Index
from bareface.recognition.gallery.leftovers import Leftovers

CARD, LOCK = "gallery.json", ".lock"
OWN = ("faces-*.parquet", "index-*.faiss", ".faces-*.parquet", ".index-*.faiss", ".gallery.*.json")


class EmbeddedGallery(Gallery):
    """Enrolled faces in memory.

    Args:
        folder: Where they lie.
        card: What the gallery says of itself.
        version: Number of the version in force; 0 before the first one.
        enrolled: The faces.
        graph: File of an index of the first of these faces, if there is one.
    """

    def __init__(self, folder: Path, card: Card, version: int, enrolled: Enrolled, graph: Path | None = None) -> None:
        self.folder, self.where, self.card, self.version = folder, str(folder), card, version
        self.enrolled, self.graph = enrolled, graph
        self.deepest = max(1, len(enrolled))
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """Searches; made when it is first needed."""
        if self._index is None:
            matrix = self.enrolled.embeddings
            if self.card.index == "exact":
                self._index = ExactIndex(matrix)
            else:
                saved = None if self.graph is None else HnswIndex.read(self.graph, matrix)
                self._index = HnswIndex.of(matrix) if saved is None else saved
        return self._index

    def __len__(self) -> int:
        return len(self.enrolled)

    def counts(self) -> dict[str, int]:
        """Number of pictures of each identity."""
        return dict(sorted(Counter(self.enrolled.identities.tolist()).items()))

    def search(self, embeddings: NDArray[np.float32], k: int) -> Hits:
        """The nearest pictures."""
        scores, rows = self.index.search(embeddings, k)
        identities, keys = self.enrolled.identities[rows], self.enrolled.keys[rows]
        none = rows < 0
        identities[none], keys[none] = "", ""
        return Hits(np.where(none, -np.inf, scores).astype(np.float32), identities, keys)

    def sample(self, count: int) -> Enrolled:
        """Some of the faces."""
        if count >= len(self):
            return self.enrolled
        return self.enrolled.take(np.sort(np.random.default_rng(0).permutation(len(self))[:count]))

    def present(self, keys: NDArray[np.object_]) -> int:
        """How many of these keys are enrolled."""
        return len(set(keys.tolist()) & set(self.enrolled.keys.tolist()))

    def adding(self, faces: Enrolled) -> Self:
        """With further faces at the end."""
        fresh = set(faces.keys.tolist())
        kept = np.array([key not in fresh for key in self.enrolled.keys.tolist()], bool)
        old, graph = (self.enrolled, self.graph) if kept.all() else (self.enrolled.take(kept), None)
        return type(self)(self.folder, self.card, self.version, old.and_then(faces), graph)

    def removing(self, identity: str) -> Self:
        """Without an identity."""
        self.check_identity(identity)
        rest = self.enrolled.take(self.enrolled.identities != identity)
        return type(self)(self.folder, self.card, self.version, rest)

    def commit(self, calibration: Calibration) -> None:
        """Writes the next version beside the old one, switches, and removes the old one."""
        version = self.version + 1
        faces, graph = (self.folder / name.format(version) for name in ("faces-{}.parquet", "index-{}.faiss"))
        with atomic_path(faces) as temporary:
            write_columns(temporary, self.enrolled)
        if isinstance(self.index, HnswIndex):
            with atomic_path(graph) as temporary:
                self.index.write(temporary)
        card = Card(**{**vars(self.card), "calibration": calibration})
        counts = {"version": version, "pictures": len(self), "identities": len(self.counts())}
        with atomic_path(self.folder / CARD) as temporary:
            temporary.write_text(card.to_json(**counts) + "\n", encoding="utf-8")
        self.card, self.version = card, version
        remove_leftovers(self.folder, version)


def remove_leftovers(folder: Path, version: int) -> None:
    """Deletes all files of a gallery but those of one version. Another process must not be writing."""
    for path in _others(folder, version):
        path.unlink(missing_ok=True)


def _others(folder: Path, version: int) -> list[Path]:
    """The files of a gallery that are not of this version."""
    found = {path for pattern in OWN for path in folder.glob(pattern)}
    return sorted(path for path in found if path.stem not in (f"faces-{version}", f"index-{version}"))


class EmbeddedStore(Store):
    """A folder.

    Args:
        folder: Where the gallery lies or will lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.where = folder, str(folder)

    def exists(self) -> bool:
        """Whether there is a gallery."""
        return (self.folder / CARD).is_file()

    def open(self) -> EmbeddedGallery:
        """Reads the gallery; once more when a writer has just replaced it."""
        version = -1
        while True:
            card, found = self._card()
            try:
                faces = self.folder / f"faces-{found}.parquet"
                enrolled = read_columns(faces, card.embedding_size)
                return EmbeddedGallery(self.folder, card, found, enrolled, self.folder / f"index-{found}.faiss")
            except FileNotFoundError as error:
                if found == version:
                    raise DataError(f"{faces}: missing. Restore it, or enrol anew elsewhere.") from error
                version = found

    def empty(self, card: Card) -> EmbeddedGallery:
        """A gallery with nobody in it."""
        none = np.zeros(0, object)
        boxes, embeddings = (np.zeros((0, size), np.float32) for size in (4, card.embedding_size))
        return EmbeddedGallery(self.folder, card, 0, Enrolled(none, none, boxes, embeddings))

    def version(self) -> int:
        """The number of the version in force."""
        return self._card()[1] if self.exists() else 0

    def leftovers(self) -> Leftovers:
        """Files of other versions, and halves of files."""
        paths = _others(self.folder, self.version())
        people = Counter(name for path in paths if path.suffix == ".parquet" for name in read_identities(path))
        return Leftovers([path.name for path in paths], people)

    @contextmanager
    def writing(self) -> Iterator[Leftovers]:
        """Holds the lock of the folder, which is made where there is none."""
        others = [] if self.exists() or not self.folder.is_dir() else _foreign(self.folder)
        if others:
            raise DataError(f"{self.folder}: a folder with other files ({others[0]}). Name a new one, or a gallery.")
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / LOCK, "wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OSError(f"{self.folder}: somebody else is writing to it. Wait until that has ended.") from error
            left = self.leftovers()
            remove_leftovers(self.folder, self.version())
            yield left

    def _card(self) -> tuple[Card, int]:
        path = self.folder / CARD
        if not path.is_file():
            raise missing(self.where)
        text = path.read_bytes().decode("utf-8", "replace")
        card, further = Card.from_json(text, str(path))
        version = further.get("version")
        if not isinstance(version, int):
            raise DataError(f"{path}: damaged, or not of a gallery. Restore it, or enrol anew elsewhere.")
        return card, version


def _foreign(folder: Path) -> list[str]:
    own = {path for pattern in OWN for path in folder.glob(pattern)}
    return sorted(entry.name for entry in os.scandir(folder) if entry.name != LOCK and folder / entry.name not in own)
