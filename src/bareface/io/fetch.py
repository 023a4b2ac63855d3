"""Files that the user asks for from elsewhere: fetched once, whole or not at all, with a timeout."""

import hashlib
import re
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from tqdm import tqdm

from bareface.errors import FetchError
from bareface.io.atomic import atomic_path

TIMEOUT = 20
"""Seconds without an answer after which fetching is given up."""
CHUNK = 2**20


def fetch(url: str, target: Path, remedy: str) -> None:
    """Writes the file of an address.

    Args:
        url: https address. Where its file name ends in ``-`` and eight hexadecimal digits, the SHA-256 sum of the file
            must begin with them.
        target: The file to write; its folder is made.
        remedy: What else the user can do, for the error.

    Raises:
        FetchError: The address cannot be reached, or what came is not the file that was asked for.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as temporary:
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
                length, digest = _copy(answer, temporary, target.name)
        except (HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise FetchError(f"{url}: cannot be fetched ({reason}). {remedy}") from error
        if length is not None and temporary.stat().st_size != length:
            raise FetchError(f"{url}: broke off after {temporary.stat().st_size} of {length} bytes. {remedy}")
        expected = re.search(r"-([0-9a-f]{8})\.\w+$", url)
        if expected and not digest.startswith(expected[1]):
            raise FetchError(f"{url}: its SHA-256 sum begins with {digest[:8]}, expected {expected[1]}. {remedy}")


def _copy(answer: HTTPResponse, path: Path, name: str) -> tuple[int | None, str]:
    digest, length = hashlib.sha256(), answer.headers.get("Content-Length")
    total = None if length is None else int(length)
    with path.open("wb") as file, tqdm(total=total, desc=f"Fetching {name}", unit="B", unit_scale=True) as bar:
        while block := answer.read(CHUNK):
            digest.update(block)
            file.write(block)
            bar.update(len(block))
    return total, digest.hexdigest()
