"""Data sets that can name everything that is wrong with their files, not only the first thing."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bareface.data.dataset import DataSet
from bareface.data.manifest import Manifest
from bareface.errors import DataError
from bareface.io.pictures import MAX_PIXELS, read_mask_codes


@dataclass(frozen=True)
class Survey:
    """What a look at the files (not into them) gave.

    Attributes:
        manifest: The samples that can be used, sorted by key.
        errors: One line each; with any of them training does not start.
        warnings: One line each.
    """

    manifest: Manifest
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class SurveyedDataSet(DataSet):
    """A data set whose index is a survey.

    Attributes:
        max_pixels: Larger pictures are refused before they are decoded.
    """

    max_pixels: int = MAX_PIXELS

    @abstractmethod
    def survey(self) -> Survey:
        """Looks at the files.

        Raises:
            DataError: There is nothing to survey: the root is missing, or a list of files is unreadable.
        """

    def mask_values(self) -> frozenset[int] | None:
        """The codes that mask files may hold; None where any may occur or there are no masks."""
        return None

    def unknown_values(self, sample: Mapping[str, Any]) -> set[int] | set[str]:
        """What the mask of a sample (a row of the manifest) holds that has no class: codes, or colours like #ff8000.

        Raises:
            PictureError: The mask is unreadable.
        """
        known = self.mask_values()
        if known is None:
            return set()
        return set(np.unique(read_mask_codes(self.root / sample["mask"], self.max_pixels)).tolist()) - known

    def index(self) -> Manifest:
        """Lists the samples, sorted by key.

        Raises:
            DataError: The survey found errors; the message is the first of them.
        """
        survey = self.survey()
        if survey.errors:
            others = len(survey.errors) - 1
            raise DataError(survey.errors[0] + (f" ({others} more errors: see bareface check)" if others else ""))
        return survey.manifest
