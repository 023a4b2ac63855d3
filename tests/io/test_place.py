"""Places that are checked before the work."""

import os
from pathlib import Path

import pytest

from bareface.io.place import check_file, check_writable


def test_what_is_no_file_is_called_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^x=.*/gone: no such thing\. Get it\.$"):
        check_file(tmp_path / "gone", "no such thing. Get it.", "x=")
    with pytest.raises(IsADirectoryError, match=r": a folder, expected a file\. Name the file itself\.$"):
        check_file(tmp_path, "no such thing.")
    with pytest.raises(OSError, match=r"^/dev/null: a device or a pipe, expected a file\. Name a file on a disk\.$"):
        check_file(Path("/dev/null"), "no such thing.")
    (tmp_path / "there").touch()
    check_file(tmp_path / "there", "no such thing.")


def test_a_place_that_can_be_written_to_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("x")
    for name in ("there", "new"):
        check_writable(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["there"] and (tmp_path / "there").read_text() == "x"


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match=r"^out=.*: a folder\. Name the file to write in it\.$"):
        check_writable(tmp_path, "out=")
    with pytest.raises(FileNotFoundError, match=r"gone/x: there is no folder .*/gone\. Make it, or name another place"):
        check_writable(tmp_path / "gone/x")
    assert not (tmp_path / "gone").exists()
    if os.path.isdir("/proc"):
        with pytest.raises(OSError, match=r"^/proc/x: no file can be written into /proc \(.*\)\. Name another"):
            check_writable(Path("/proc/x"))
