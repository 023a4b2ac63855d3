"""The people of COCO (Lin et al., ECCV 2014), all of them or portraits alone."""

import json
from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bareface.data.coco_annotations import People, read_heads, read_people
from bareface.data.dataset import MaskDataSet, Record, Stage
from bareface.data.folders import existing_folder, pictures_in
from bareface.data.manifest import Manifest
from bareface.data.mask import IGNORE
from bareface.data.rle import decode
from bareface.data.splits import check_seed, counts_of, shuffled
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some
from bareface.io.pictures import exif_orientation, read_picture, rotated

SOURCES = (
    "Expected train2017/, val2017/ and annotations/instances_train2017.json and so on "
    "(https://cocodataset.org/#download: the two archives of pictures and annotations_trainval2017.zip)."
)


class CocoPerson(SurveyedDataSet, MaskDataSet):
    """Person or background in the pictures of COCO that show people.

    Every person of a picture is ``person``. Crowds (``iscrowd`` = 1), where single people were not drawn, are neither
    trained on nor scored. Most of COCO's people are small, cut off or turned away: with ``people: 1``, ``head: true``
    and a ``min_share``, portraits remain.

    Args:
        root: Folder with the trees of pictures and ``annotations/``.
        train_tree: Folder of the pictures for training and validation.
        test_tree: Folder of the pictures for the test.
        people: Only pictures of exactly so many people, not counting crowds; null = one or more.
        head: Only pictures in which the nose, an eye or an ear of somebody is visible; needs person_keypoints_*.json.
        min_share: Only pictures whose people cover at least this share of the pixels.
        crowd: ``leave_out``: only pictures without a crowd; ``allow``.
        val_fraction: Share of ``train_tree`` that is val.
        seed: Of that choice.
    """

    classes = ("background", "person")

    def __init__(
        self,
        root: str,
        train_tree: str = "train2017",
        test_tree: str = "val2017",
        people: int | None = 1,
        head: bool = True,
        min_share: float = 0.05,
        crowd: Literal["allow", "leave_out"] = "leave_out",
        val_fraction: float = 0.05,
        seed: int = 0,
    ) -> None:
        self.root, self.train_tree, self.test_tree = Path(root), train_tree, test_tree
        if train_tree == test_tree:
            raise ValueError(f"data.test_tree={test_tree}: expected another folder than data.train_tree.")
        if people is not None and people < 1:
            raise ValueError(f"data.people={people}: expected at least 1, or null for any number.")
        if not 0 <= min_share <= 1:
            raise ValueError(f"data.min_share={min_share}: expected 0 <= share <= 1.")
        if crowd not in ("allow", "leave_out"):
            raise ValueError(f"data.crowd={crowd}: expected allow or leave_out.")
        if not 0 <= val_fraction < 1:
            raise ValueError(f"data.val_fraction={val_fraction}: expected 0 <= v < 1, e.g. 0.05.")
        self.people, self.head, self.min_share, self.crowd = people, head, min_share, crowd
        self.val_fraction, self.seed = val_fraction, check_seed(seed)

    def survey(self) -> Survey:
        """Reads the annotations and looks for the pictures that are chosen."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        warnings: list[str] = []
        rows: list[tuple[str, People]] = []
        for tree in (self.train_tree, self.test_tree):
            folder = existing_folder(self.root / tree, SOURCES)
            there, _ = pictures_in(folder)
            chosen = self._chosen(tree, warnings)
            lost = {people.file for people in chosen} - set(there)
            if lost:
                where = f"{len(lost)} pictures that instances_{tree}.json names are missing"
                errors.append(f"{folder}: {where}: {some(sorted(lost))}. Restore those.")
            rows += [(f"{tree}/{people.file}", people) for people in chosen if people.file not in lost]
        rows.sort(key=lambda row: row[0])
        table = {
            "key": pa.array([key for key, _ in rows], pa.string()),
            "height": pa.array([people.height for _, people in rows], pa.int32()),
            "width": pa.array([people.width for _, people in rows], pa.int32()),
            "people": pa.array([len(people.persons) for _, people in rows], pa.int32()),
            "share": pa.array([_share(people) for _, people in rows], pa.float32()),
            "persons": pa.array([json.dumps(people.persons) for _, people in rows], pa.large_string()),
            "crowds": pa.array([json.dumps(people.crowds) for _, people in rows], pa.large_string()),
        }
        return Survey(Manifest(pa.table(table)), errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """``test_tree`` is test; a seeded share of ``train_tree`` is val."""
        tests = np.array([key.startswith(f"{self.test_tree}/") for key in manifest.column("key")], bool)
        training = manifest.take(np.flatnonzero(~tests))
        counts = counts_of(len(training), (1 - self.val_fraction, self.val_fraction, 0))
        return {**shuffled(training, counts, self.seed), "test": manifest.take(np.flatnonzero(tests))}

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture and draws its people."""
        sample = manifest.row(row)
        path = self.root / sample["key"]
        image = read_picture(path)
        height, width = sample["height"], sample["width"]
        mask = np.zeros((height, width), np.uint8)
        try:
            for value, name in ((IGNORE, "crowds"), (1, "persons")):
                for segmentation in json.loads(sample[name]):
                    mask[decode(segmentation, height, width)] = value
        except ValueError as error:
            raise DataError(f"{path}: {error} Correct its annotation.") from error
        return Record(image, _turned(mask, image.shape, path))

    def _chosen(self, tree: str, warnings: list[str]) -> list[People]:
        """The pictures that pass all filters."""
        found = read_people(self._annotations("instances", tree))
        heads = read_heads(self._annotations("person_keypoints", tree)) if self.head else set()
        chosen = []
        left_out: Counter[str] = Counter()
        for people in found:
            reason = self._reason(people, heads)
            if reason is None:
                chosen.append(people)
            else:
                left_out[reason] += 1
        if left_out:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.most_common())
            warnings.append(
                f"{self.root / tree}: {len(chosen):,} of {len(found):,} pictures are used; left out: {reasons}."
            )
        return chosen

    def _reason(self, people: People, heads: set[int]) -> str | None:
        """Why a picture is left out; None where it is not."""
        if not people.persons:
            return "of a crowd alone"
        if people.crowds and self.crowd == "leave_out":
            return "with a crowd"
        if self.people is not None and len(people.persons) != self.people:
            return "with another number of people"
        if self.head and heads.isdisjoint(people.ids):
            return "without a visible head"
        return f"of people below a share of {self.min_share}" if _share(people) < self.min_share else None

    def _annotations(self, kind: str, tree: str) -> Path:
        path = self.root / "annotations" / f"{kind}_{tree}.json"
        if not path.is_file():
            remedy = " Or set data.head=false." if kind == "person_keypoints" else ""
            raise DataError(f"{path}: no such file. It comes with COCO (annotations_trainval2017.zip).{remedy}")
        return path


def _share(people: People) -> float:
    return people.pixels / (people.height * people.width)


def _turned(mask: NDArray[np.uint8], shape: tuple[int, ...], path: Path) -> NDArray[np.uint8]:
    """The mask, turned as EXIF turns its picture: annotations are drawn on the picture as it was stored.

    One that has the size of the turned picture and not of the stored one was drawn on that.
    """
    orientation = exif_orientation(path)
    stored = (shape[1], shape[0]) if orientation >= 5 else shape[:2]
    if mask.shape == stored:
        mask = rotated(mask, orientation)
    if mask.shape != shape[:2]:
        sizes = f"the picture is {shape[0]} x {shape[1]}, its annotation says {mask.shape[0]} x {mask.shape[1]}"
        raise DataError(f"{path}: {sizes}. Restore the official picture.")
    return mask
