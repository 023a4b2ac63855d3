"""What every data set is: a manifest (which samples there are) plus a reader (how one becomes arrays)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bareface.data.manifest import Manifest
from bareface.errors import DataError

Stage = Literal["train", "val", "test"]
STAGES: tuple[Stage, ...] = ("train", "val", "test")


@dataclass(frozen=True)
class Record:
    """One sample as it was read, before any transform.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class indices, 255 = ignore; None where the data set has no masks.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8] | None = None


class DataSet(ABC):
    """A data set on disk.

    The constructor only stores its arguments; the first use of ``manifest`` looks at the files. A data set is sent to
    the loader's workers, so it holds paths, plain values and the manifest, nothing else.

    Attributes:
        root: The folder that keys are relative to.
    """

    root: Path

    @abstractmethod
    def index(self) -> Manifest:
        """Looks at the files and lists the samples, sorted by key.

        Raises:
            DataError: The root is missing or empty, or the files contradict the format.
        """

    @abstractmethod
    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Divides the samples; a function of the manifest and the data set's seed alone. A stage may be empty."""

    @abstractmethod
    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one sample.

        Raises:
            PictureError: The picture or the mask is unreadable.
            DataError: The mask contradicts the format (values, aspect ratio).
        """

    def picture(self, key: str) -> Path:
        """The file of a sample's picture."""
        return self.root / key

    def content(self, manifest: Manifest, row: int) -> bytes:
        """The bytes of a sample's picture as they are stored."""
        return self.picture(manifest.key(row)).read_bytes()

    @cached_property
    def manifest(self) -> Manifest:
        """All samples."""
        manifest = self.index()
        if len(manifest) == 0:
            expected = str(type(self).__doc__).splitlines()[0].replace("``", "")
            raise DataError(f"{self.root}: no samples found. {expected}")
        return manifest

    @cached_property
    def splits(self) -> dict[Stage, Manifest]:
        """The samples of each stage."""
        return self.split(self.manifest)


class MaskDataSet(DataSet):
    """A data set whose samples have masks: what a segmenter is trained on.

    Attributes:
        classes: Names of the mask values 0, 1, ...; the first is ``background``.
        of_celeba: Whether the pictures were made from CelebA's, so that other data sets may hold the same ones.
    """

    classes: tuple[str, ...]
    of_celeba: bool = False

    def origins(self, manifest: Manifest) -> list[str | None]:
        """Name of the photograph that each sample was made from, equal in all data sets made from it; None = unknown.

        That of an original picture of CelebA is its stem, in the column ``celeba`` where there is one.
        """
        return list(manifest.table["celeba"].to_pylist()) if manifest.has("celeba") else [None] * len(manifest)


class IdentityDataSet(DataSet):
    """A data set whose samples have identities: what a recogniser is trained on.

    The manifest has the column ``label`` (int32, position in ``identities``) and may have the column ``mask``.

    Attributes:
        classes: Names of the mask values where the data set has masks, else empty.
    """

    classes: tuple[str, ...]

    @property
    @abstractmethod
    def identities(self) -> tuple[str, ...]:
        """Names of the labels 0, 1, ..., in label order."""

    def names(self, manifest: Manifest) -> tuple[str, ...]:
        """As ``identities``, for samples of which some are known to be faulty."""
        return self.identities

    @property
    def groups(self) -> Mapping[str, str]:
        """Group of each identity, by name, where the data says one, as gender; empty where it does not."""
        return {}
