"""What is measured of a recogniser, and whether the pictures can show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bareface.errors import DataError
from bareface.recognition.protocols import partition
from bareface.recognition.protocols.curve import NEEDS

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
        asked: Each of the protocols was asked for: one that the pictures cannot show is an error. Else it is left out.
        where: Which pictures they are, for the message.

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
    asked: bool = True
    where: str = "the data"

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

    def measurable(self, identities: ArrayLike | None, listed: bool) -> tuple[list[Protocol], list[str]]:
        """The protocols that these pictures can show, and why not the others; asked before they are embedded.

        Args:
            identities: (N,) number or name of each test picture's identity, in the order of their keys; None: they are
                not known.
            listed: Whether there is a list of pairs.

        Raises:
            ValueError: A protocol that was asked for needs identities, more of them, or more pictures of each; or they
                do not suffice for any. Or the rank is not below the number of enrolled identities.
            DataError: There is no list of pairs and one is wanted.
        """
        found: list[Protocol] = []
        refusals: list[ValueError | DataError] = []
        for protocol in self.protocols:
            try:
                self._check(protocol, identities, listed)
                found.append(protocol)
            except (ValueError, DataError) as error:
                if self.asked:
                    raise
                refusals.append(error)
        if not found:
            raise refusals[0]
        if "open_set" in found and identities is not None:
            count = len(np.unique(np.asarray(identities)[self.divided(identities).gallery]))
            if self.rank >= count:
                rule = f"expected 1 to {count - 1}, {count} identities are enrolled"
                raise ValueError(f"rank={self.rank}: {rule}. Ask for less, or use more identities.")
        return found, [f"left out: {error}" for error in refusals]

    def _check(self, protocol: Protocol, identities: ArrayLike | None, listed: bool) -> None:
        if protocol == "pairs":
            if not listed:
                remedy = "Use protocols=[verification], which takes all pairs." if identities is not None else _OTHERS
                raise DataError(f"protocols: the data has no list of pairs. {remedy}")
            return
        if identities is None:
            remedy = "Use protocols=[pairs]." if listed else _OTHERS
            raise ValueError(f"protocols: {protocol} needs identities, and the pictures have none. {remedy}")
        try:
            if protocol == "verification":
                check_pairs(identities)
            elif protocol == "identification":
                partition.closed_set(identities, self.gallery_pictures)
            else:
                self.divided(identities)
        except ValueError as error:
            what = f"protocols: {protocol} cannot be measured on {_counted(identities)} ({self.where})"
            raise ValueError(f"{what}: {error} {self._remedy(protocol, identities)}") from error

    def _remedy(self, protocol: Protocol, identities: ArrayLike) -> str:
        """Options that give more of what is missing."""
        names, sizes = np.unique(np.asarray(identities), return_counts=True)
        needed = 1 if protocol == "verification" else self.gallery_pictures
        pictures = len(names) > 1 and sizes.max() <= needed
        options = [] if "stage=all" in self.where else ["stage=all", "data.split=disjoint", "other data.fractions"]
        if pictures and sizes.max() > 1:
            options.append(f"gallery_pictures={sizes.max() - 1}")
        if not pictures and protocol == "open_set" and len(names) > 1:
            options.append("strangers=each")
        what = "more pictures of each" if pictures else "more identities"
        how = f" ({', '.join(options)})" if options else ""
        return f"Test {what}{how}, or choose protocols=... without it."

    def divided(self, identities: ArrayLike) -> partition.Partition:
        """Who is enrolled of an open set, and who is looked up; everybody is enrolled where ``strangers`` is each.

        Raises:
            ValueError: There are too few identities, or too few pictures of each.
        """
        if self.strangers == "each":
            return partition.closed_set(identities, self.gallery_pictures)
        return partition.open_set(identities, self.gallery_pictures, self.strangers, self.seed)


def check_pairs(identities: ArrayLike) -> None:
    """Makes sure that there are mated pairs and non-mated ones.

    Raises:
        ValueError: No identity has two pictures, or there is one identity alone.
    """
    _, sizes = np.unique(np.asarray(identities), return_counts=True)
    for kind, there in (("mated", (sizes > 1).any()), ("non-mated", len(sizes) > 1)):
        if not there:
            raise ValueError(f"there are no {kind} pairs. {NEEDS[kind]}")


def _counted(identities: ArrayLike) -> str:
    """How many identities, and how many pictures of each."""
    _, sizes = np.unique(np.asarray(identities), return_counts=True)
    low, high = int(sizes.min()), int(sizes.max())
    each = f"{low} to {high} pictures" if low < high else f"{high} picture{'s' if high > 1 else ''}"
    return f"{len(sizes)} identities with {each} each" if len(sizes) > 1 else f"1 identity with {each}"
