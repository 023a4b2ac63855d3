"""Random backdrops as augmentation: what is behind a face is made to say nothing."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bareface.data.dataset import Stage
from bareface.data.samples import Samples
from bareface.errors import FaceError, PictureError, nearest
from bareface.pipeline import backdrops
from bareface.pipeline.background import compose
from bareface.pipeline.boxes import box_of, strip_beside, tiled
from bareface.pipeline.photos import Photos
from bareface.pipeline.shown import ShownWithMatte

DRAWN = ("colour", "photo")
"""Backdrops that a study has no condition of: any colour; the background of another photo of the same stage."""
TRIES = 16
"""Other photos that are looked at for one that has a background to lend."""


class RandomBackdrops(ShownWithMatte):
    """Each time with some probability another backdrop, drawn evenly from several; else the photo as it is.

    What a photo gets depends on the seed, its key and the epoch, on nothing else. A photo whose matte is empty is shown
    as it is, always. Validation and test show photos as they are unless ``stages`` says otherwise.

    Args:
        mattes: Folder that ``bareface mattes`` wrote.
        foreground: What its mattes must keep.
        backdrops: Each one of black, white, grey, mean, blur, noise; ``colour``: any colour; ``photo``: the background
            of another person's photo of the same stage, tiled where that one's own foreground was; or the path of a
            picture or of a folder of them.
        probability: Of a backdrop at all.
        seed: Of the draws.
        segmenter: Checkpoint of the segmenter that must have made the mattes; null: whichever did.
        stages: The stages whose photos are shown like this.

    Raises:
        FileNotFoundError: A backdrop is none of the names, and no file.
        ValueError: There is no backdrop or no such stage, or the probability is none.
    """

    left_out = False

    def __init__(
        self,
        mattes: str,
        foreground: str,
        backdrops: Sequence[str],
        probability: float,
        seed: int,
        segmenter: str | None = None,
        stages: Sequence[Stage] = ("train",),
    ) -> None:
        super().__init__(mattes, foreground, segmenter, stages)
        if not backdrops:
            raise ValueError("shown.backdrops=[]: expected one or more, e.g. [colour,photo].")
        if not 0 < probability <= 1:
            raise ValueError(f"shown.probability={probability}: expected 0 < probability <= 1.")
        self.names, self.probability, self.seed = tuple(backdrops), probability, seed
        self.fixed = {name: _backdrop(name) for name in backdrops if name not in DRAWN}

    @property
    def text(self) -> str:
        """Such as ``random backdrops colour, photo with probability 0.5, face+hair``."""
        return f"random backdrops {', '.join(self.names)} with probability {self.probability:g}, {self.foreground}"

    def composed(self, photos: Photos, matte: Tensor, samples: Samples, row: int) -> Tensor:
        """The foreground in front of what is drawn; or the photo."""
        key = photos.key[0]
        random = np.random.default_rng([self.seed, samples.epoch, zlib.crc32(key.encode())])
        if random.random() >= self.probability:
            return photos.image
        name = self.names[random.integers(len(self.names))]
        if name == "colour":
            behind = torch.from_numpy(random.integers(0, 256, (1, 3, 1, 1))).float()
        elif name == "photo":
            lent = self._background(photos, samples, row, random)
            if lent is None:
                return photos.image
            behind = lent
        else:  # those that draw from the key draw anew in each epoch
            anew = Photos(photos.image, photos.content, [f"{key}/{samples.epoch}/{self.seed}"])
            behind = self.fixed[name](anew, matte)
        return compose(photos.image, matte, behind)

    def _background(self, photos: Photos, samples: Samples, row: int, random: np.random.Generator) -> Tensor | None:
        """The background of another photo, of another person where there are identities; None where none was found."""
        labels = samples.manifest.column("label") if samples.manifest.has("label") else np.arange(len(samples))
        for other in random.integers(len(samples), size=TRIES).tolist():
            if labels[other] == labels[row]:
                continue
            try:
                lender, matte = self.canvases(samples, other, samples.record(other))
            except FaceError:
                continue
            except PictureError:
                if samples.on_error == "raise":
                    raise
                continue
            box = box_of(matte)
            if bool(matte.any()) and int(strip_beside(box, lender.content)[0, 2:].amin()) > 0:
                return backdrops.cover(tiled(lender, box), lender.content, photos)
        return None


def _backdrop(name: str) -> backdrops.Backdrop:
    if name not in backdrops.BACKDROPS and not Path(name).exists():
        known = [*backdrops.BACKDROPS, *DRAWN]
        remedy = f"{nearest(name, known)} A picture or a folder of pictures will do, too."
        raise FileNotFoundError(f"shown.backdrops: {name}: no such backdrop and no such file. {remedy}")
    return backdrops.backdrop(name)
