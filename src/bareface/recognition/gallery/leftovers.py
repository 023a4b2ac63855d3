"""What a writer that was interrupted left beside a gallery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Leftovers:
    """Faces that are stored and belong to no gallery; false where there is nothing.

    Attributes:
        names: Of the files or collections that hold them.
        people: Number of pictures of each identity, as far as they can be read; half a file cannot.
    """

    names: Sequence[str] = ()
    people: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.names)

    def text(self) -> str:
        """In words.

        >>> Leftovers(["faces-2.parquet"], {"Ada": 2, "Bob": 1}).text()
        '3 pictures of 2 identities (faces-2.parquet)'
        """
        return f"{sum(self.people.values())} pictures of {len(self.people)} identities ({', '.join(self.names)})"
