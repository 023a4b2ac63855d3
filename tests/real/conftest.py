"""Data that is not part of the project. Tests that need it are skipped, saying so, where it is missing."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ``shared`` beside the checkout, or the one that ``BAREFACE_SHARED`` names."""
    folder = Path(os.environ.get("BAREFACE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing; set BAREFACE_SHARED to the folder with data/ and vectors/")
    return folder
