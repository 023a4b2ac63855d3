"""The photos of the picture sheet: which, and what they looked like in each condition."""

import bisect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bareface.callbacks.predictions import draw_lot
from bareface.io.atomic import atomic_path
from bareface.io.pictures import write_picture
from bareface.pipeline.results import Kind, Shown

Tile = NDArray[np.uint8]
MATTE = "matte"


@dataclass
class Entry:
    """A photo that may come on the sheet.

    Attributes:
        key: The photo.
        identity: Who it is.
        predicted: Who the first respondent took it for, by condition.
        ranks: Its place among the photos of each kind that it may be shown as: the smallest are.
        overlap: IoU of its first matte with the ground truth; None where that is not known.
        files: Names of its pictures by what they show, once they are written.
        tiles: (H, W, 3) RGB by what they show, until then.
    """

    key: str
    identity: str
    predicted: dict[str, str]
    ranks: dict[Kind, float]
    overlap: float | None
    files: dict[str, str] = field(default_factory=dict)
    tiles: dict[str, Tile] = field(default_factory=dict, repr=False)


class Album:
    """Keeps the photos for the sheet from a stream of them; which, does not depend on the order in which they come.

    Args:
        typical: Keys of photos that were drawn by lot: all are kept.
        special: How many are kept that flipped, drawn by lot, and how many with the worst mattes.
        earlier: What was kept before: what those leave no place for, is not kept.
    """

    def __init__(self, typical: Collection[str], special: int, earlier: Iterable[Mapping[str, Any]] = ()) -> None:
        self.typical, self.special = frozenset(typical), special
        self._best: dict[Kind, list[tuple[float, str]]] = {"flipped": [], "worst": []}
        self._entries: dict[str, Entry] = {}
        for entry in earlier:
            self._place(str(entry["key"]), entry["ranks"])

    def chances(self, key: str, overlap: float | None) -> dict[Kind, float]:
        """What a photo may be shown as, with its rank, if it turns out to have flipped."""
        ranks: dict[Kind, float] = {"typical": 0.0} if key in self.typical else {}
        if self._fits("flipped", draw_lot(key), key):
            ranks["flipped"] = draw_lot(key)
        if overlap is not None and self._fits("worst", overlap, key):
            ranks["worst"] = overlap
        return ranks

    def add(self, entry: Entry) -> None:
        """Adds a photo that has come out as what its ranks say."""
        self._entries[entry.key] = entry
        self._place(entry.key, entry.ranks)
        wanted = {key for best in self._best.values() for _, key in best} | self.typical
        self._entries = {key: each for key, each in self._entries.items() if key in wanted}

    def write(self, folder: Path) -> list[dict[str, Any]]:
        """Writes the pictures of what was kept since the last time; what is to be remembered of it, in plain values."""
        written = []
        for number, entry in enumerate(self._entries.values()):
            entry.files = {name: f"{number}-{place}.png" for place, name in enumerate(entry.tiles)}
            for name, file in entry.files.items():
                write_picture(folder / file, entry.tiles[name])
            entry.tiles = {}
            written.append(asdict(entry))
        self._entries = {}
        return written

    def _fits(self, kind: Kind, rank: float, key: str) -> bool:
        best = self._best[kind]
        return len(best) < self.special or (self.special > 0 and (rank, key) < best[-1])

    def _place(self, key: str, ranks: Mapping[Kind, float]) -> None:
        for kind, best in self._best.items():
            if kind in ranks:
                bisect.insort(best, (ranks[kind], key))
                del best[self.special :]


def develop(written: Sequence[tuple[Path, Mapping[str, Any]]], special: int, run: Path) -> list[Shown]:
    """Chooses from everything that was kept, and puts the pictures in their place.

    Args:
        written: Folders, and what ``Album.write`` said of the photos in them.
        special: As ``Album``'s.
        run: Folder of the run; pictures go to ``figures/photos/NUMBER-WHAT.png`` in it.

    Returns:
        The sheet: typical photos in the order of their keys, those that flipped in the order of the lot, the worst.
    """
    chosen: list[tuple[Kind, Path, Mapping[str, Any]]] = []
    kinds: tuple[Kind, ...] = ("typical", "flipped", "worst")
    for kind in kinds:
        of_kind = [(folder, entry) for folder, entry in written if kind in entry["ranks"]]
        of_kind.sort(key=lambda each, kind=kind: (each[1]["ranks"][kind], each[1]["key"]))  # type: ignore[misc]
        limit = None if kind == "typical" else special
        chosen += [(kind, folder, entry) for folder, entry in of_kind[:limit]]
    target = run / "figures" / "photos"
    placed: dict[str, dict[str, str]] = {}
    shown = []
    for kind, folder, entry in chosen:
        key = str(entry["key"])
        if key not in placed:
            target.mkdir(parents=True, exist_ok=True)
            number, placed[key] = len(placed), {}
            for name, file in entry["files"].items():
                path = target / f"{number:03}-{_plain(name)}.png"
                with atomic_path(path) as temporary:
                    temporary.write_bytes((folder / file).read_bytes())
                placed[key][name] = path.relative_to(run).as_posix()
        note = f"IoU of the matte {entry['overlap']:.0%}" if kind == "worst" else ""
        shown.append(Shown(key, entry["identity"], kind, placed[key], entry["predicted"], note))
    return shown


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in name)
