"""The picture sheet of the report: tiles as small JPEGs inside the page."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image

from bareface.errors import DataError
from bareface.io.pictures import read_picture
from bareface.pipeline.report.words import spaced
from bareface.pipeline.results import Kind, Shown, Study

SIDE = 160
"""Pixels of a tile's longer side; larger ones are made smaller."""
QUALITY = 82
LIMIT = 4_000_000
"""Characters of all pictures of a page together, as they stand in it."""
HEADINGS: dict[Kind, tuple[str, str]] = {
    "typical": ("Drawn by lot", "Photos that nobody chose."),
    "flipped": ("From right to wrong", "Recognised in the first condition, mistaken in another."),
    "worst": ("The segmenter's worst", "Where the matte is farthest from the true foreground."),
}


@dataclass(frozen=True)
class Tile:
    """One picture.

    Attributes:
        name: What it shows.
        source: A data URI.
        predicted: Who was seen; "" where nobody was asked or named.
        right: Whether that is who it is.
    """

    name: str
    source: str
    predicted: str
    right: bool


@dataclass(frozen=True)
class Row:
    """A photo with all its tiles."""

    photo: Shown
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Section:
    """Photos of one kind.

    Attributes:
        heading: Of the section.
        meaning: One sentence.
        rows: Its photos.
        left_out: How many more there are that had no room.
    """

    heading: str
    meaning: str
    rows: tuple[Row, ...]
    left_out: int


def sections(study: Study, run: Path, limit: int = LIMIT) -> list[Section]:
    """The photos by kind, taken in turns until the page is full.

    Args:
        study: All of it.
        run: The folder that tiles lie in.
        limit: Characters that all pictures together may have.

    Raises:
        DataError: A tile lies outside the folder.
        PictureError: A tile is missing or damaged.
    """
    by_kind: dict[Kind, list[Shown]] = {kind: [] for kind in get_args(Kind)}
    for shown in study.shown:
        by_kind[shown.kind].append(shown)
    rows: dict[Kind, list[Row]] = {kind: [] for kind in by_kind}
    turns = [(turn, kind) for turn in range(len(study.shown)) for kind in by_kind if turn < len(by_kind[kind])]
    used = 0
    for turn, kind in turns:
        row = _row(study, by_kind[kind][turn], run)
        used += sum(len(tile.source) for tile in row.tiles)
        if used > limit:
            break
        rows[kind].append(row)
    return [
        Section(*HEADINGS[kind], tuple(rows[kind]), len(by_kind[kind]) - len(rows[kind]))
        for kind in by_kind
        if by_kind[kind]
    ]


def _row(study: Study, shown: Shown, run: Path) -> Row:
    names = [study.conditions[0].name, "original", "matte", *(card.name for card in study.conditions), *shown.tiles]
    tiles = []
    for name in dict.fromkeys(name for name in names if name in shown.tiles):
        path = run / shown.tiles[name]
        if not path.resolve().is_relative_to(run.resolve()):
            raise DataError(f"{path}: a tile of {shown.key} outside the run's folder. Run the study again.")
        predicted = shown.predicted.get(name, "")
        tiles.append(Tile(spaced(name), data_uri(path), predicted, predicted == shown.identity))
    return Row(shown, tuple(tiles))


def data_uri(path: Path) -> str:
    """A picture file as a small JPEG in a data URI."""
    picture = read_picture(path)
    grey = bool((picture == picture[..., :1]).all())
    image = Image.fromarray(np.ascontiguousarray(picture[..., 0]) if grey else picture)
    image.thumbnail((SIDE, SIDE))
    content = io.BytesIO()
    image.save(content, format="JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"
