"""A folder a person, as people sort their own pictures."""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bareface.data.codes import FACE_HAIR, Codes, read_mask
from bareface.data.dataset import STAGES, IdentityDataSet, Record, Stage
from bareface.data.folders import by_stem, existing_folder, folders_in, identity_names, pictures_in
from bareface.data.manifest import Manifest
from bareface.data.names import spelling_warnings
from bareface.data.splits import (
    check_closed_set,
    check_fractions,
    check_seed,
    closed_set,
    disjoint,
    of_stages,
    ranks,
    sorted_rows,
)
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some
from bareface.io.pictures import MAX_PIXELS, check_max_pixels, read_picture

SOURCES = "Expected a folder for each person with pictures in it, e.g. ada/01.jpg."


class IdentityFolder(SurveyedDataSet, IdentityDataSet):
    """Own pictures of people: a folder a person, ``ada/01.jpg``.

    Sub-folders of a person, other files and hidden ones are left out; ``bareface check`` counts them.

    Args:
        root: Folder with a folder for each person; or with ``train/``, ``test/`` and perhaps ``val/``, and in them a
            folder for each person.
        split: ``fractions``: of each person's pictures, seeded. ``first``: the first ``first`` of each person's
            pictures train, the rest test. ``folders``: as they lie in ``train/``, ``val/`` and ``test/``. Whoever has a
            single picture is in train only. ``disjoint``: no person in two stages, by ``trained`` or ``fractions``.
        fractions: Train, val and test share, for ``fractions`` and ``disjoint``.
        first: How many, for ``first``; numbers in names count as numbers (2 before 10). null otherwise.
        trained: How many people train, for ``disjoint``: the first ones, numbers in names counting as numbers; all
            pictures of the others are test. null: people are drawn by ``fractions``.
        seed: Of the split by ``fractions`` and the drawing of people.
        masks: Folder that mirrors ``root`` with ground truth (``ada/01.png``, codes 0 background, 128 face, 255 hair),
            relative to ``root``; null = no masks.
        max_pixels: Larger pictures are refused before they are decoded.
    """

    def __init__(
        self,
        root: str,
        split: Literal["fractions", "first", "folders", "disjoint"] = "fractions",
        fractions: Sequence[float] = (0.7, 0.1, 0.2),
        first: int | None = None,
        seed: int = 0,
        masks: str | None = None,
        max_pixels: int = MAX_PIXELS,
        trained: int | None = None,
    ) -> None:
        if split not in ("fractions", "first", "folders", "disjoint"):
            raise ValueError(f"data.split={split}: expected one of fractions, first, folders, disjoint.")
        if (split == "first") != (first is not None) or (first is not None and first < 1):
            raise ValueError(f"data.first={first}: expected at least 1 with data.split=first, and null otherwise.")
        if trained is not None and (split != "disjoint" or trained < 1):
            raise ValueError(f"data.trained={trained}: expected at least 1 with data.split=disjoint, else null.")
        self.root, self.split_by, self.first, self.masks = Path(root), split, first, masks
        self.trained = trained
        self.fractions, self.seed, self.max_pixels = (
            check_fractions(fractions),
            check_seed(seed),
            check_max_pixels(max_pixels),
        )
        self.classes = () if masks is None else ("background", "face", "hair")
        self.codes = Codes(FACE_HAIR)

    @cached_property
    def identities(self) -> tuple[str, ...]:  # type: ignore[override]
        """Folder names of the labels 0, 1, ..."""
        return self.names(self.manifest)

    def names(self, manifest: Manifest) -> tuple[str, ...]:
        """Folder names of the labels 0, 1, ..."""
        return identity_names(manifest)

    def mask_values(self) -> frozenset[int] | None:
        """The codes that mask files may hold."""
        return None if self.masks is None else self.codes.known

    def survey(self) -> Survey:
        """Lists the pictures of each person, and pairs them with masks where there are any."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        warnings: list[str] = []
        found, left_out, empty = [], 0, []
        for folder in self._folders():
            pictures, others = pictures_in(self.root / folder)
            found.append((folder, pictures))
            left_out += others
            empty += [] if pictures else [folder]
        if len(empty) == len(found) and self.split_by != "folders":
            self._refuse_deeper(empty)
        names = sorted({Path(folder).name for folder, pictures in found if pictures})
        label = {name: position for position, name in enumerate(names)}
        keys = [f"{folder}/{picture}" for folder, pictures in found for picture in pictures]
        labels = [label[Path(folder).name] for folder, pictures in found for _ in pictures]
        columns = {"key": pa.array(keys, pa.string()), "label": pa.array(labels, pa.int32())}
        if self.masks is not None:
            columns["mask"] = pa.array(self._masks(found, errors), pa.string())
        homeless = pictures_in(self.root)[0]
        for what, odd in (("pictures in no person's folder", homeless), ("folders without pictures", empty)):
            if odd:
                warnings.append(f"{self.root}: {len(odd)} {what} are left out: {some(odd)}.")
        if left_out:
            warnings.append(f"{self.root}: {left_out} entries of the folders that are no pictures are left out.")
        warnings += spelling_warnings(self.root, names)
        manifest = Manifest(pa.table(columns))
        if self.split_by == "folders":
            try:
                check_closed_set(self.split(manifest), names, str(self.root))
            except DataError as error:
                errors.append(str(error))
        return Survey(manifest.take(sorted_rows(manifest)), errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the pictures as ``split`` says."""
        if self.split_by == "fractions":
            return closed_set(manifest, self.fractions, self.seed)
        if self.split_by == "disjoint":
            return self._disjoint(manifest)
        keys = manifest.column("key").tolist()
        if self.first is not None:
            rank, _ = ranks(manifest.column("label"), _natural_order(keys))
            train = rank < self.first
            none = np.zeros(0, np.int64)
            return of_stages(manifest, {"train": np.flatnonzero(train), "val": none, "test": np.flatnonzero(~train)})
        stage_of = np.array([key.partition("/")[0] for key in keys])
        return of_stages(manifest, {stage: np.flatnonzero(stage_of == stage) for stage in STAGES})

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture, and its mask if there are masks."""
        sample = manifest.row(row)
        image = read_picture(self.root / sample["key"], self.max_pixels)
        if self.masks is None:
            return Record(image)
        return Record(image, read_mask(self.root / sample["mask"], self.codes, image.shape, self.max_pixels))

    def _disjoint(self, manifest: Manifest) -> dict[Stage, Manifest]:
        if self.trained is None:
            return disjoint(manifest, self.fractions, self.seed)
        names = list(self.names(manifest))
        if self.trained >= len(names):
            raise DataError(f"data.trained={self.trained}: there are {len(names)} people. Leave some for the test.")
        train = _natural_order(names)[manifest.column("label")] < self.trained
        none = np.zeros(0, np.int64)
        return of_stages(manifest, {"train": np.flatnonzero(train), "val": none, "test": np.flatnonzero(~train)})

    def _folders(self) -> list[str]:
        """The folders of the persons, relative to the root."""
        inside = [name for name in folders_in(self.root) if self.masks is None or name != Path(self.masks).parts[0]]
        divided = all(name in inside and folders_in(self.root / name) for name in ("train", "test"))
        if self.split_by == "folders":
            if not divided:
                raise DataError(f"{self.root}: data.split=folders needs train/ and test/, a folder a person in each.")
            return [f"{stage}/{name}" for stage in STAGES if stage in inside for name in folders_in(self.root / stage)]
        if divided:
            raise DataError(f"{self.root}: has train/ and test/, not a folder for each person. Set data.split=folders.")
        return inside

    def _refuse_deeper(self, empty: list[str]) -> None:
        """The usual reason for finding nothing: the root is a folder above the one that is meant."""
        for folder in empty:
            for deeper in folders_in(self.root / folder):
                pictures, _ = pictures_in(self.root / folder / deeper)
                if pictures:
                    where = f"its pictures lie one level deeper, as {folder}/{deeper}/{pictures[0]}"
                    raise DataError(f"{self.root}: no samples found, {where}. Set data.root={self.root / folder}.")

    def _masks(self, found: list[tuple[str, list[str]]], errors: list[str]) -> list[str]:
        """The mask of each picture; where there is none, a name that does not exist and an error."""
        masks, lonely = [], []
        for folder, pictures in found:
            mirror = self.root / str(self.masks) / folder
            names = pictures_in(mirror)[0] if mirror.is_dir() else []
            stems = by_stem(names, mirror, errors)
            for picture in pictures:
                stem = Path(picture).stem
                masks.append(f"{self.masks}/{folder}/{stems.get(stem, f'{stem}.png')}")
                lonely += [] if stem in stems else [f"{folder}/{picture}"]
        if lonely:
            missing = f"{len(lonely)} pictures without a mask in {self.masks}: {some(lonely)}"
            errors.append(f"{self.root}: {missing}. Add the masks, or set data.masks=null.")
        return masks


def _natural_order(names: list[str]) -> NDArray[np.int64]:
    """The rank of each name, numbers compared as numbers."""

    def pieces(position: int) -> list[tuple[int, int, str]]:
        parts = re.split(r"(\d+)", names[position])
        return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]

    rank = np.empty(len(names), np.int64)
    rank[sorted(range(len(names)), key=pieces)] = np.arange(len(names))
    return rank
