"""Labeled Faces in the Wild (Huang, Ramesh, Berg and Learned-Miller 2007), with its pairs."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bareface.data.dataset import IdentityDataSet, Record, Stage
from bareface.data.folders import by_stem, existing_folder, folders_in, identity_names, pictures_in
from bareface.data.identity_meta import read_identity_meta
from bareface.data.lfw_pairs import read_pairs
from bareface.data.manifest import Manifest
from bareface.data.names import shared_names
from bareface.data.pairs import PairDataSet, Pairs
from bareface.data.splits import all_test
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some
from bareface.io.pictures import read_picture

SOURCES = (
    "Expected lfw/NAME/NAME_0001.jpg (or lfw_funneled, lfw-deepfunneled) and pairs.txt "
    "(http://vis-www.cs.umass.edu/lfw/, often down; copies are kept by dataset mirrors)."
)
FOLDERS = ("lfw", "lfw_funneled", "lfw-deepfunneled")


class LFW(SurveyedDataSet, IdentityDataSet, PairDataSet):
    """LFW: 13,233 pictures of 5,749 people, and 6,000 pairs in ten folds that share no person.

    All pictures are for the test, as the protocol for networks trained on other data has it ("unrestricted, labeled
    outside data"). To train on LFW, read it with ``data=identity_folder data.split=disjoint``.

    Args:
        root: Folder with pairs.txt and one of the folders ``lfw``, ``lfw_funneled``, ``lfw-deepfunneled``; or with a
            folder for each person.
        pictures: Folder of the pictures in ``root``; null = the one that is there.
        pairs: List of the pairs in ``root``, in the form of pairs.txt; null = the pictures alone.
        overlap: What becomes of the people who are in VGGFace2-train, too (of the 4,281 in pairs.txt, 435 by name).
            ``include``: they stay. ``exclude``: their pictures and every pair that shows one of them are left out.
            ``only``: those pairs alone, with their pictures and those of these people. Folds then differ in size.
        vggface2_meta: identity_meta.csv of VGGFace2, which says who is in it; for ``exclude`` and ``only``.
    """

    def __init__(
        self,
        root: str,
        pictures: str | None = None,
        pairs: str | None = "pairs.txt",
        overlap: Literal["include", "exclude", "only"] = "include",
        vggface2_meta: str | None = None,
    ) -> None:
        if overlap not in ("include", "exclude", "only"):
            raise ValueError(f"data.overlap={overlap}: expected one of include, exclude, only.")
        if (overlap == "include") != (vggface2_meta is None):
            rule = "expected identity_meta.csv of VGGFace2 with data.overlap=exclude or only, and null with include"
            raise ValueError(f"data.vggface2_meta={vggface2_meta}: {rule}.")
        self.root, self.pictures, self.list, self.overlap = Path(root), pictures, pairs, overlap
        self.meta = None if vggface2_meta is None else Path(vggface2_meta)
        self.classes = ()

    @cached_property
    def identities(self) -> tuple[str, ...]:  # type: ignore[override]
        """Folder names of the labels 0, 1, ..."""
        return self.names(self.manifest)

    def names(self, manifest: Manifest) -> tuple[str, ...]:
        """Folder names of the labels 0, 1, ..."""
        return identity_names(manifest)

    @cached_property
    def pairs(self) -> Pairs:  # type: ignore[override]
        """The pairs that ``overlap`` leaves, in the order of the list.

        Raises:
            DataError: There is no list, it contradicts its format, or it names pictures that are missing.
        """
        keys = self.manifest.column("key").tolist()
        return self._located(self._chosen(self._shared(self._people)), keys)

    def survey(self) -> Survey:
        """Lists the pictures of each person, and makes sure that those of the pairs are there."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        warnings: list[str] = []
        keys, others = [], 0
        for person in self._people:
            names, odd = pictures_in(self._folder / person)
            stems = by_stem(names, self._folder / person, errors)
            keys += [f"{self._prefix}{person}/{name}" for name in stems.values()]
            others += odd
        if others:
            warnings.append(f"{self._folder}: {others} entries of the folders that are no pictures are left out.")
        shared = self._shared(self._people)
        kept = set(keys)
        if self.overlap != "include":
            kept = {key for key in keys if (_person(key) in shared) == (self.overlap == "only")}
        if self.list is not None:
            try:
                pairs = self._located(self._chosen(shared), keys)
                kept |= {*pairs.first.tolist(), *pairs.second.tolist()}
            except DataError as error:
                errors.append(str(error))
        keys = sorted(kept)
        people = np.unique([_person(key) for key in keys], return_inverse=True)[1]
        columns = {"key": pa.array(keys, pa.string()), "label": pa.array(people, pa.int32())}
        return Survey(Manifest(pa.table(columns)), errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Every picture is for the test."""
        return all_test(manifest)

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture."""
        return Record(read_picture(self.picture(manifest.key(row))))

    @cached_property
    def _prefix(self) -> str:
        """What keys have before the person."""
        if self.pictures is not None:
            existing_folder(self.root / self.pictures, SOURCES)
            return "" if self.pictures == "." else f"{self.pictures}/"
        found = [name for name in FOLDERS if (self.root / name).is_dir()]
        if len(found) > 1:
            raise DataError(f"{self.root}: has {', '.join(found)}. Set data.pictures to one of them.")
        return f"{found[0]}/" if found else ""

    @property
    def _folder(self) -> Path:
        return self.root / self._prefix

    @cached_property
    def _people(self) -> list[str]:
        return folders_in(self._folder)

    def _shared(self, people: Sequence[str]) -> frozenset[str]:
        """Those of the people who are in VGGFace2-train, too."""
        if self.meta is None:
            return frozenset()
        if not self.meta.is_file():
            raise DataError(f"data.vggface2_meta={self.meta}: no such file. It comes with VGGFace2 (folder meta).")
        meta = read_identity_meta(self.meta)
        trained = [name for name, train in zip(meta.names, meta.train.tolist(), strict=True) if train]
        return frozenset(shared_names(people, trained))

    def _chosen(self, shared: frozenset[str]) -> Pairs:
        """The listed pairs that ``overlap`` leaves."""
        if self.list is None:
            raise DataError("data.pairs=null: there are no pairs. Set data.pairs=pairs.txt.")
        pairs = read_pairs(self.root / self.list)
        if self.overlap == "include":
            return pairs
        listed = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
        touched = np.array([_person(first) in shared or _person(second) in shared for first, second in listed])
        rows = np.flatnonzero(touched == (self.overlap == "only"))
        if not len(rows):
            raise DataError(f"data.overlap={self.overlap}: leaves none of the {len(pairs)} pairs. Use include.")
        return Pairs(pairs.first[rows], pairs.second[rows], pairs.mated[rows], pairs.fold[rows])

    def _located(self, pairs: Pairs, keys: Sequence[str]) -> Pairs:
        """The pairs with the keys of the pictures as they are there: aligned copies often are PNG."""
        known = {_stem(key.removeprefix(self._prefix)): key for key in keys}
        listed = np.unique(np.concatenate([pairs.first, pairs.second])).tolist()
        missing = [key for key in listed if _stem(key) not in known]
        if missing:
            where = f"{self.root / str(self.list)}: names {len(missing)} pictures that are not in {self._folder}"
            raise DataError(f"{where}: {some(missing)}. Restore them.")

        def located(column: NDArray[np.str_]) -> NDArray[np.str_]:
            return np.array([known[_stem(key)] for key in column.tolist()], np.str_)

        return Pairs(located(pairs.first), located(pairs.second), pairs.mated, pairs.fold)


def _person(key: str) -> str:
    return key.rsplit("/", 2)[-2]


def _stem(key: str) -> str:
    return key.rpartition(".")[0]
