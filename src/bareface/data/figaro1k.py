"""Figaro1k (Svanera, Muhammad, Leonardi and Benini, ICIP 2016): hair of seven styles in 1,050 pictures."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from bareface.data.codes import Codes, read_mask
from bareface.data.dataset import MaskDataSet, Record, Stage
from bareface.data.folders import existing_folder, pictures_in
from bareface.data.manifest import Manifest
from bareface.data.splits import check_seed, of_stages, per_identity
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some
from bareface.io.pictures import read_picture

SOURCES = (
    "Expected Original/Training/Frame00001-org.jpg, GT/Training/Frame00001-gt.pbm and the same in Testing "
    "(Figaro1k.zip, http://projects.i-ctm.eu/it/progetto/figaro-1k)."
)
Style = Literal["straight", "wavy", "curly", "kinky", "braids", "dreadlocks", "short-men"]
STYLES: tuple[Style, ...] = get_args(Style)
"""Of the frames 1 to 150, 151 to 300, and so on."""

TREES = ("Training", "Testing")
_FRAMES_A_STYLE = 150
_SIDES = {"Original": re.compile(r"Frame(\d{5})-org\.\w+"), "GT": re.compile(r"Frame(\d{5})-gt\.\w+")}


class Figaro1k(SurveyedDataSet, MaskDataSet):
    """Figaro1k: pictures and masks of hair, paired by the number of the frame.

    Hair is white in the masks: bit 0 of a PBM file, which is read as 255. All else is background, faces too.

    Args:
        root: Folder with ``Original/`` and ``GT/``.
        styles: Only these; null = all seven.
        val_fraction: Share of Training that is val, the same of each style. Testing is test.
        seed: Of that choice.
    """

    classes = ("background", "hair")

    def __init__(
        self, root: str, styles: Sequence[Style] | None = None, val_fraction: float = 0.1, seed: int = 0
    ) -> None:
        self.root = Path(root)
        if styles is not None and (not styles or not set(styles) <= set(STYLES)):
            raise ValueError(f"data.styles={styles}: expected a list of {', '.join(STYLES)}, or null for all.")
        if not 0 <= val_fraction < 1:
            raise ValueError(f"data.val_fraction={val_fraction}: expected 0 <= v < 1, e.g. 0.1.")
        self.styles, self.val_fraction, self.seed = STYLES if styles is None else styles, val_fraction, check_seed(seed)
        self.codes = Codes({0: 0, 255: 1})

    def mask_values(self) -> frozenset[int]:
        """The codes that mask files may hold."""
        return self.codes.known

    def survey(self) -> Survey:
        """Pairs pictures with masks by frame number; copies like ``Frame00001-gt(1).pbm`` are left out."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        warnings: list[str] = []
        rows: list[tuple[str, str, int, Style]] = []
        trees: dict[int, str] = {}
        for tree in TREES:
            pictures, masks = (self._frames(f"{side}/{tree}", side, errors, warnings) for side in _SIDES)
            twice = [masks[frame] for frame in sorted(masks.keys() & trees.keys())]
            if twice:
                errors.append(f"{self.root}: frames of both Training and Testing: {some(twice)}. Keep one of each.")
            trees |= dict.fromkeys(masks, tree)
            for what, here, there in (
                ("pictures without a mask", pictures, masks),
                ("masks without a picture", masks, pictures),
            ):
                lonely = [here[frame] for frame in sorted(here.keys() - there.keys())]
                if lonely:
                    errors.append(f"{self.root}: {len(lonely)} {what}: {some(lonely)}. Restore the others.")
            for frame in pictures.keys() & masks.keys():
                style = STYLES[(frame - 1) // _FRAMES_A_STYLE]
                if style in self.styles:
                    rows.append((pictures[frame], masks[frame], frame, style))
        keys, mask_names, frames, styles = zip(*sorted(rows), strict=True) if rows else ((), (), (), ())
        table = {
            "key": pa.array(keys, pa.string()),
            "mask": pa.array(mask_names, pa.string()),
            "frame": pa.array(frames, pa.int32()),
            "style": pa.array(styles, pa.string()),
        }
        return Survey(Manifest(pa.table(table)), errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Testing is test; of Training, ``val_fraction`` of each style is val."""
        keys = manifest.table["key"].to_pylist()
        training = np.array([key.split("/")[1] == TREES[0] for key in keys], bool)
        rows = np.flatnonzero(training)
        styles = (manifest.column("frame")[rows] - 1) // _FRAMES_A_STYLE
        parts = per_identity(styles, (1 - self.val_fraction, self.val_fraction, 0), self.seed)
        return of_stages(
            manifest, {"train": rows[parts["train"]], "val": rows[parts["val"]], "test": np.flatnonzero(~training)}
        )

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture and its mask."""
        sample = manifest.row(row)
        image = read_picture(self.root / sample["key"])
        return Record(image, read_mask(self.root / sample["mask"], self.codes, image.shape))

    def _frames(self, inner: str, side: str, errors: list[str], warnings: list[str]) -> dict[int, str]:
        """Paths of the files of a folder, by frame number."""
        folder = self.root / inner
        if not folder.is_dir() and (self.root / "Figaro1k").is_dir():
            raise DataError(f"{folder}: no such folder. Found Figaro1k: set data.root={self.root / 'Figaro1k'}.")
        names, others = pictures_in(existing_folder(folder, SOURCES))
        frames: dict[int, str] = {}
        odd, beyond, twice = [], [], []
        for name in names:
            match = _SIDES[side].fullmatch(name)
            if match is None:
                odd.append(name)
            elif not 1 <= int(match[1]) <= _FRAMES_A_STYLE * len(STYLES):
                beyond.append(name)
            elif frames.setdefault(int(match[1]), f"{inner}/{name}") != f"{inner}/{name}":
                twice.append(name)
        if odd:
            warnings.append(f"{folder}: {len(odd)} files of other names are left out: {some(odd)}.")
        if others:
            warnings.append(f"{folder}: {others} entries that are no pictures are left out.")
        if beyond:
            last = _FRAMES_A_STYLE * len(STYLES)
            errors.append(
                f"{folder}: frames beyond 1 to {last}: {some(beyond)}. Their style is not known; remove them."
            )
        if twice:
            errors.append(f"{folder}: more than one file of a frame: {some(twice)}. Keep one of each.")
        return frames
