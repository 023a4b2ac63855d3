"""LFW Part Labels (Kae, Sohn, Lee and Learned-Miller, CVPR 2013): hair and skin on funneled pictures of LFW."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bareface.data.celeba_lists import find_list
from bareface.data.codes import Unknown
from bareface.data.colours import Colours
from bareface.data.dataset import MaskDataSet, Record, Stage
from bareface.data.folders import by_stem, existing_folder, pictures_in
from bareface.data.foreground import choose_classes
from bareface.data.manifest import Manifest
from bareface.data.splits import by_identity, check_fractions, check_seed, of_stages
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some
from bareface.io.pictures import read_picture
from bareface.io.text import read_lines

SOURCES = (
    "Expected lfw_funneled/NAME/NAME_0001.jpg and parts_lfw_funneled_gt_images/NAME_0001.ppm "
    "(http://vis-www.cs.umass.edu/lfw/ and its page part_labels; the site is often down)."
)
LISTS: Mapping[Stage, str] = {"train": "parts_train.txt", "val": "parts_validation.txt", "test": "parts_test.txt"}
_COLOURS = {"face": "#00ff00", "hair": "#ff0000"}
_BACKGROUND = "#0000ff"
_MISREGISTERED = (
    "is aligned in another way than the masks, which were drawn on lfw_funneled and would lie beside the faces"
)


class LFWParts(SurveyedDataSet, MaskDataSet):
    """LFW Part Labels: masks of 2,927 funneled pictures, hair red, skin green, background blue.

    Beards are hair in these masks; in those of CelebHair they are not.

    Args:
        root: Folder with the two folders below and the three lists of the official split.
        pictures: Folder of the pictures, a folder a person. Those without a mask, the most of LFW, are left out.
        masks: Folder of the masks.
        foreground: What is told from the background: ``face``, ``hair`` or both.
        merge: Make one class, ``face+hair``, of the two.
        unknown_values: What becomes of other colours: ``error``, ``background`` or ``ignore`` (neither trained on nor
            scored; the first file is logged, ``bareface check`` counts all).
        split: ``official``: parts_train.txt, parts_validation.txt and parts_test.txt; masks in none of them are in no
            stage. ``identity``: no person in two stages, by ``fractions`` and ``seed``.
        fractions: Of the samples, for ``identity``.
        seed: Of the split by identity.
    """

    def __init__(
        self,
        root: str,
        pictures: str = "lfw_funneled",
        masks: str = "parts_lfw_funneled_gt_images",
        foreground: Sequence[str] = ("face", "hair"),
        merge: bool = False,
        unknown_values: Unknown = "error",
        split: Literal["official", "identity"] = "official",
        fractions: Sequence[float] = (0.7, 0.1, 0.2),
        seed: int = 0,
    ) -> None:
        self.root, self.pictures, self.masks = Path(root), pictures, masks
        if _is_deep(Path(pictures).name):
            raise ValueError(f"data.pictures={pictures}: {_MISREGISTERED}. Use lfw_funneled.")
        if unknown_values not in ("error", "background", "ignore"):
            raise ValueError(f"data.unknown_values={unknown_values}: expected error, background or ignore.")
        if split not in ("official", "identity"):
            raise ValueError(f"data.split={split}: expected official or identity.")
        self.classes, indices = choose_classes(list(_COLOURS), foreground, merge)
        by_colour = {_BACKGROUND: 0} | {_COLOURS[name]: index for name, index in indices.items()}
        self.colours = Colours(by_colour, unknown_values)
        self.split_by, self.fractions, self.seed = split, check_fractions(fractions), check_seed(seed)

    def survey(self) -> Survey:
        """Pairs masks with pictures by stem."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        warnings: list[str] = []
        masks = existing_folder(self.root / self.masks, SOURCES)
        names, others = pictures_in(masks)
        stems = by_stem(names, masks, errors)
        odd = [stems.pop(stem) for stem in list(stems) if re.fullmatch(r".+_\d{4}", stem) is None]
        if odd:
            warnings.append(f"{masks}: {len(odd)} files of other names are left out: {some(odd)}.")
        if others:
            warnings.append(f"{masks}: {others} entries that are no pictures are left out.")
        pictures = self._pictures(sorted({_person(stem) for stem in stems}), errors)
        lonely = sorted(stems.keys() - pictures.keys())
        if lonely:
            missing = some([stems[stem] for stem in lonely])
            errors.append(f"{masks}: {len(lonely)} masks have no picture in {self.pictures}: {missing}. Restore those.")
        paired = sorted((pictures[stem], stem) for stem in stems.keys() & pictures.keys())
        columns = {
            "key": [key for key, _ in paired],
            "mask": [f"{self.masks}/{stems[stem]}" for _, stem in paired],
            "identity": [_person(stem) for _, stem in paired],
        }
        manifest = Manifest(pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns])))
        return Survey(manifest, errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the samples as ``split`` says.

        Raises:
            DataError: A list is missing, names a picture that has no mask, or one that another list names.
        """
        if self.split_by == "identity":
            return of_stages(manifest, by_identity(manifest.column("identity"), self.fractions, self.seed))
        rows = {Path(key).stem: row for row, key in enumerate(manifest.column("key"))}
        stages: dict[Stage, NDArray[np.int64]] = {}
        seen: dict[str, Path] = {}
        for stage, name in LISTS.items():
            path = find_list(self.root, self.masks, name)
            if path is None:
                where = f"{self.root / name} or {self.root / self.masks / name}"
                raise DataError(f"data.split=official: needs {where}. It comes with the masks.")
            listed = _read_list(path)
            missing = [stem for stem in listed if stem not in rows]
            if missing:
                raise DataError(f"{path}: names pictures without a mask: {some(missing)}. Restore the masks.")
            twice = [f"{stem} ({seen[stem].name})" for stem in listed if stem in seen]
            if twice:
                raise DataError(f"{path}: names pictures of another list: {some(twice)}. Use the official lists.")
            seen |= dict.fromkeys(listed, path)
            stages[stage] = np.array([rows[stem] for stem in listed], np.int64)
        return of_stages(manifest, stages)

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture and its mask."""
        sample = manifest.row(row)
        image = read_picture(self.root / sample["key"])
        path = self.root / sample["mask"]
        colours = read_picture(path)
        if colours.shape != image.shape:
            sizes = (
                f"the mask is {colours.shape[0]} x {colours.shape[1]}, its picture {image.shape[0]} x {image.shape[1]}"
            )
            raise DataError(f"{path}: {sizes}. Expected the same size.")
        return Record(image, self.colours.to_classes(colours, str(path)))

    def unknown_values(self, sample: Mapping[str, Any]) -> set[int] | set[str]:
        """The colours of a mask that have no class."""
        return set(self.colours.others(read_picture(self.root / sample["mask"])))

    def _pictures(self, people: Sequence[str], errors: list[str]) -> dict[str, str]:
        """Keys of the pictures of these people, by stem."""
        folder = self.root / self.pictures
        if not folder.is_dir():
            deep = [path.name for path in sorted(self.root.iterdir()) if path.is_dir() and _is_deep(path.name)]
            if deep:
                raise DataError(
                    f"{folder}: no such folder. Found {deep[0]}, but that {_MISREGISTERED}. Get lfw_funneled."
                )
            existing_folder(folder, SOURCES)
        keys: dict[str, str] = {}
        for person in people:
            if (folder / person).is_dir():
                stems = by_stem(pictures_in(folder / person)[0], folder / person, errors)
                keys |= {stem: f"{self.pictures}/{person}/{name}" for stem, name in stems.items()}
        return keys


def _person(stem: str) -> str:
    return stem.rpartition("_")[0]


def _is_deep(name: str) -> bool:
    return "deep" in name.lower() and "funnel" in name.lower()


def _read_list(path: Path) -> list[str]:
    """Reads lines of a name and a number, ``Aaron_Eckhart 1``, as stems."""
    stems = []
    for position, line in enumerate(read_lines(path), start=1):
        fields = line.split()
        if fields and (len(fields) != 2 or not fields[1].isdecimal()):
            raise DataError(f"{path}: line {position} is {line.strip()!r}, expected a name and a number.")
        if fields:
            stems.append(f"{fields[0]}_{int(fields[1]):04d}")
    if len(set(stems)) != len(stems):
        twice = sorted({stem for stem in stems if stems.count(stem) > 1})
        raise DataError(f"{path}: names pictures twice: {some(twice)}. Use the official lists.")
    return stems
