"""The command as other programs meet it: its reader goes away, or somebody presses Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from e2e.conftest import bareface

COMMAND = [sys.executable, "-m", "bareface"]


def surroundings(**further: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1", **further}


@pytest.mark.parametrize("words", [["--help"], ["train", "--cfg", "job"]])
def test_a_reader_that_has_gone_is_no_mistake(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, *words], stdout=writing, stderr=subprocess.PIPE, env=surroundings(), timeout=120)
    os.close(writing)
    assert done.stderr == b"" and done.returncode == 1


def test_a_connection_that_breaks_is_a_mistake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("bareface.tasks.synthesize.synthesize", broken)
    done = bareface("synthesize", str(tmp_path / "x"))
    assert (done.status, done.stderr) == (1, "error: [Errno 32] Broken pipe\n")


def test_ctrl_c_while_starting(tmp_path: Path) -> None:
    """The import of torch is where it comes; a package that says when stands in its place."""
    (tmp_path / "torch.py").write_text("print('here', flush=True)\nimport time\ntime.sleep(60)\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    command = subprocess.Popen(
        [*COMMAND, "train"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings(PYTHONPATH=path)
    )
    assert command.stdout is not None and command.stdout.readline() == b"here\n"
    time.sleep(0.1)
    command.send_signal(signal.SIGINT)
    assert command.communicate(timeout=60)[1] == b"interrupted\n" and command.returncode == 130
