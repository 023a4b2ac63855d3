"""What a study measures of pairs and of galleries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

References = Literal["shown", "original"]


@dataclass(frozen=True)
class Plan:
    """What is measured of pairs and of galleries.

    Args:
        fars: At which TAR is wanted.
        fpirs: At which TPIR is wanted.
        references: What a photo is compared with: others ``shown`` in the same condition, or ``original`` ones (of the
            first condition), as where old pictures are enrolled and new ones are changed.
        verification_photos: How many photos are compared with one another at most; 0 = none.
        stage: Whose photos are shown, for what is said of them.

    Raises:
        ValueError: A rate is not between 0 and 1, ``references`` is something else, or so few photos cannot be
            compared.
    """

    fars: Sequence[float]
    fpirs: Sequence[float]
    references: References
    verification_photos: int = 2000
    stage: str = "test"

    def __post_init__(self) -> None:
        for name, rates in (("fars", self.fars), ("fpirs", self.fpirs)):
            wrong = [rate for rate in rates if not 0 < rate <= 1]
            if wrong:
                raise ValueError(f"{name}={list(rates)}: expected rates above 0 and at most 1.")
        if self.references not in get_args(References):
            raise ValueError(f"references={self.references}: expected shown or original.")
        if self.verification_photos != 0 and self.verification_photos < 4:
            rule = "expected 0 for none, or at least 4"
            raise ValueError(f"verification_photos={self.verification_photos}: {rule}.")
