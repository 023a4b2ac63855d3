"""The same gallery in a Milvus Lite file."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bareface.errors import DataError
from bareface.recognition.gallery.calibration import NONE
from bareface.recognition.gallery.location import store as store_at
from bareface.recognition.gallery.milvus import MilvusStore

from .contract import GalleryContract, card, marked, people, towards

pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all, as opening one takes a while; each test has a gallery of its own in it."""
    return tmp_path_factory.mktemp("milvus") / "faces.db"


@pytest.fixture
def store(file: Path, request: pytest.FixtureRequest) -> Iterator[MilvusStore]:
    name = f"t{abs(hash(request.node.nodeid))}"
    place = MilvusStore(f"milvus:{file}#{name}")
    yield place
    for collection in place.client.names(name):
        place.client.drop(collection)


def holding(folder: Path) -> list[str]:
    """The files with the embedding of ``marked()``, in rows or in a column."""
    wanted, found = marked().embeddings[0].tobytes(), []
    for place, _, files in os.walk(folder):
        for path in (Path(place) / name for name in files):
            raw = path.read_bytes()
            if path.suffix == ".parquet" and "embedding" in pq.read_schema(path).names:
                column = pq.read_table(path, columns=["embedding"])["embedding"].combine_chunks()
                raw += column.flatten().to_numpy(zero_copy_only=False).astype(np.float32).tobytes()
            found += [str(path)] if wanted in raw else []
    return found


class TestMilvus(GalleryContract):
    pass


class TestMilvusHnsw(GalleryContract):
    index = "hnsw"


def test_replacing_is_undone_when_it_was_interrupted(store: MilvusStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.writing():
        store.empty(card()).adding(people(Ada=[0.0], Bob=[90.0])).commit(NONE)
    for failing in ("put", "write_text", "delete"):
        with monkeypatch.context() as broken, pytest.raises(OSError, match="gone"), store.writing():
            changed = store.open()
            real = getattr(changed.client, failing)

            def call(*arguments: object, real: object = real, name: str = failing, **options: object) -> object:
                if name != "put" or len(arguments[1]) == 2:  # the second put is that of the new faces
                    raise OSError("gone")
                return real(*arguments, **options)

            broken.setattr(changed.client, failing, call)
            changed.adding(people(Bob=[45.0], Dan=[300.0])).commit(NONE)
        gallery = store.open()
        if failing == "delete":  # the switch was made before
            assert gallery.counts() == {"Ada": 1, "Bob": 1, "Dan": 1}
        else:
            assert gallery.counts() == {"Ada": 1, "Bob": 1}
            assert gallery.search(towards(90.0), 1).scores[0, 0] == pytest.approx(1.0)
    with store.writing():
        pass
    assert store.client.count(store.open().faces, "since > 0") == 3  # nothing but what is shown


def test_somebody_else_wrote_in_the_meantime(store: MilvusStore) -> None:
    with store.writing():
        store.empty(card()).adding(people(Ada=[0.0])).commit(NONE)
    late = store.open().adding(people(Bob=[90.0]))
    with store.writing():
        store.open().adding(people(Cleo=[180.0])).commit(NONE)
    with pytest.raises(OSError, match=r"somebody else has written to it in the meantime\. Do it once more"):
        late.commit(NONE)
    assert store.open().counts() == {"Ada": 1, "Cleo": 1}


def test_forgotten_embeddings_are_in_no_column_of_any_file(store: MilvusStore, file: Path) -> None:
    with store.writing():
        store.empty(card()).adding(people(Ada=[0.0]).and_then(marked())).commit(NONE)
    store.client.client.flush(store.open().faces)
    assert holding(file) != []
    with store.writing():
        store.open().removing("Dan").commit(NONE)
    assert holding(file) == [] and store.open().counts() == {"Ada": 1}


def test_a_long_description_is_read_as_it_was_written(store: MilvusStore) -> None:
    text = "".join(f"{number} " for number in range(40_000))
    store.client.write_text(store.name, 1, "short")
    store.client.write_text(store.name, 2, text)
    assert store.client.read_text(store.name) == (2, text)
    assert store.client.count(store.name, 'id like "1-%"') == 0


def test_places_that_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gallery=milvus:faces: expected milvus:FILE\.db or milvus:http"):
        store_at("milvus:faces")
    with pytest.raises(ValueError, match="gallery=milvus:a.db#1 2: expected letters, digits and _ after #"):
        store_at("milvus:a.db#1 2")
    with pytest.raises(ValueError, match="gallery=http://here: expected a folder, milvus:FILE.db or milvus:http"):
        store_at("http://here")
    with pytest.raises(ValueError, match=r"gallery=: expected a folder"):
        store_at("")
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(ValueError, match=r"needs pymilvus\. Install it: pip install 'bareface\[milvus\]'"):
        _ = store_at(f"milvus:{tmp_path}/a.db").client


def test_another_index_needs_another_gallery(store: MilvusStore) -> None:
    with store.writing():
        store.empty(card()).adding(people(Ada=[0.0])).commit(NONE)
    with pytest.raises(ValueError, match=r"index=hnsw: .* has exact, as it was made\. Enrol anew elsewhere"):
        store.open().with_index("hnsw")


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import pymilvus

    def refused(*arguments: object, **options: object) -> None:
        raise pymilvus.MilvusException(message="Fail connecting to server")

    monkeypatch.setattr(pymilvus, "MilvusClient", refused)
    with pytest.raises(DataError, match=r"milvus:http://x:1: cannot be opened \(.*Fail connecting.*\)\."):
        store_at("milvus:http://x:1").open()


KILLED = """
    import os, sys
    from recognition.gallery.contract import card, marked, people
    from bareface.recognition.gallery.calibration import NONE
    from bareface.recognition.gallery.milvus import MilvusStore

    store = MilvusStore(sys.argv[1])
    with store.writing():
        gallery = store.empty(card())
        if sys.argv[2] == "later":
            gallery.adding(people(Ada=[0.0], Bob=[90.0])).commit(NONE)
            gallery = store.open()
        gallery.adding(marked())
        os._exit(9)
"""


@pytest.mark.parametrize("when", ["first", "later"])
def test_what_a_killed_writer_staged_is_told_and_leaves_the_disk(when: str, tmp_path: Path) -> None:
    file = tmp_path / "faces.db"
    command = [sys.executable, "-c", textwrap.dedent(KILLED), f"milvus:{file}", when]
    done = subprocess.run(command, timeout=120, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 9
    store = MilvusStore(f"milvus:{file}")
    assert store.exists() == (when == "later")
    assert store.leftovers().people == {"Dan": 2} and len(store.leftovers().names) == 1 and holding(file) != []
    with store.writing() as left:
        assert left.people == {"Dan": 2}
        assert holding(file) == [] and not store.leftovers()
    if when == "later":
        after = store.open()
        assert after.counts() == {"Ada": 1, "Bob": 1}
        assert after.search(towards(90.0), 1).scores[0, 0] == pytest.approx(1.0)


def test_a_collection_that_was_only_begun_is_left_over(store: MilvusStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = store.empty(card())._new_collection(7)

    def refused(name: str) -> None:
        raise store.client.error(message="index not found")  # as a server says

    monkeypatch.setattr(store.client.client, "load_collection", refused)
    with store.writing() as left:
        assert (left.names, left.people) == ([begun], {})
    assert not store.leftovers()


def test_a_writer_whose_faces_were_cleared_away_commits_nothing(store: MilvusStore) -> None:
    late = store.empty(card()).adding(people(Ada=[0.0]))
    with store.writing():  # takes them for what an interrupted writer left
        pass
    with pytest.raises(OSError, match="somebody else has written to it in the meantime"):
        late.commit(NONE)
    with store.writing():
        store.empty(card()).adding(people(Ada=[0.0])).commit(NONE)
    late = store.open().adding(people(Bob=[90.0]))
    with store.writing():
        pass
    with pytest.raises(OSError, match="somebody else has written to it in the meantime"):
        late.commit(NONE)
    assert store.open().counts() == {"Ada": 1}


def test_a_gallery_whose_name_begins_with_anothers_is_left_alone(store: MilvusStore, file: Path) -> None:
    other = MilvusStore(f"milvus:{file}#{store.name}_faces")
    with other.writing():
        other.empty(card()).adding(people(Ada=[0.0])).commit(NONE)
    with store.writing():
        store.empty(card()).adding(people(Bob=[0.0])).commit(NONE)
    assert other.open().counts() == {"Ada": 1} and not store.leftovers()
