"""The people of CelebA (Liu, Luo, Wang and Tang, ICCV 2015): aligned pictures with identities."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from bareface.data.celeba_lists import find_list, needs_list, read_numbers, read_partition
from bareface.data.celeba_pictures import aligned_pictures
from bareface.data.dataset import IdentityDataSet, Record, Stage
from bareface.data.folders import by_stem, existing_folder
from bareface.data.manifest import Manifest
from bareface.data.splits import check_fractions, check_seed, closed_set, of_stages
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some
from bareface.io.pictures import read_picture

SOURCES = "Expected img_align_celeba/NNNNNN.jpg (https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html)."
_PEOPLE, _PARTITION = "identity_CelebA.txt", "list_eval_partition.txt"


class CelebAIdentities(SurveyedDataSet, IdentityDataSet):
    """CelebA: 202,599 aligned pictures (JPEG or PNG) of 10,177 people, who are known by numbers.

    Args:
        root: Folder with the pictures' folder, identity_CelebA.txt and list_eval_partition.txt; the lists may lie in
            ``Anno/`` and ``Eval/``.
        pictures: Folder of the pictures.
        split: ``celeba``: CelebA's own, 8,192 / 985 / 1,000 people and nobody in two stages. ``fractions``: of each
            person's pictures, all three stages know everybody (44 people have a single picture, which is train).
        fractions: Train, val and test share, for ``fractions``.
        seed: Of the split by ``fractions``.
    """

    def __init__(
        self,
        root: str,
        pictures: str = "img_align_celeba",
        split: Literal["celeba", "fractions"] = "celeba",
        fractions: Sequence[float] = (0.8, 0.1, 0.1),
        seed: int = 0,
    ) -> None:
        if split not in ("celeba", "fractions"):
            raise ValueError(f"data.split={split}: expected celeba or fractions.")
        self.root, self.pictures, self.split_by = Path(root), pictures, split
        self.fractions, self.seed = check_fractions(fractions), check_seed(seed)
        self.classes = ()

    @cached_property
    def identities(self) -> tuple[str, ...]:  # type: ignore[override]
        """The people's numbers as names, ``2880``, in the order of the numbers."""
        return self.names(self.manifest)

    def names(self, manifest: Manifest) -> tuple[str, ...]:
        """The people's numbers as names."""
        return tuple(str(number) for number in np.unique(manifest.column("identity")).tolist())

    def survey(self) -> Survey:
        """Pairs pictures with the lines of identity_CelebA.txt by stem."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        warnings: list[str] = []
        folder = self.root / self.pictures
        pictures = by_stem(aligned_pictures(self.root, self.pictures, SOURCES), folder, errors)
        path = find_list(self.root, "Anno", _PEOPLE)
        if path is None:
            where = f"{self.root / _PEOPLE} and {self.root / 'Anno' / _PEOPLE}"
            raise DataError(f"{where}: no such files. It comes with CelebA (folder Anno).")
        people = read_numbers(path)
        nameless = sorted(pictures.keys() - people.keys())
        if nameless:
            lost = some([pictures[stem] for stem in nameless])
            errors.append(f"{path}: has no line for {len(nameless)} pictures: {lost}. Use the official file.")
        gone = sorted(people.keys() - pictures.keys())
        if gone:
            what = f"{len(gone)} of {len(people)} pictures that {path.name} lists are missing: {some(gone)}"
            warnings.append(f"{folder}: {what}. Restore them, unless a part of CelebA is meant.")
        stems = sorted((stem for stem in pictures if stem in people), key=pictures.__getitem__)
        identity = np.array([people[stem] for stem in stems], np.int32)
        columns = {
            "key": pa.array([f"{self.pictures}/{pictures[stem]}" for stem in stems], pa.string()),
            "label": pa.array(np.unique(identity, return_inverse=True)[1].astype(np.int32)),
            "identity": pa.array(identity),
        }
        return Survey(Manifest(pa.table(columns)), errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the pictures as ``split`` says.

        Raises:
            DataError: list_eval_partition.txt is missing, or has no line for a picture.
        """
        if self.split_by == "fractions":
            return closed_set(manifest, self.fractions, self.seed)
        partition = find_list(self.root, "Eval", _PARTITION)
        if partition is None:
            raise needs_list(self.split_by, self.root, "Eval", _PARTITION)
        stems = [Path(key).stem for key in manifest.column("key")]
        return of_stages(manifest, read_partition(partition, stems))

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture."""
        return Record(read_picture(self.picture(manifest.key(row))))
