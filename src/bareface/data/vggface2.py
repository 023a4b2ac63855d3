"""VGGFace2 (Cao et al. 2018): 3.3 million pictures of 9,131 people, or a seeded sample of them."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bareface.data.codes import FACE_HAIR, Codes, read_mask
from bareface.data.crop import tight_crop
from bareface.data.dataset import IdentityDataSet, Record, Stage
from bareface.data.folders import existing_folder, folders_in, identity_names
from bareface.data.identity_meta import IdentityMeta, read_identity_meta
from bareface.data.manifest import Manifest, is_sorted
from bareface.data.splits import check_fractions, check_seed, closed_set, disjoint, ranks
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.data.vggface2_lists import encode, read_boxes, read_list, walk
from bareface.errors import DataError, some
from bareface.io.pictures import read_picture

SOURCES = (
    "Expected train/n000002/0001_01.jpg and so on, the layout of VGGFace2. "
    "Its own site is closed; copies are kept by research groups and dataset mirrors."
)


class VGGFace2(SurveyedDataSet, IdentityDataSet):
    """VGGFace2: a folder an identity, ``train/n000002/0001_01.jpg``.

    Label k is the k-th identity of the sample, sorted; without a sample that is the class index of the released
    networks. Pictures are not looked at before they are read, so one that is listed but missing is an error then.

    Args:
        root: Folder with ``train/`` or ``test/`` and, where there are any, the files that come with VGGFace2, beside
            them or in ``meta/`` and ``bb_landmark/``.
        tree: ``train`` (8,631 identities) or ``test`` (500 others).
        use_lists: Take the names from train_list.txt (or train.txt) where there is one; else walk the folders.
        crop: ``none``: pictures as released. ``tight``: as the published networks saw them; needs loose_bb_train.csv.
        identities: Use so many identities, drawn with ``seed``; null = all.
        pictures_per_identity: Use at most so many pictures of each, drawn with ``seed``; null = all.
        split: ``fractions``: of each identity's pictures, all three stages know every identity. ``disjoint``: no
            identity in two stages.
        fractions: Train, val and test share of the pictures.
        seed: Of the sample and of the split.
        masks: Folder in ``root`` that mirrors the trees with ground truth (``masks/train/n000002/0001_01.png``, codes
            0 background, 128 face, 255 hair); null = no masks.
    """

    def __init__(
        self,
        root: str,
        tree: Literal["train", "test"] = "train",
        use_lists: bool = True,
        crop: Literal["none", "tight"] = "none",
        identities: int | None = None,
        pictures_per_identity: int | None = None,
        fractions: Sequence[float] = (0.88, 0.06, 0.06),
        seed: int = 0,
        masks: str | None = None,
        split: Literal["fractions", "disjoint"] = "fractions",
    ) -> None:
        if tree not in ("train", "test"):
            raise ValueError(f"data.tree={tree}: expected train or test.")
        if crop not in ("none", "tight"):
            raise ValueError(f"data.crop={crop}: expected none or tight.")
        if split not in ("fractions", "disjoint"):
            raise ValueError(f"data.split={split}: expected fractions or disjoint.")
        for name, number in (("identities", identities), ("pictures_per_identity", pictures_per_identity)):
            if number is not None and number < 1:
                raise ValueError(f"data.{name}={number}: expected at least 1, or null for all.")
        self.root, self.tree, self.use_lists, self.crop = Path(root), tree, use_lists, crop
        self.sample_identities, self.sample_pictures = identities, pictures_per_identity
        self.fractions, self.seed, self.masks = check_fractions(fractions), check_seed(seed), masks
        self.split_by = split
        self.classes = () if masks is None else ("background", "face", "hair")
        self.codes = Codes(FACE_HAIR)

    @cached_property
    def identities(self) -> tuple[str, ...]:  # type: ignore[override]
        """Folder names of the labels 0, 1, ..."""
        return self.names(self.manifest)

    def names(self, manifest: Manifest) -> tuple[str, ...]:
        """Folder names of the labels 0, 1, ..."""
        return identity_names(manifest)

    @cached_property
    def meta(self) -> IdentityMeta | None:
        """Names and genders of the identities; None where there is no identity_meta.csv.

        Raises:
            DataError: The file cannot be read.
        """
        path = self._beside("identity_meta.csv", "meta")
        return read_identity_meta(path) if path.is_file() else None

    @property
    def groups(self) -> dict[str, str]:
        """Gender of each identity, ``m`` or ``f``; empty where there is no identity_meta.csv."""
        return {} if self.meta is None else dict(zip(self.meta.ids, self.meta.genders, strict=True))

    def mask_values(self) -> frozenset[int] | None:
        """The codes that mask files may hold."""
        return None if self.masks is None else self.codes.known

    def survey(self) -> Survey:
        """Lists the pictures, draws the sample, finds the boxes."""
        existing_folder(self.root, SOURCES)
        folder = existing_folder(self.root / self.tree, SOURCES)
        listed = self._list_file()
        names = walk(folder) if listed is None else read_list(listed, self.tree)
        if not is_sorted(names):
            names = names.take(pc.sort_indices(names))
        labels, identities = encode(names)
        errors = []
        gone = sorted(set(identities) - set(folders_in(folder)))
        if gone:
            remedy = "Restore them, or set data.use_lists=false."
            errors.append(f"{listed}: identities that have no folder in {folder}: {some(gone)}. {remedy}")
        names, labels = self._sampled(names, labels, len(identities))
        columns = {"key": pc.binary_join_element_wise(self.tree, names, "/"), "label": pa.array(labels)}
        if self.masks is not None:
            columns["mask"] = pc.replace_substring_regex(
                pc.binary_join_element_wise(self.masks, columns["key"], "/"), r"\.[^./]*$", ".png"
            )
        if self.crop == "tight":
            columns |= read_boxes(self._beside(f"loose_bb_{self.tree}.csv", "bb_landmark"), names)
        return Survey(Manifest(pa.table(columns)), errors, self._meta_warnings(identities))

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the pictures as ``split`` says."""
        return (closed_set if self.split_by == "fractions" else disjoint)(manifest, self.fractions, self.seed)

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture, cropped if so asked, and its mask if there are masks."""
        sample = manifest.row(row)
        image = read_picture(self.root / sample["key"])
        mask = None
        if self.masks is not None:
            mask = read_mask(self.root / sample["mask"], self.codes, image.shape)
        if self.crop == "tight":
            box = [sample[name] for name in "xywh"]
            try:
                top, left, bottom, right = tight_crop(box, *image.shape[:2])
            except ValueError as error:
                raise DataError(f"{self.root / sample['key']}: {error} Correct loose_bb_{self.tree}.csv.") from error
            image, mask = image[top:bottom, left:right], None if mask is None else mask[top:bottom, left:right]
        return Record(image, mask)

    def _list_file(self) -> Path | None:
        for name in (f"{self.tree}_list.txt", f"{self.tree}.txt"):
            path = self._beside(name, "meta")
            if self.use_lists and path.is_file():
                return path
        return None

    def _beside(self, name: str, folder: str) -> Path:
        path = self.root / name
        return path if path.is_file() else self.root / folder / name

    def _sampled(
        self, names: pa.ChunkedArray, labels: NDArray[np.int32], count: int
    ) -> tuple[pa.ChunkedArray, NDArray[np.int32]]:
        if self.sample_identities is None and self.sample_pictures is None:
            return names, labels
        chosen = np.ones(len(names), bool)
        if self.sample_identities is not None:
            if self.sample_identities > count:
                raise DataError(f"data.identities={self.sample_identities}: there are {count}. Ask for fewer.")
            drawn = np.argsort(np.random.default_rng([self.seed, 0]).random(count), kind="stable")
            chosen = np.isin(labels, drawn[: self.sample_identities])
        if self.sample_pictures is not None:
            chosen &= ranks(labels, np.random.default_rng([self.seed, 1]).random(len(labels)))[0] < self.sample_pictures
        rows = np.flatnonzero(chosen)
        return names.take(pa.array(rows)), np.unique(labels[rows], return_inverse=True)[1].astype(np.int32)

    def _meta_warnings(self, identities: list[str]) -> list[str]:
        try:
            meta = self.meta
        except DataError as error:  # only names and genders are lost, and bareface check says so
            return [str(error)]
        if meta is None:
            return []
        flags = dict(zip(meta.ids, meta.train.tolist(), strict=True))
        odd = [name for name in identities if flags.get(name) is not (self.tree == "train")]
        warnings = list(meta.warnings)
        if odd:
            where = f"{self.root / self.tree}: identities that identity_meta.csv does not put there"
            warnings.append(f"{where}: {some(odd)}.")
        return warnings
