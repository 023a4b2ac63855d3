import pytest

from bareface.io.atomic import atomic_folder, atomic_path


def test_writes_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_path(path) as temporary:
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".txt")
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_leaves_everything_as_it_was_when_the_block_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="disk full"), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("disk full")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_a_block_that_wrote_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.txt"):
        pass


def test_a_folder_appears_whole(tmp_path):
    with atomic_folder(tmp_path / "a") as temporary:
        (temporary / "b.txt").write_text("new")
        assert not (tmp_path / "a").exists()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["a", "a/b.txt"]


def test_a_folder_does_not_appear_when_the_block_fails_or_where_one_is(tmp_path):
    with pytest.raises(RuntimeError, match="disk full"), atomic_folder(tmp_path / "a") as temporary:
        (temporary / "b.txt").write_text("half")
        raise RuntimeError("disk full")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").mkdir()
    (tmp_path / "a/old.txt").write_text("old")
    with pytest.raises(OSError, match="not empty"), atomic_folder(tmp_path / "a") as temporary:
        (temporary / "b.txt").write_text("new")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "old.txt"]
