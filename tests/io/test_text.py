from pathlib import Path

import pytest

from bareface.data.celeba_lists import read_numbers
from bareface.data.celebamask_hq_lists import read_mapping
from bareface.data.lfw_parts import _read_list
from bareface.errors import DataError
from bareface.io.text import read_lines


def test_lines_of_every_system(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"\xef\xbb\xbfa 1\r\nb 2\n\nc")
    assert read_lines(tmp_path / "x.txt") == ["a 1", "b 2", "", "c"]


def test_a_binary_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"a 1\n\xff\xd8\xff")
    for read in (read_lines, read_numbers, read_mapping, _read_list):
        with pytest.raises(DataError, match=r"list\.txt: not a text file \(byte 4\)\. Use the published list\.$"):
            read(path)
