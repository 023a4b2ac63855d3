"""The photos of one batch that may come on the picture sheet, until it is known which do."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from bareface.pipeline.album import MATTE, Album, Entry, Tile
from bareface.pipeline.respondent import Answers


class Candidates:
    """What the photos of a batch look like in each condition, of those only that have a chance.

    Args:
        album: Says who has a chance, and takes those that come out.
        keys: N keys.
        overlap: (N,) IoU of the first mattes with the ground truth; NaN = unknown.
    """

    def __init__(self, album: Album, keys: Sequence[str], overlap: Tensor) -> None:
        self.album = album
        self._entries: dict[int, Entry] = {}
        self._ranks: dict[int, list[int]] = {}
        self._predicted: dict[int, dict[str, int]] = {}
        for index, (key, value) in enumerate(zip(keys, overlap.tolist(), strict=True)):
            known = None if value != value else float(value)
            ranks = album.chances(key, known)
            if ranks:
                self._entries[index] = Entry(key, "", {}, ranks, known)
                self._ranks[index], self._predicted[index] = [], {}

    def show(self, condition: str, pictures: Tensor, answers: Answers) -> None:
        """The next condition: (N, 3, H, W) in [0, 255], and what the first respondent said."""
        if not self._entries:
            return
        rank, predicted = answers.rank.tolist(), answers.predicted.tolist()
        for index, entry in list(self._entries.items()):
            if not self._ranks[index] and rank[index] != 0:  # what is wrong at first cannot flip
                entry.ranks.pop("flipped", None)
            if not entry.ranks:
                del self._entries[index]
                continue
            self._ranks[index].append(rank[index])
            if predicted[index] >= 0:
                self._predicted[index][condition] = predicted[index]
            entry.tiles[condition] = _tile(pictures[index])

    def end(self, matte: Tensor | None, identities: Sequence[str], names: Sequence[str]) -> None:
        """Puts those into the album that have come out as something.

        Args:
            matte: (N, 1, H, W) of the first condition that has one.
            identities: N names.
            names: Of what the first respondent may say.
        """
        for index, entry in self._entries.items():
            if not any(self._ranks[index]):
                entry.ranks.pop("flipped", None)
            if not entry.ranks:
                continue
            entry.identity = identities[index]
            entry.predicted = {condition: names[number] for condition, number in self._predicted[index].items()}
            if matte is not None:
                first, *others = entry.tiles.items()
                entry.tiles = dict([first, (MATTE, _tile(matte[index].expand(3, -1, -1) * 255)), *others])
            self.album.add(entry)


def _tile(image: Tensor) -> Tile:
    return np.asarray(image.permute(1, 2, 0).round().to(torch.uint8).cpu().numpy())
