"""How training shows photos whose mattes were made before: the composites of the study's conditions."""

import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from bareface.data.dataset import STAGES, DataSet, Record, Stage
from bareface.data.manifest import Manifest
from bareface.data.matte_cache import MatteCache
from bareface.data.matte_writer import mean_colour
from bareface.data.samples import Samples
from bareface.data.transforms import Letterbox
from bareface.errors import DataError, FaceError, some
from bareface.pipeline.matte_maker import same_foreground, segmenter_fingerprint
from bareface.pipeline.photos import Photos
from bareface.segmentation.segmenter import Segmenter

log = logging.getLogger(__name__)
ROW = "matte_row"


class ShownWithMatte(ABC):
    """Shows photos by their mattes, on the canvas that those were made on, before any augmentation.

    A photo is letterboxed to that canvas as it was for its matte and as ``bareface pipeline`` does, composed there, and
    cut out of its padding again; flips, crops and scales then act on the whole picture. Photos that are left as they
    are go the same way, so that their sharpness gives nothing away.

    Args:
        mattes: Folder that ``bareface mattes`` wrote.
        foreground: What its mattes must keep.
        segmenter: Checkpoint of the segmenter that must have made them; None: whichever did.
        stages: The stages whose photos are shown like this; the others are shown as they are.

    Raises:
        ValueError: There is no such stage, or none.
    """

    left_out: bool
    """Whether a photo whose matte is empty is left out, or shown as it is."""

    def __init__(self, mattes: str, foreground: str, segmenter: str | None, stages: Sequence[Stage]) -> None:
        if not stages or not set(stages) <= set(STAGES):
            raise ValueError(f"shown.stages={list(stages)}: expected one or more of {', '.join(STAGES)}.")
        self.folder, self.foreground, self.segmenter = Path(mattes), foreground, segmenter
        self.stages: Sequence[Stage] = tuple(stages)

    @property
    @abstractmethod
    def text(self) -> str:
        """What a recogniser remembers of it."""

    @abstractmethod
    def composed(self, photos: Photos, matte: Tensor, samples: Samples, row: int) -> Tensor:
        """One photo as it is shown: (1, 3, H, W) float32, of its (1, 1, H, W) matte, which is not empty."""

    @cached_property
    def cache(self) -> MatteCache:
        """The mattes."""
        return MatteCache(self.folder)

    def check(self, dataset: DataSet, canvas: int, faces: str | None, framing: str) -> None:
        """Makes sure, before anything is trained, that the mattes are those that are asked for, of all photos.

        Says how many photos have none, or an empty one, and what becomes of those.

        Args:
            dataset: Has the photos.
            canvas: Side in pixels of the recogniser's canvas.
            faces: The table of faces that photos are cut by, or None.
            framing: How they are cut.

        Raises:
            ValueError: The mattes are of another foreground or segmenter, of other faces, or smaller than the canvas.
            DataError: Photos have no matte.
        """
        card, where = self.cache.card, f"shown.mattes={self.folder}"
        again = "Make others with bareface mattes out=ANOTHER_FOLDER"
        if not same_foreground(card.foreground, self.foreground):
            what = f"its mattes keep {card.foreground}"
            raise ValueError(f"shown.foreground={self.foreground}: {what} ({self.folder}). Ask for that, or {again}.")
        if self.segmenter is not None:
            asked = segmenter_fingerprint(Segmenter.load(Path(self.segmenter)))
            if asked != card.segmenter:
                theirs = "masks" if card.segmenter is None else f"the segmenter {card.segmenter[:12]}"
                what = f"made of {theirs}, not of shown.segmenter={self.segmenter} ({asked[:12]})"
                raise ValueError(f"{where}: {what}. {again}.")
        if card.canvas < canvas:
            raise ValueError(f"{where}: made on {card.canvas} pixels, the recogniser's canvas is {canvas}. {again}.")
        if card.faces != faces_digest(faces) or card.framing != (None if faces is None else framing):
            theirs = "whole photos" if card.faces is None else f"faces cut with framing={card.framing}"
            what = f"made of {theirs}, loader.faces={faces} and loader.framing={framing} cut others"
            raise ValueError(f"{where}: {what}. {again} and the same loader.faces and loader.framing.")
        for stage in self.stages:
            self._check_stage(dataset.splits[stage], stage)

    def _check_stage(self, manifest: Manifest, stage: str) -> None:
        keys = manifest.table["key"]
        found = self.cache.positions(keys)
        if found.null_count:
            names = some(keys.filter(pc.is_null(found)).to_pylist())
            what = f"{found.null_count} of {len(keys)} {stage} photos have no matte: {names}"
            raise DataError(f"shown.mattes={self.folder}: {what}. Run bareface mattes out={self.folder} on this data.")
        kept = self.cache.table["kept"].take(found)
        for what, fault in (("no matte", pc.is_null(kept)), ("an empty one", pc.fill_null(pc.equal(kept, 0), False))):
            names = keys.filter(fault).to_pylist()
            if names:
                fate = "left out" if self.left_out or what == "no matte" else "shown as they are"
                log.warning("%s", f"mattes: {len(names)} {stage} photos have {what} and are {fate}: {some(names)}")

    def matched(self, manifest: Manifest) -> Manifest:
        """The same samples, each with the row of its matte."""
        found = self.cache.positions(manifest.table["key"])
        return manifest.with_column(ROW, pc.fill_null(found, -1).cast(pa.int32()))

    def matte_row(self, samples: Samples, row: int) -> int:
        """Where the matte of a sample is in the cache."""
        return int(samples.manifest.table[ROW][row].as_py())

    def __call__(self, samples: Samples, row: int, record: Record) -> Record:
        """Shows a record.

        Raises:
            FaceError: It has no matte; or an empty one, and is to be left out.
            DataError: The matte was made of another photo.
        """
        photos, matte = self.canvases(samples, row, record)
        image = photos.image
        if bool(matte.any()):
            image = self.composed(photos, matte, samples, row)
        elif self.left_out:
            raise FaceError(f"no {self.foreground} found; left out.")
        top, left, height, width = photos.content[0].tolist()
        planes = image[0, :, top : top + height, left : left + width].round().to(torch.uint8).numpy()
        return Record(np.asarray(cv2.merge([*planes]), np.uint8))

    def canvases(self, samples: Samples, row: int, record: Record) -> tuple[Photos, Tensor]:
        """One photo on its canvas, and its (1, 1, H, W) matte. Errors as those of ``__call__``."""
        key, place = samples.manifest.key(row), self.matte_row(samples, row)
        stored = None if place < 0 else self.cache.matte(place)
        if stored is None:
            why = "not in the cache" if place < 0 else self.cache.value("reason", place)
            raise FaceError(f"no matte: {why}")
        side = self.cache.card.canvas
        framed = Letterbox(side)(Record(record.image), 0)
        top, left, height, width = framed.content
        inside = np.s_[top : top + height, left : left + width]
        colour = mean_colour(framed.image[inside])
        if stored.shape != (height, width) or not self.cache.is_photo(place, record.image.shape[:2], colour):
            what = "not the photo that its matte was made of"
            raise DataError(f"{key}: {what} ({self.folder}). Run bareface mattes into another folder.")
        matte = np.zeros((side, side), np.uint8)
        matte[inside] = stored
        image = torch.from_numpy(framed.image).permute(2, 0, 1)[None].float().contiguous()  # composes 5 times as fast
        content = torch.tensor([framed.content])
        return Photos(image, content, [key]), torch.from_numpy(matte)[None, None].float() / 255


def faces_digest(faces: str | None) -> str | None:
    """SHA-256 of a table of faces; None where there is none.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if faces is None:
        return None
    with Path(faces).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
