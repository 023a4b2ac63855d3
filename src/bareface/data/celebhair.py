"""CelebHair: the face and hair masks of Borza, Ileni and Darabant (ACIVS 2018) on aligned CelebA pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa

from bareface.data.celeba_lists import find_list, listed_numbers, needs_list, read_partition
from bareface.data.celeba_pictures import aligned_pictures
from bareface.data.codes import Codes, Unknown, read_mask
from bareface.data.dataset import MaskDataSet, Record, Stage
from bareface.data.folders import by_stem, existing_folder, pictures_in
from bareface.data.foreground import choose_classes
from bareface.data.manifest import Manifest
from bareface.data.splits import by_identity, by_order, check_counts, check_fractions, check_seed, of_stages
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import some
from bareface.io.pictures import read_picture

SOURCES = (
    "Expected img_align_celeba/NNNNNN.jpg (https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html) and "
    "segmentation_masks/NNNNNN.bmp (http://www.cs.ubbcluj.ro/~dadi/face-hair-segm-database.html)."
)
_CODES = {"face": 128, "hair": 255}


class CelebHair(SurveyedDataSet, MaskDataSet):
    """CelebHair: aligned CelebA pictures (JPEG or PNG) and masks of the same stem with the codes 0, 128, 255.

    Args:
        root: Folder with the two folders below and, for the splits that need them, the text files of CelebA.
        pictures: Folder of the pictures. Those without a mask, the most of CelebA, are left out.
        masks: Folder of the masks.
        foreground: What is told from the background: ``face``, ``hair`` or both.
        merge: Make one class, ``face+hair``, of the two.
        unknown_values: What becomes of other codes, which some of the published masks hold: ``error``, ``background``
            or ``ignore`` (neither trained on nor scored; the first file is logged, ``bareface check`` counts all).
        split: ``report``: the sorted keys, cut by ``counts``. ``identity``: no person in two stages, by ``fractions``
            and ``seed``; needs identity_CelebA.txt. ``celeba``: CelebA's own, 3,471 / 33 / 52; needs
            list_eval_partition.txt.
        counts: Train, val and test samples of ``report``.
        fractions: Of the samples, for ``identity``.
        seed: Of the split by identity.
    """

    of_celeba = True

    def __init__(
        self,
        root: str,
        pictures: str = "img_align_celeba",
        masks: str = "segmentation_masks",
        foreground: Sequence[str] = ("face", "hair"),
        merge: bool = False,
        unknown_values: Unknown = "ignore",
        split: Literal["report", "identity", "celeba"] = "report",
        counts: Sequence[int] = (3000, 200, 200),
        fractions: Sequence[float] = (0.8, 0.1, 0.1),
        seed: int = 0,
    ) -> None:
        self.root, self.pictures, self.masks = Path(root), pictures, masks
        self.classes, indices = choose_classes(list(_CODES), foreground, merge)
        if unknown_values not in ("error", "background", "ignore"):
            raise ValueError(f"data.unknown_values={unknown_values}: expected error, background or ignore.")
        if split not in ("report", "identity", "celeba"):
            raise ValueError(f"data.split={split}: expected one of report, identity, celeba.")
        self.codes = Codes({0: 0} | {_CODES[name]: index for name, index in indices.items()}, unknown_values)
        self.split_by, self.counts = split, check_counts(counts)
        self.fractions, self.seed = check_fractions(fractions), check_seed(seed)

    def mask_values(self) -> frozenset[int]:
        """The codes that mask files may hold."""
        return self.codes.known

    def survey(self) -> Survey:
        """Pairs masks with pictures by stem."""
        existing_folder(self.root, SOURCES)
        errors: list[str] = []
        picture_names = aligned_pictures(self.root, self.pictures, SOURCES)
        masks = existing_folder(self.root / self.masks, SOURCES)
        mask_names, others = pictures_in(masks)
        pictures = by_stem(picture_names, self.root / self.pictures, errors)
        stems = by_stem(mask_names, masks, errors)
        lonely = sorted(stems.keys() - pictures.keys())
        if lonely:
            names = some([stems[stem] for stem in lonely])
            errors.append(f"{masks}: {len(lonely)} masks have no picture in {self.pictures}: {names}. Restore those.")
        paired = sorted((pictures[stem], stems[stem]) for stem in stems.keys() & pictures.keys())
        columns = {
            "key": [f"{self.pictures}/{picture}" for picture, _ in paired],
            "mask": [f"{self.masks}/{mask}" for _, mask in paired],
        }
        manifest = Manifest(pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns])))
        identities = find_list(self.root, "Anno", "identity_CelebA.txt")
        if identities is not None:
            manifest = manifest.with_column("identity", listed_numbers(identities, _stems(manifest)))
        warnings = [f"{masks}: {others} entries that are no pictures are left out."] if others else []
        return Survey(manifest, errors, warnings)

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the samples as ``split`` says.

        Raises:
            DataError: There are too few samples, or the text file that the split needs is missing.
        """
        if self.split_by == "report":
            return by_order(manifest, self.counts)
        if self.split_by == "identity":
            if not manifest.has("identity"):
                raise needs_list(self.split_by, self.root, "Anno", "identity_CelebA.txt")
            return of_stages(manifest, by_identity(manifest.column("identity"), self.fractions, self.seed))
        partition = find_list(self.root, "Eval", "list_eval_partition.txt")
        if partition is None:
            raise needs_list(self.split_by, self.root, "Eval", "list_eval_partition.txt")
        return of_stages(manifest, read_partition(partition, _stems(manifest)))

    def origins(self, manifest: Manifest) -> list[str | None]:
        """The stems: they are those of CelebA."""
        return [*_stems(manifest)]

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture and its mask."""
        sample = manifest.row(row)
        image = read_picture(self.root / sample["key"])
        return Record(image, read_mask(self.root / sample["mask"], self.codes, image.shape))


def _stems(manifest: Manifest) -> list[str]:
    return [Path(key).stem for key in manifest.column("key")]
