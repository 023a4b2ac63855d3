"""Thresholds for a rate of false answers that the user names."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bareface.recognition.protocols.curve import allowed

KEPT = 10_000
"""So many of the highest scores are kept; with more scores than that, larger rates cannot be had."""
FEWEST = 10
"""Of fewer scores than that no rate is chosen for the user."""


@dataclass(frozen=True)
class Scores:
    """Scores that should have been below the threshold.

    Attributes:
        count: How many there are.
        highest: (H,) float32, the highest of them, highest first; H = ``count``, at most ``KEPT``.
    """

    count: int
    highest: tuple[float, ...]

    @classmethod
    def of(cls, scores: NDArray[np.float32]) -> Self:
        """Keeps the highest."""
        return cls(len(scores), tuple(np.sort(scores)[::-1][:KEPT].tolist()))

    def rate(self, wanted: float) -> float | None:
        """The smallest rate from ``wanted`` on that these scores can show; None where they are too few for any.

        >>> many, few, none = (Scores(count, ()) for count in (1000, 40, 9))
        >>> many.rate(0.01), few.rate(0.01), none.rate(0.01)
        (0.01, 0.025, None)
        """
        return max(wanted, 1 / self.count) if self.count >= FEWEST else None

    def threshold(self, rate: float, option: str, what: str, remedy: str) -> float:
        """The lowest threshold that at most a share of the scores reaches, as the protocols count it.

        It is the number just above the highest score that must not be accepted: of equal scores all stay below it.

        Args:
            rate: The share, 0 < rate < 1.
            option: What the user wrote, for messages: ``--fpir``.
            what: What a score comes from, for messages: ``searches``.
            remedy: What else the user can do, for messages.

        Raises:
            ValueError: No such rate, or there are too few scores to show it.
        """
        if not 0 < rate < 1:
            raise ValueError(f"{option}={rate:g}: expected 0 < v < 1.")
        try:
            accepted = allowed(rate, self.count)
        except ValueError as error:
            needed = math.ceil(1 / rate - 1e-9)
            reason = f"needs at least {needed} {what}, there are {self.count}"
            raise ValueError(f"{option}={rate:g}: {reason}. {remedy}") from error
        if accepted >= len(self.highest):
            most = (len(self.highest) - 1) / self.count
            raise ValueError(f"{option}={rate:g}: expected at most {most:.3g}, higher scores alone are kept.")
        return float(np.nextafter(np.float32(self.highest[accepted]), np.float32(np.inf)))


@dataclass(frozen=True)
class Calibration:
    """What is known of the scores of people who are not who they are taken for.

    Attributes:
        source: ``gallery`` (each enrolled picture searched among everybody else's) or ``strangers`` (pictures of people
            who are not enrolled).
        pictures: Number of pictures in the gallery that was searched: a false-positive rate grows with it.
        searches: The best score of each search.
        pairs: Scores of pairs of enrolled pictures of two identities.
    """

    source: str
    pictures: int
    searches: Scores
    pairs: Scores

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Self:
        """The inverse of ``dataclasses.asdict``."""
        scores = (Scores(int(values[name]["count"]), tuple(map(float, values[name]["highest"]))) for name in
                  ("searches", "pairs"))  # fmt: skip
        return cls(str(values["source"]), int(values["pictures"]), *scores)

    def for_search(self, fpir: float) -> float:
        """The threshold at which a share ``fpir`` of people who are not enrolled is taken for somebody.

        Raises:
            ValueError: No such rate, or too few searches to show it.
        """
        remedy = "Enrol more people, calibrate with enroll --strangers DIR, or name a larger rate or --threshold."
        return self.searches.threshold(fpir, "--fpir", "searches of people who are not enrolled", remedy)

    def for_pair(self, fmr: float) -> float:
        """The threshold at which a share ``fmr`` of pairs of two people is taken for one.

        Raises:
            ValueError: No such rate, or too few pairs to show it.
        """
        remedy = "Enrol more people, or name a larger rate or --threshold."
        return self.pairs.threshold(fmr, "--fmr", "pairs of two identities", remedy)


NONE = Calibration("gallery", 0, Scores(0, ()), Scores(0, ()))
"""Nothing is known yet."""
