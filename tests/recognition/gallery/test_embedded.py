"""A gallery in a folder: interrupted, damaged, forgotten, searched by two."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from bareface.errors import DataError
from bareface.recognition.gallery.calibration import NONE
from bareface.recognition.gallery.embedded import EmbeddedStore
from bareface.recognition.gallery.index import HnswIndex

from .contract import SIZE, GalleryContract, card, people, towards


class TestEmbedded(GalleryContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> EmbeddedStore:
        return EmbeddedStore(tmp_path / "gallery")


class TestEmbeddedHnsw(GalleryContract):
    index = "hnsw"

    @pytest.fixture
    def store(self, tmp_path: Path) -> EmbeddedStore:
        return EmbeddedStore(tmp_path / "gallery")


@pytest.fixture(params=["exact", "hnsw"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> EmbeddedStore:
    """Ada and Bob are in it."""
    place = EmbeddedStore(tmp_path / "gallery")
    with place.writing():
        place.empty(card(index=request.param)).adding(people(Ada=[0.0, 10.0], Bob=[90.0])).commit(NONE)
    return place


def names(store: EmbeddedStore) -> set[str]:
    return {path.name for path in store.folder.iterdir()}


def test_one_file_a_thing_and_no_pickle(store: EmbeddedStore) -> None:
    index = {"index-1.faiss"} if store.open().card.index == "hnsw" else set()
    assert names(store) == {"faces-1.parquet", "gallery.json", ".lock"} | index
    said = json.loads((store.folder / "gallery.json").read_text())
    assert (said["schema"], said["version"], said["pictures"], said["identities"]) == (1, 1, 3, 2)
    np.testing.assert_array_equal(store.open().enrolled.boxes, np.arange(12, dtype=np.float32).reshape(3, 4))


def test_no_byte_of_the_forgotten_is_left(store: EmbeddedStore) -> None:
    bob = (towards(90.0) + np.float32(1e-3) * np.arange(1, SIZE + 1, dtype=np.float32)).astype(np.float32)
    dan = people(Dan=[45.0])
    dan.embeddings[:] = bob
    with store.writing():
        store.open().adding(dan).commit(NONE)

    def holding() -> set[str]:
        return {path.name for path in store.folder.iterdir() if bob.tobytes() in path.read_bytes()}

    assert "faces-2.parquet" in holding()
    (store.folder / ".faces-3.0123456789ab.parquet").write_bytes(bob.tobytes())  # what a killed writer leaves
    with store.writing():
        store.open().removing("Dan").commit(NONE)
    assert holding() == set() and "faces-3.parquet" in names(store) and len(names(store)) <= 4


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from recognition.gallery.contract import people
    from bareface.recognition.gallery.calibration import NONE
    from bareface.recognition.gallery.embedded import EmbeddedStore

    def dying(real, left):
        def call(*arguments, **options):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)
        return call

    for moment, folder in enumerate(sys.argv[1:], 1):
        child = os.fork()
        if not child:
            left = [moment]
            os.replace, Path.unlink = dying(os.replace, left), dying(Path.unlink, left)
            store = EmbeddedStore(Path(folder))
            with store.writing():
                store.open().adding(people(Bob=[45.0], Dan=[300.0])).commit(NONE)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("store", ["hnsw"], indirect=True)  # writes one file more than exact
def test_killed_at_any_moment_the_old_or_the_new_one_is_there(store: EmbeddedStore, tmp_path: Path) -> None:
    """Each step of a commit renames or deletes: death comes at the first, at the second, ... until all is done."""
    folders = [tmp_path / f"copy{moment}" for moment in range(12)]
    for folder in folders:
        shutil.copytree(store.folder, folder)
    command = [sys.executable, "-c", textwrap.dedent(KILLED), *map(str, folders)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=True)
    deaths = [int(line) == -signal.SIGKILL for line in done.stdout.split()]
    assert deaths == sorted(deaths, reverse=True) and deaths.count(True) >= 5 and not deaths[-1]
    new = []
    for folder in folders:
        gallery = EmbeddedStore(folder).open()
        score = round(float(gallery.search(towards(90.0), 1).scores[0, 0]), 4)
        assert (gallery.counts(), score) in (
            ({"Ada": 2, "Bob": 1}, 1.0),
            ({"Ada": 2, "Bob": 1, "Dan": 1}, round(np.cos(np.radians(45)), 4)),
        )
        new.append("Dan" in gallery.counts())
        with EmbeddedStore(folder).writing():  # cleans up
            assert len(names(EmbeddedStore(folder))) <= 4
    assert new == sorted(new) and not new[0] and (True, True) in list(zip(deaths, new, strict=True))


def test_a_full_disk_leaves_the_old_one(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    before = names(store)
    for module, function in (
        ("bareface.recognition.gallery.embedded", "write_columns"),
        ("os", "replace"),
        ("os", "fsync"),
    ):
        with monkeypatch.context() as broken, pytest.raises(OSError, match="No space left"), store.writing():

            def full(*arguments: object) -> None:
                raise OSError(28, "No space left on device")

            broken.setattr(f"{module}.{function}", full)
            store.open().adding(people(Dan=[300.0])).commit(NONE)
        assert store.open().counts() == {"Ada": 2, "Bob": 1} and names(store) == before


def test_two_writers(store: EmbeddedStore) -> None:
    expected = r"gallery: somebody else is writing to it\. Wait until that has ended"
    with store.writing(), pytest.raises(OSError, match=expected), EmbeddedStore(store.folder).writing():
        pass
    with store.writing():
        pass


def test_a_reader_that_comes_between(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from bareface.recognition.gallery import embedded

    real, readings = embedded.read_columns, []

    def slow(path: Path, size: int) -> object:
        readings.append(path.name)
        if len(readings) == 1:  # a writer switches after gallery.json was read
            with store.writing():
                embedded.EmbeddedGallery(
                    store.folder, card(index="exact"), 1, people(Dan=[300.0])
                ).commit(NONE)  # fmt: skip
        return real(path, size)

    monkeypatch.setattr(embedded, "read_columns", slow)
    assert store.open().counts() == {"Dan": 1} and readings == ["faces-1.parquet", "faces-2.parquet"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"gallery.json: damaged, or not of a gallery\. Restore it"),
        ("[]", r"gallery.json: damaged, or not of a gallery"),
        ('{"schema": 1}', r"gallery.json: damaged, or not of a gallery"),
        ('{"schema": 99}', r"gallery.json: a gallery of another version of bareface\. Enrol its people anew"),
    ],
)
def test_a_damaged_description(store: EmbeddedStore, text: str, message: str) -> None:
    (store.folder / "gallery.json").write_text(text)
    with pytest.raises(DataError, match=message):
        store.open()


def test_damaged_columns(store: EmbeddedStore) -> None:
    path = store.folder / "faces-1.parquet"
    whole = path.read_bytes()
    at = whole.index(towards(0.0).tobytes())
    flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    for content in (b"", b"PAR1 nothing", whole[:-20], flipped):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"faces-1.parquet: damaged \(.*\)\. Restore it, or enrol anew elsewhere"):
            store.open()
    path.unlink()
    with pytest.raises(DataError, match=r"faces-1.parquet: missing\. Restore it"):
        store.open()


def test_columns_of_another_length(store: EmbeddedStore) -> None:
    path = store.folder / "gallery.json"
    path.write_text(path.read_text().replace(f'"embedding_size": {SIZE}', '"embedding_size": 5'))
    with pytest.raises(DataError, match=r"embeddings are .*\[8\], gallery.json says 5 float32\. Restore the gallery"):
        store.open()


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(DataError, match=r"a folder with other files \(holiday\.jpg\)\. Name a new one"):
        EmbeddedStore(tmp_path).writing().__enter__()
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_an_index_that_is_missing_or_damaged_is_made_again(tmp_path: Path, content: bytes | None) -> None:
    place = EmbeddedStore(tmp_path / "g")
    with place.writing():
        place.empty(card(index="hnsw")).adding(people(Ada=[0.0], Bob=[90.0])).commit(NONE)
    index = place.folder / "index-1.faiss"
    index.unlink() if content is None else index.write_bytes(content)
    assert place.open().search(towards(80.0), 1).keys.tolist() == [["Bob/0"]]


def test_an_index_of_other_faces_is_not_used(tmp_path: Path) -> None:
    HnswIndex.of(towards(0.0, 90.0)).write(tmp_path / "x.faiss")
    assert HnswIndex.read(tmp_path / "x.faiss", towards(0.0, 91.0)) is None
    assert HnswIndex.read(tmp_path / "x.faiss", towards(0.0)) is None
    longer = HnswIndex.read(tmp_path / "x.faiss", towards(0.0, 90.0, 180.0))
    assert longer is not None and longer.search(towards(170.0), 1)[1].tolist() == [[2]]
