"""What is measured of a recogniser, and whether the pictures can show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bareface.errors import DataError
from bareface.recognition.protocols import partition

Protocol = Literal["pairs", "verification", "identification", "open_set"]
PROTOCOLS: tuple[Protocol, ...] = ("pairs", "verification", "identification", "open_set")

_OTHERS = "Use data with people in it, such as data=identity_folder, vggface2 or lfw."


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        protocols: Which of ``PROTOCOLS``.
        fars: At which TAR is wanted.
        fpirs: At which TPIR is wanted.
        ranks: At which identification is wanted.
        rank: Candidates that an open-set search looks at.
        gallery_pictures: Pictures of each enrolled identity, pooled to one template.
        strangers: Share of the identities that an open set does not enrol; or ``each``: every identity in turn.
        seed: Of who they are.

    Raises:
        ValueError: A value is none that can be measured.
    """

    protocols: Sequence[Protocol]
    fars: Sequence[float]
    fpirs: Sequence[float]
    ranks: Sequence[int]
    rank: int
    gallery_pictures: int
    strangers: float | Literal["each"]
    seed: int

    def __post_init__(self) -> None:
        unknown = [name for name in self.protocols if name not in PROTOCOLS]
        if unknown or not self.protocols:
            raise ValueError(f"protocols={list(self.protocols)}: expected some of {', '.join(PROTOCOLS)}.")
        for name, rates in (("fars", self.fars), ("fpirs", self.fpirs)):
            if not all(0 < rate <= 1 for rate in rates):
                raise ValueError(f"{name}={list(rates)}: expected rates, 0 < v <= 1.")
        if not all(rank >= 1 for rank in self.ranks):
            raise ValueError(f"ranks={list(self.ranks)}: expected ranks, each at least 1.")
        for name in ("rank", "gallery_pictures"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: expected at least 1.")
        if self.strangers != "each" and (isinstance(self.strangers, str) or not 0 < self.strangers < 1):
            raise ValueError(f"strangers={self.strangers}: expected a share of the identities, 0 < v < 1, or each.")

    def check(self, identities: ArrayLike | None, listed: bool) -> None:
        """Refuses what these pictures cannot show, before they are embedded.

        Args:
            identities: (N,) number or name of each test picture's identity, in the order of their keys; None: they are
                not known.
            listed: Whether there is a list of pairs.

        Raises:
            ValueError: A protocol needs identities, more of them, or more pictures of each.
            DataError: There is no list of pairs and one is wanted.
        """
        if "pairs" in self.protocols and not listed:
            remedy = "Use protocols=[verification], which takes all pairs." if identities is not None else _OTHERS
            raise DataError(f"protocols: the data has no list of pairs. {remedy}")
        if identities is None:
            for protocol in self.protocols:
                if protocol != "pairs":
                    remedy = "Use protocols=[pairs]." if listed else _OTHERS
                    raise ValueError(f"protocols: {protocol} needs identities, and the pictures have none. {remedy}")
            return
        if "identification" in self.protocols:
            partition.closed_set(identities, self.gallery_pictures)
        if "open_set" in self.protocols:
            count = len(np.unique(np.asarray(identities)[self.divided(identities).gallery]))
            if self.rank >= count:
                rule = f"expected 1 to {count - 1}, {count} identities are enrolled"
                raise ValueError(f"rank={self.rank}: {rule}. Ask for less, or use more identities.")

    def divided(self, identities: ArrayLike) -> partition.Partition:
        """Who is enrolled of an open set, and who is looked up; everybody is enrolled where ``strangers`` is each.

        Raises:
            ValueError: There are too few identities, or too few pictures of each.
        """
        if self.strangers == "each":
            return partition.closed_set(identities, self.gallery_pictures)
        return partition.open_set(identities, self.gallery_pictures, self.strangers, self.seed)
