"""A gallery in Milvus, for when one machine is not enough.

Every row says from which version on and up to which it belongs to the gallery, and one row of another collection names
the version that is in force. Adding writes rows of a version to come; forgetting copies everybody else into a new
collection and drops the old one, for Milvus keeps deleted rows in its files. So does clearing away what an interrupted
writer added.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bareface.errors import DataError
from bareface.recognition.gallery.calibration import Calibration
from bareface.recognition.gallery.gallery import Card, Enrolled, Gallery, Hits, IndexKind, Store, missing
from bareface.recognition.gallery.index import HnswIndex
from bareface.recognition.gallery.leftovers import Leftovers
from bareface.recognition.gallery.milvus_client import AT_ONCE, MilvusClient, Row

ALWAYS = 2**62
FIELDS = ("key", "identity", "box", "embedding")
GRAPH = {"M": HnswIndex.NEIGHBOURS, "efConstruction": HnswIndex.WHILE_BUILDING}
INDEX = {"exact": ("FLAT", {}), "hnsw": ("HNSW", GRAPH)}


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


class MilvusGallery(Gallery):
    """Enrolled faces in a collection.

    Args:
        client: The connection.
        where: The location, for messages.
        name: Of the gallery.
        card: What it says of itself.
        version: What is shown: rows from versions up to this one.
        faces: Name of the collection.
        base: The version in force, of which this state was made; 0 where there is none.
    """

    deepest = 16_384

    def __init__(
        self, client: MilvusClient, where: str, name: str, card: Card, version: int, faces: str, base: int
    ) -> None:
        self.client, self.where, self.name, self.card = client, where, name, card
        self.version, self.faces, self.base = version, faces, base
        self.shown = f"since <= {version} and until > {version}"
        self._count = client.count(faces, self.shown) if faces else 0

    def __len__(self) -> int:
        return self._count

    def counts(self) -> dict[str, int]:
        """Number of pictures of each identity."""
        if not self.faces:
            return {}
        found = Counter(row["identity"] for row in self.client.rows(self.faces, self.shown, ["identity"]))
        return dict(sorted(found.items()))

    def search(self, embeddings: NDArray[np.float32], k: int) -> Hits:
        """The nearest pictures."""
        fields = ["identity", "key"]
        found = self.client.nearest(self.faces, embeddings.tolist(), k, self.shown, fields)
        scores = np.full((len(embeddings), k), -np.inf, np.float32)
        identities, keys = np.full((2, len(embeddings), k), "", object)
        for row, hits in enumerate(found):
            scores[row, : len(hits)] = [hit["distance"] for hit in hits]
            identities[row, : len(hits)] = [hit["entity"]["identity"] for hit in hits]
            keys[row, : len(hits)] = [hit["entity"]["key"] for hit in hits]
        return Hits(scores, identities, keys)

    def sample(self, count: int) -> Enrolled:
        """Some of the faces: those whose digests are the lowest."""
        share = min(1.0, 1.2 * count / max(1, len(self)))
        limit = "g" if share == 1 else f"{int(share * 16**8):08x}"
        which = f'{self.shown} and id < "{limit}"'
        found = sorted(self.client.rows(self.faces, which, ["id", *FIELDS]), key=lambda row: str(row["id"]))[:count]
        columns = {name: np.array([row[name] for row in found], object) for name in ("key", "identity")}
        boxes, embeddings = (np.array([row[name] for row in found], np.float32) for name in ("box", "embedding"))
        return Enrolled(columns["key"], columns["identity"], boxes.reshape(-1, 4), embeddings)

    def present(self, keys: NDArray[np.object_]) -> int:
        """How many of these keys are enrolled."""
        return len(self._ids(keys.tolist())) if self.faces else 0

    def adding(self, faces: Enrolled) -> Self:
        """With further faces, which are written already but shown in the coming version alone."""
        version = time.time_ns()
        collection = self.faces or self._new_collection(version)
        for replaced in self._ids(faces.keys.tolist()) if self.faces else []:
            self._show_until(f'id == "{replaced}"', version)
        columns = (faces.keys.tolist(), faces.identities.tolist(), faces.boxes.tolist(), faces.embeddings.tolist())
        rows = (dict(zip(FIELDS, values, strict=True)) for values in zip(*columns, strict=True))
        self.client.put(collection, [self._dated(row, version) for row in rows])
        return type(self)(self.client, self.where, self.name, self.card, version, collection, self.base)

    def removing(self, identity: str) -> Self:
        """Without an identity: everybody else, copied."""
        self.check_identity(identity)
        return self.copied(identity)

    def copied(self, without: str | None = None) -> Self:
        """What is shown in a new collection, so that nothing else is in its files; one identity may be left out."""
        version = time.time_ns()
        collection = self._new_collection(version)
        batch: list[Row] = []
        for row in self.client.rows(self.faces, self.shown, FIELDS):
            if row["identity"] != without:
                batch.append(self._dated({name: row[name] for name in FIELDS}, version))
            if len(batch) == AT_ONCE:
                self.client.put(collection, batch)
                batch = []
        self.client.put(collection, batch)
        return type(self)(self.client, self.where, self.name, self.card, version, collection, self.base)

    def commit(self, calibration: Calibration) -> None:
        """Names this version, then deletes what it does not show.

        Raises:
            OSError: Somebody else has written in the meantime.
        """
        current = self.client.read_text(self.name)
        if (current[0] if current else 0) != self.base or self.faces not in collections(self.client, self.name):
            raise OSError(f"{self.where}: somebody else has written to it in the meantime. Do it once more.")
        self.card = Card(**{**vars(self.card), "calibration": calibration})
        self.client.write_text(self.name, self.version, self.card.to_json(faces=self.faces))
        self.base = self.version
        recover(self.client, self.name, self.version, self.faces)

    def with_index(self, index: IndexKind | None) -> Self:
        """Refuses another index than the one that the collection has."""
        if index not in (None, self.card.index) and self.base:
            raise ValueError(
                f"index={index}: {self.where} has {self.card.index}, as it was made. Enrol anew elsewhere."
            )
        return super().with_index(index)

    def _ids(self, keys: list[str]) -> list[str]:
        """The rows that show these keys."""
        digests = {_digest(key) for key in keys}
        if len(digests) <= AT_ONCE:
            ranges = " or ".join(f'id like "{digest}%"' for digest in sorted(digests))
            found = self.client.rows(self.faces, f"{self.shown} and ({ranges})", ["id"]) if digests else iter(())
        else:
            found = self.client.rows(self.faces, self.shown, ["id"])
        return [row["id"] for row in found if str(row["id"])[:32] in digests]

    def _show_until(self, which: str, version: int) -> None:
        rows = list(self.client.rows(self.faces, which, ["id", "since", *FIELDS]))
        self.client.put(self.faces, [{**row, "until": version} for row in rows])

    def _dated(self, row: Row, version: int) -> Row:
        return {**row, "id": f"{_digest(row['key'])}-{version}", "since": version, "until": ALWAYS}

    def _new_collection(self, version: int) -> str:
        name, types = f"{self.name}_faces_{version}", self.client.types
        fields = {"key": types.VARCHAR, "identity": types.VARCHAR, "box": types.JSON}
        kind, built = INDEX[self.card.index]
        fields |= {"since": types.INT64, "until": types.INT64}
        self.client.create(name, fields, self.card.embedding_size, kind, built)
        return name


def collections(client: MilvusClient, name: str) -> list[str]:
    """Those that hold faces of a gallery, in force or not."""
    prefix = f"{name}_faces_"
    return [other for other in client.names(prefix) if other.removeprefix(prefix).isdigit()]


def recover(client: MilvusClient, name: str, version: int, faces: str) -> None:
    """Undoes what an interrupted writer began but for the faces it added; deletes what no version shows any more."""
    for other in collections(client, name):
        if other != faces:
            client.drop(other)
    if faces:
        client.delete(faces, f"until <= {version}")
        rows = list(client.rows(faces, f"until < {ALWAYS}", ["id", "since", *FIELDS]))
        client.put(faces, [{**row, "until": ALWAYS} for row in rows])


class MilvusStore(Store):
    """A place in Milvus.

    Args:
        location: ``milvus:FILE.db`` or ``milvus:http://HOST:PORT``, with ``#NAME`` at the end or without.

    Raises:
        ValueError: It is neither, or the package is not installed.
    """

    def __init__(self, location: str) -> None:
        self.where = location
        uri, _, name = location.removeprefix("milvus:").partition("#")
        self.uri, self.name = uri, name or "gallery"
        if "://" not in uri and not uri.endswith(".db"):
            raise ValueError(f"gallery={location}: expected milvus:FILE.db or milvus:http://HOST:19530.")
        if not self.name.isidentifier():
            raise ValueError(f"gallery={location}: expected letters, digits and _ after #.")
        self._client: MilvusClient | None = None

    @property
    def client(self) -> MilvusClient:
        """The connection, opened when it is first needed."""
        if self._client is None:
            self._client = MilvusClient(self.uri, self.where)
        return self._client

    def exists(self) -> bool:
        """Whether there is a gallery; makes no file."""
        return ("://" in self.uri or Path(self.uri).exists()) and self.client.read_text(self.name) is not None

    def open(self) -> MilvusGallery:
        """The gallery in force."""
        found = self.client.read_text(self.name) if self.exists() else None
        if found is None:
            raise missing(self.where)
        version, text = found
        card, further = Card.from_json(text, self.where)
        faces = str(further.get("faces"))
        if faces not in self.client.names(faces):
            raise DataError(f"{self.where}: the collection {faces} is missing. Restore it, or enrol anew elsewhere.")
        self.client.client.load_collection(faces)
        return MilvusGallery(self.client, self.where, self.name, card, version, faces, version)

    def empty(self, card: Card) -> MilvusGallery:
        """A gallery with nobody in it."""
        return MilvusGallery(self.client, self.where, self.name, card, 0, "", 0)

    def version(self) -> int:
        """The number of the version in force."""
        found = self.client.read_text(self.name) if self.exists() else None
        return found[0] if found else 0

    def leftovers(self) -> Leftovers:
        """Collections that are not in force, and rows of a version that never came to be."""
        if "://" not in self.uri and not Path(self.uri).exists():
            return Leftovers()
        gallery = self.open() if self.exists() else None
        held: dict[str, Counter[str]] = {}
        for name in collections(self.client, self.name):
            own = gallery is not None and name == gallery.faces
            which = f"since > {gallery.version}" if gallery is not None and own else "since > 0"
            rows = self.client.rows(name, which, ["identity"]) if self.client.loaded(name) else ()
            found = Counter(str(row["identity"]) for row in rows)
            if found or not own:
                held[name] = found
        return Leftovers(list(held), sum(held.values(), Counter()))

    @contextmanager
    def writing(self) -> Iterator[Leftovers]:
        """Cleans up; that nobody else wrote is checked at the end, for there is no lock to be had."""
        left = self.leftovers()
        if self.exists():
            gallery = self.open()
            if gallery.faces in left.names:
                gallery = gallery.copied()
                gallery.commit(gallery.card.calibration)
            recover(self.client, self.name, gallery.version, gallery.faces)
        elif left:
            recover(self.client, self.name, 0, "")
        yield left
