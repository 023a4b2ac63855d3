"""``bareface detect``: where the faces are."""

from operator import itemgetter
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from omegaconf import DictConfig
from PIL import Image

from bareface.callbacks.figures import Cell, Section, sheet
from bareface.callbacks.predictions import Smallest, draw_lot
from bareface.data.dataset import DataSet
from bareface.data.synthetic.writer import is_drawn
from bareface.errors import DataError
from bareface.io.atomic import atomic_path
from bareface.recognition.detection.choice import check_choice
from bareface.recognition.detection.faces_table import FacesWriter
from bareface.recognition.detection.figures import marked
from bareface.recognition.detection.search import Found, Tally, search
from bareface.recognition.figures import RIGHT, WRONG
from bareface.tasks import build

BOXES, LANDMARKS = ("box; its score is the detector's own, higher = surer", RIGHT), ("landmarks", WRONG)


def detect(cfg: DictConfig) -> dict[str, float]:
    """Writes ``faces.parquet``, ``failures.csv`` and ``figures/faces.png`` into the run's folder.

    Raises:
        DataError: No picture has a face that is meant; what was written stays.

    Returns:
        How many pictures there were, with a face, without one, with several, unreadable.
    """
    check_choice(cfg.choice)
    if cfg.pictures < 0:
        raise ValueError(f"pictures={cfg.pictures}: expected 0 or more.")
    dataset: DataSet = build.plain(cfg.data)
    detector = build.plain(cfg.detector)
    manifest = dataset.manifest
    tally = Tally()
    failures: Smallest[Found] = Smallest(cfg.pictures)
    typical: Smallest[Found] = Smallest(cfg.pictures)
    with FacesWriter(Path(cfg.run)) as writer:
        for found in search(dataset, manifest, detector, cfg.choice, cfg.workers):
            writer.write(found)
            tally.add(found)
            drawn, lot = typical if found.reason is None else failures, draw_lot(found.key)
            if drawn.wants(lot, found.key):
                drawn.add(lot, found.key, found)
    if failures.kept or typical.kept:
        _draw(dataset, failures, typical, Path(cfg.run) / "figures" / "faces.png")
    print(tally.text())
    if not tally.with_face:
        why = f"no face in any picture ({tally.text()}). failures.csv says why"
        raise DataError(f"{dataset.root}: {why}. Try another detector, or look at the pictures.")
    return {name: float(count) for name, count in vars(tally).items()}


def _draw(dataset: DataSet, failures: Smallest[Found], typical: Smallest[Found], path: Path) -> None:
    """A sheet of pictures, those without a face first."""
    sections = []
    for heading, part in (("failures", failures), ("faces", typical)):
        drawn = [found for _, _, found in sorted(part.kept, key=itemgetter(1))]
        texts = [(one.key, *halves(_caption(dataset, one))) for one in drawn]
        cells = [Cell([_tile(dataset, one)], [(text, None) for text in texts[row]]) for row, one in enumerate(drawn)]
        sections += [Section(heading, cells)] if cells else []
    pointed = any(np.isfinite(found.faces.landmarks).all(2).any() for _, _, found in typical.kept)
    legend = (BOXES, LANDMARKS) if pointed else (BOXES,)
    note = "synthetic data" if is_drawn(dataset) else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        Image.fromarray(sheet("Faces that were found", sections, legend, note=note)).save(temporary, format="PNG")


def _tile(dataset: DataSet, found: Found) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    if found.size is None:
        return marked(np.full((1, 1, 3), 220, np.uint8), found.faces)
    rows = pc.index(dataset.manifest.table["key"], found.key)
    return marked(dataset.read(dataset.manifest, rows.as_py()).image, found.faces)


def _caption(dataset: DataSet, found: Found) -> str:
    if found.reason is not None:  # the cause alone: the remedy stands in failures.csv
        return found.reason.removeprefix(f"{dataset.picture(found.key)}: ").partition(". ")[0].removesuffix(".")
    return f"score {found.faces.scores[0]:.3g}" + (f", {found.count} faces" if found.count > 1 else "")


def halves(text: str) -> tuple[str, str]:
    """A text in two lines: in one where it is short, else parted at the space that is nearest to its middle.

    >>> halves("no face found"), halves("not a picture of a known format, whatever its name says")
    (('no face found', ''), ('not a picture of a known', 'format, whatever its name says'))
    """
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    if len(text) <= 28 or not spaces:
        return text, ""
    middle = min(spaces, key=lambda place: abs(2 * place - len(text)))
    return text[:middle], text[middle + 1 :]
