"""Sheets of pictures, and where they are published."""

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import pytorch_lightning as pl
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger

from bareface.data.datamodule import DataModule
from bareface.data.synthetic.writer import is_drawn
from bareface.io.atomic import atomic_path

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

INK: Colour = (30, 30, 30)
PALE: Colour = (110, 110, 110)
LIMIT = 1920  # pixels of a sheet's longer side
SIDES = (256, 224, 192, 160, 128, 112, 96, 80, 64)  # pixels of a tile's longer side, the largest that fits is taken
MARGIN, GAP, LINE = 20, 16, 18


class Cell(NamedTuple):
    """Pictures that stand side by side, and the lines of text below them.

    Attributes:
        tiles: (H, W, 3) RGB each, all of one size.
        lines: Text and colour; None for the usual one.
    """

    tiles: Sequence[Picture]
    lines: Sequence[tuple[str, Colour | None]]


class Section(NamedTuple):
    """Cells under a heading; "" for none."""

    heading: str
    cells: Sequence[Cell]


class _Layout(NamedTuple):
    columns: int
    height: int
    width: int


def sheet(
    title: str,
    sections: Sequence[Section],
    legend: Sequence[tuple[str, Colour | Picture]] = (),
    names: Sequence[str] = (),
    note: str = "",
) -> Picture:
    """Draws cells in rows, of at most 1920 pixels a side unless there are hundreds.

    Args:
        title: Stands at the top.
        sections: What is drawn; all tiles have one size, all cells equally many tiles and lines.
        legend: Names and colours, or patterns of 15 x 15 pixels, below the title.
        names: What the tiles of a cell show; stands above the first row.
        note: Stands at the top right, e.g. what data this is.

    Returns:
        (H, W, 3) RGB.
    """
    cell = sections[0].cells[0]
    layout = _layout([len(section.cells) for section in sections], cell)
    step = layout.width * len(cell.tiles) + 2 * (len(cell.tiles) - 1)
    tall = layout.height + LINE * len(cell.lines) + GAP
    head = MARGIN + 30 + (28 if legend else 0) + (LINE if names else 0)
    body = sum(math.ceil(len(part.cells) / layout.columns) * tall + 26 * bool(part.heading) for part in sections)
    width = 2 * MARGIN + layout.columns * (step + GAP) - GAP
    entries = sum(44 + _font(14).getlength(word) for word, _ in legend)
    width = max(width, math.ceil(2 * MARGIN + _font(20).getlength(title) + 2 * GAP + _font(14).getlength(note)))
    width = max(width, math.ceil(2 * MARGIN + entries))
    page = Image.new("RGB", (width, head + body + MARGIN - GAP), "white")
    draw = ImageDraw.Draw(page)
    draw.text((MARGIN, MARGIN - 6), title, INK, _font(20))
    draw.text((width - MARGIN, MARGIN - 2), note, (180, 60, 0), _font(14), anchor="ra")
    x: float = MARGIN
    for word, colour in legend:
        if isinstance(colour, np.ndarray):
            page.paste(Image.fromarray(colour), (round(x), MARGIN + 29))
        else:
            draw.rectangle((x, MARGIN + 29, x + 14, MARGIN + 43), colour)
        draw.text((x + 20, MARGIN + 27), word, INK, _font(14))
        x += 20 + _font(14).getlength(word) + 24
    top = head
    for column in range(min(layout.columns, len(sections[0].cells)) if names else 0):
        for number, name in enumerate(names):
            left = MARGIN + column * (step + GAP) + number * (layout.width + 2)
            draw.text((left, head - LINE + 1), name, PALE, _font(13))
    for part in sections:
        if part.heading:
            draw.text((MARGIN, top), part.heading, INK, _font(15))
            top += 26
        for number, each in enumerate(part.cells):
            left = MARGIN + number % layout.columns * (step + GAP)
            _draw_cell(page, each, left, top + number // layout.columns * tall, layout, step)
        top += math.ceil(len(part.cells) / layout.columns) * tall
    return np.asarray(page)


def _draw_cell(page: Image.Image, cell: Cell, left: int, top: int, layout: _Layout, width: int) -> None:
    for number, tile in enumerate(cell.tiles):
        picture = Image.fromarray(tile)
        if picture.size != (layout.width, layout.height):
            picture = picture.resize((layout.width, layout.height), Image.Resampling.BILINEAR)
        page.paste(picture, (left + number * (layout.width + 2), top))
    for number, (text, colour) in enumerate(cell.lines):
        place = (left, top + layout.height + 2 + LINE * number)
        ImageDraw.Draw(page).text(place, shorten(text, _font(13), width), colour or INK, _font(13))


def _layout(counts: Sequence[int], cell: Cell) -> _Layout:
    """The largest tiles with which everything fits, in the columns that nearest fill a landscape page."""
    rows, columns = cell.tiles[0].shape[:2]
    longer = max(rows, columns)
    for side in [*(side for side in SIDES if side <= 3 * longer), 0]:  # 0: never mind the height
        scale = (side or SIDES[-1]) / longer
        height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
        found = []
        for number in range(1, max(counts) + 1):
            across = number * ((width + 2) * len(cell.tiles) + GAP) + 2 * MARGIN
            rows_of_cells = sum(math.ceil(count / number) for count in counts)
            down = rows_of_cells * (height + LINE * len(cell.lines) + GAP) + 26 * len(counts) + 5 * MARGIN
            if (across <= LIMIT or number == 1) and (down <= LIMIT or not side):
                empty = 1 - sum(counts) / (rows_of_cells * number)
                found.append((abs(math.log(across / down / 1.5)) + 2 * empty, _Layout(number, height, width)))
        if found:
            return min(found)[1]
    raise AssertionError("one column without a limit of height always fits")


def shorten(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """The text, with its middle left out where it is wider than ``width`` pixels."""
    kept = len(text)
    short = text
    while font.getlength(short) > width and kept > 1:
        kept -= 1
        short = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return short


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")), size)


def origin(trainer: pl.Trainer) -> str:
    """What has to stand on everything that is drawn from rendered pictures; "" for photos."""
    data: object = getattr(trainer, "datamodule", None)
    rendered = isinstance(data, DataModule) and is_drawn(data.dataset)
    return "synthetic data" if rendered else ""


def publish(trainer: pl.Trainer, name: str, picture: Picture, path: Path) -> None:
    """Writes a picture as PNG and shows it on the dashboards that there are.

    Args:
        trainer: Knows the loggers and the step.
        name: What the dashboards call it, e.g. ``figures/augmented``.
        picture: (H, W, 3) RGB.
        path: The PNG file.
    """
    if not trainer.is_global_zero:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(name, picture, trainer.global_step, dataformats="HWC")
        elif isinstance(logger, WandbLogger):
            logger.log_image(name, [picture], step=trainer.global_step)
