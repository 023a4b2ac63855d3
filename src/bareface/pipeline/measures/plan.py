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

    Raises:
        ValueError: A rate is not between 0 and 1, or ``references`` is something else.
    """

    fars: Sequence[float]
    fpirs: Sequence[float]
    references: References

    def __post_init__(self) -> None:
        for name, rates in (("fars", self.fars), ("fpirs", self.fpirs)):
            wrong = [rate for rate in rates if not 0 < rate <= 1]
            if wrong:
                raise ValueError(f"{name}={list(rates)}: expected rates above 0 and at most 1.")
        if self.references not in get_args(References):
            raise ValueError(f"references={self.references}: expected shown or original.")
