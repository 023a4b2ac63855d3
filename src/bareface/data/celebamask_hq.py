"""CelebAMask-HQ (Lee, Liu, Wu and Luo, CVPR 2020): 30,000 pictures of CelebA-HQ, a mask for each part of a face."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bareface.data.celeba_lists import find_list, listed_numbers, needs_list, read_partition
from bareface.data.celebamask_hq_lists import KNOWN_BAD, read_mapping
from bareface.data.dataset import MaskDataSet, Record, Stage
from bareface.data.folders import existing_folder, folders_in, pictures_in
from bareface.data.foreground import choose_classes
from bareface.data.manifest import Manifest
from bareface.data.mask import IGNORE
from bareface.data.splits import by_identity, check_fractions, check_seed, counts_of, of_stages, shuffled
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some
from bareface.io.pictures import read_mask_codes, read_picture

MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
SOURCES = (
    "Expected CelebA-HQ-img/0.jpg and CelebAMask-HQ-mask-anno/0/00000_skin.png and so on, the layout of "
    "CelebAMask-HQ.zip (https://github.com/switchablenorms/CelebAMask-HQ)."
)

PARTS = (
    "skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear", "mouth", "u_lip", "l_lip",
    "hair", "hat", "ear_r", "neck_l", "neck", "cloth",
)  # fmt: skip
"""The parts in the official order, the classes 1 to 18 and the order of painting: a later one covers an earlier one.

``eye_g`` are glasses, ``ear_r`` is an earring, ``neck_l`` a necklace, ``u_lip`` and ``l_lip`` the upper and lower lip.
A much used training code has another order (hair 17 instead of 13): masks of that code are of other classes.
"""

_FACE = ("skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "mouth", "u_lip", "l_lip", "l_ear", "r_ear")
FACE_HAIR: Mapping[str, str] = dict.fromkeys(_FACE, "face") | {"hair": "hair"}
"""As people cut out a head: ears and glasses belong to the face; hat, neck, cloth, earring, necklace to neither."""

_PER_FOLDER = 2000
_FILE = re.compile(r"(\d{5})_(\w+)\.png")


class CelebAMaskHQ(SurveyedDataSet, MaskDataSet):
    """CelebAMask-HQ: ``CelebA-HQ-img/{k}.jpg`` and, for each part that shows, a mask of that part.

    The parts are painted one over the other in the official order; any pixel above 0 counts.

    Args:
        root: Folder with the two folders below and the mapping to CelebA.
        pictures: Folder of the pictures.
        masks: Folder of the folders 0 to 14, of 2,000 pictures each.
        parts: Class of each part; ``ignore`` is neither trained on nor scored, parts without one are background. null:
            each part is a class, the 19 official ones.
        foreground: Which of those classes are told from the background; null = all.
        merge: Make one class of them.
        size: Side in pixels that picture and mask are brought to when they are read; null: that of the picture (1024,
            the masks have 512). Sizes in results are then this one.
        skip_known_bad: Leave out the pictures and masks of ``KNOWN_BAD``; ``bareface check`` tells how many.
        celeba: Folder with CelebA's own text files, there or in Anno/ and Eval/; null = ``root``.
        split: ``celeba``: CelebA's own through the mapping, 24,183 / 2,993 / 2,824, no person in two stages; needs
            list_eval_partition.txt. ``identity``: no person in two stages, by ``fractions`` and ``seed``; needs
            identity_CelebA.txt. ``random``: a seeded shuffle, which knows no people.
        fractions: Of the samples, for ``identity`` and ``random``.
        seed: Of those two.
    """

    of_celeba = True

    def __init__(
        self,
        root: str,
        pictures: str = "CelebA-HQ-img",
        masks: str = "CelebAMask-HQ-mask-anno",
        parts: Mapping[str, str] | None = FACE_HAIR,
        foreground: Sequence[str] | None = None,
        merge: bool = False,
        size: int | None = 512,
        skip_known_bad: bool = True,
        celeba: str | None = None,
        split: Literal["celeba", "identity", "random"] = "celeba",
        fractions: Sequence[float] = (0.8, 0.1, 0.1),
        seed: int = 0,
    ) -> None:
        self.root, self.pictures, self.masks = Path(root), pictures, masks
        if size is not None and size < 1:
            raise ValueError(f"data.size={size}: expected at least 1, or null for that of the picture.")
        if split not in ("celeba", "identity", "random"):
            raise ValueError(f"data.split={split}: expected one of celeba, identity, random.")
        self.classes, self.indices = _classes(parts, foreground, merge)
        self.size, self.skip_known_bad = size, skip_known_bad
        self.celeba = self.root if celeba is None else Path(celeba)
        self.split_by, self.fractions, self.seed = split, check_fractions(fractions), check_seed(seed)

    def survey(self) -> Survey:
        """Finds the parts of each picture; every folder is listed once."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        warnings: list[str] = []
        pictures = self._pictures(errors, warnings)
        parts = self._parts(errors, warnings)
        folder = self.root / self.masks
        lonely = sorted(parts.keys() - pictures.keys())
        if lonely:
            names = some([f"{number:05d}" for number in lonely])
            errors.append(f"{folder}: {len(lonely)} masks have no picture in {self.pictures}: {names}. Restore those.")
        bad = sorted(pictures.keys() & KNOWN_BAD.keys()) if self.skip_known_bad else []
        if bad:
            names = some([f"{pictures[number]} ({KNOWN_BAD[number]})" for number in bad])
            warnings.append(f"{self.root}: {len(bad)} known bad samples are left out: {names}.")
        bare = sorted(pictures.keys() - parts.keys() - set(bad))
        if bare:
            names = some([pictures[number] for number in bare])
            errors.append(f"{folder}: {len(bare)} pictures have no part at all: {names}. Restore their masks.")
        if not (self.root / MAPPING).is_file():
            warnings.append(f"{self.root}: no {MAPPING}, so pictures shared with other data sets cannot be told.")
        chosen = sorted((pictures.keys() & parts.keys()) - set(bad), key=lambda number: pictures[number])
        columns = {
            "key": pa.array([f"{self.pictures}/{pictures[number]}" for number in chosen], pa.string()),
            "number": pa.array(chosen, pa.int32()),
            "parts": pa.array([parts[number] for number in chosen], pa.int32()),  # bit k: there is a mask of PARTS[k]
        }
        return Survey(self._with_celeba(Manifest(pa.table(columns))), errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the samples as ``split`` says.

        Raises:
            DataError: There are too few samples, or a text file that the split needs is missing.
        """
        if self.split_by == "random":
            return shuffled(manifest, counts_of(len(manifest), self.fractions), self.seed)
        if not manifest.has("celeba"):
            where = f"{self.root / MAPPING}, which comes with CelebAMask-HQ"
            raise DataError(f"data.split={self.split_by}: needs {where}. Restore it, or use data.split=random.")
        if self.split_by == "identity":
            if not manifest.has("identity"):
                raise needs_list(self.split_by, self.celeba, "Anno", "identity_CelebA.txt")
            return of_stages(manifest, by_identity(manifest.column("identity"), self.fractions, self.seed))
        partition = find_list(self.celeba, "Eval", "list_eval_partition.txt")
        if partition is None:
            raise needs_list(self.split_by, self.celeba, "Eval", "list_eval_partition.txt")
        return of_stages(manifest, read_partition(partition, manifest.table["celeba"].to_pylist()))

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture, paints its parts, and brings both to one size."""
        sample = manifest.row(row)
        image = read_picture(self.root / sample["key"])
        mask = self._painted(sample["number"], sample["parts"])
        height, width = image.shape[:2]
        if height != width or mask.shape[0] != mask.shape[1]:
            sizes = f"the picture is {height} x {width}, its masks are {mask.shape[0]} x {mask.shape[1]}"
            raise DataError(f"{self.root / sample['key']}: {sizes}. Expected squares: 1024 x 1024 and 512 x 512.")
        side = height if self.size is None else self.size
        if side != height:
            how = cv2.INTER_AREA if side < height else cv2.INTER_LINEAR
            image = np.asarray(cv2.resize(image, (side, side), interpolation=how), np.uint8)
        if side != mask.shape[0]:
            mask = np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
        return Record(image, mask)

    def _painted(self, number: int, parts: int) -> NDArray[np.uint8]:
        mask: NDArray[np.uint8] | None = None
        for bit, part in enumerate(PARTS):
            if not parts >> bit & 1:
                continue
            path = self.root / self.masks / str(number // _PER_FOLDER) / f"{number:05d}_{part}.png"
            marked = read_mask_codes(path)
            if mask is None:
                mask = np.zeros(marked.shape, np.uint8)
            if marked.shape != mask.shape:
                sizes = f"{marked.shape[0]} x {marked.shape[1]}, the parts before it {mask.shape[0]} x {mask.shape[1]}"
                raise DataError(f"{path}: the mask is {sizes}. Expected one size for all parts of a picture.")
            mask[marked > 0] = self.indices[part]
        assert mask is not None  # the manifest has no sample without a part
        return mask

    def _pictures(self, errors: list[str], warnings: list[str]) -> dict[int, str]:
        folder = existing_folder(self.root / self.pictures, SOURCES)
        names, others = pictures_in(folder)
        numbers: dict[int, str] = {}
        odd, twice = [], []
        for name in names:
            stem = name.rpartition(".")[0]
            if not stem.isdecimal():
                odd.append(name)
            elif numbers.setdefault(int(stem), name) != name:
                twice.append(name)
        if twice:
            errors.append(f"{folder}: more than one picture of a number: {some(twice)}. Keep one of each.")
        _left_out(folder, odd, others, warnings)
        return numbers

    def _parts(self, errors: list[str], warnings: list[str]) -> dict[int, int]:
        masks = existing_folder(self.root / self.masks, SOURCES)
        bits = {part: 1 << bit for bit, part in enumerate(PARTS)}
        parts: defaultdict[int, int] = defaultdict(int)
        misplaced = []
        inner = folders_in(masks)
        for name in (".", *inner):
            files, others = pictures_in(masks / name)
            odd = []
            for file in files:
                match = _FILE.fullmatch(file)
                if match is None or match[2] not in bits:
                    odd.append(file)
                elif name != str(int(match[1]) // _PER_FOLDER):
                    misplaced.append(f"{name}/{file}")
                else:
                    parts[int(match[1])] |= bits[match[2]]
            _left_out(masks / name, odd, others - len(inner) if name == "." else others, warnings)
        if misplaced:
            rule = f"Expected the masks of picture k in the folder k // {_PER_FOLDER}; move them there"
            errors.append(f"{masks}: {len(misplaced)} masks lie in a wrong folder: {some(misplaced)}. {rule}.")
        return parts

    def _with_celeba(self, manifest: Manifest) -> Manifest:
        mapping = self.root / MAPPING
        if not mapping.is_file():
            return manifest
        stems = read_mapping(mapping)
        numbers = manifest.column("number").tolist()
        missing = [str(number) for number in numbers if number not in stems]
        if missing:
            raise DataError(f"{mapping}: has no line for {some(missing)}. Use the official file.")
        originals = [stems[number] for number in numbers]
        manifest = manifest.with_column("celeba", pa.array(originals, pa.string()))
        identities = find_list(self.celeba, "Anno", "identity_CelebA.txt")
        if identities is None:
            return manifest
        return manifest.with_column("identity", listed_numbers(identities, originals))


def _left_out(folder: Path, odd: Sequence[str], others: int, warnings: list[str]) -> None:
    if odd:
        warnings.append(f"{folder}: {len(odd)} files of other names are left out: {some(odd)}.")
    if others:
        warnings.append(f"{folder}: {others} entries that are no pictures are left out.")


def _classes(
    parts: Mapping[str, str] | None, foreground: Sequence[str] | None, merge: bool
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Class names, and the class index of each part."""
    given = {part: part for part in PARTS} if parts is None else dict(parts)
    unknown = [part for part in given if part not in PARTS]
    if unknown:
        raise ValueError(f"data.parts={given}: {some(unknown)} is no part. Expected some of {', '.join(PARTS)}.")
    names = list(dict.fromkeys(name for name in given.values() if name not in ("background", "ignore")))
    if not names:
        raise ValueError(f"data.parts={given}: expected a class other than background and ignore.")
    classes, indices = choose_classes(names, names if foreground is None else foreground, merge)
    indices |= {"background": 0, "ignore": IGNORE}
    return classes, {part: indices[given.get(part, "background")] for part in PARTS}
