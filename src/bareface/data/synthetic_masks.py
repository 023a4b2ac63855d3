"""The embedded data set with masks: drawn people in the layout of CelebHair."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bareface.data.celebhair import CelebHair
from bareface.data.manifest import Manifest
from bareface.data.survey import Survey
from bareface.data.synthetic.renderer import Renderer
from bareface.data.synthetic.writer import write_celebhair
from bareface.data.synthetic_folder import DrawnFolder


class SyntheticMasks(CelebHair):
    """Drawn people with exact masks, read as CelebHair is; drawn when they are first used.

    Args:
        root: Folder of drawn data sets; this one gets a folder in it whose name says all that it depends on.
        identities: Number of people.
        photos: Photos of each.
        height: Of a photo, in pixels.
        width: Of a photo, in pixels.
        background_bias: Probability that a photo shows its person's own background.
        render_seed: Another one, other people.
        foreground: As of ``CelebHair``, like all that follow.
        merge: Make one class, ``face+hair``, of the two.
        split: ``report``, ``identity`` or ``celeba``.
        counts: Train, val and test samples of ``report``.
        fractions: Of the samples, for ``identity``.
        seed: Of the split by identity.
    """

    of_celeba = False

    def __init__(
        self,
        root: str,
        identities: int = 200,
        photos: int = 3,
        height: int = 218,
        width: int = 178,
        background_bias: float = 0.0,
        render_seed: int = 0,
        foreground: Sequence[str] = ("face", "hair"),
        merge: bool = False,
        split: Literal["report", "identity", "celeba"] = "identity",
        counts: Sequence[int] = (480, 60, 60),
        fractions: Sequence[float] = (0.8, 0.1, 0.1),
        seed: int = 0,
    ) -> None:
        renderer = Renderer(render_seed, height, width, background_bias)
        numbers = {"identities": identities, "photos": photos}
        self.drawn = DrawnFolder(Path(root), "celebhair", write_celebhair, renderer, numbers)
        super().__init__(
            str(self.drawn.path),
            foreground=foreground,
            merge=merge,
            unknown_values="error",
            split=split,
            counts=counts,
            fractions=fractions,
            seed=seed,
        )

    def survey(self) -> Survey:
        """Draws the people where that was not done before, then pairs masks with pictures."""
        self.drawn.ensure()
        return super().survey()

    def origins(self, manifest: Manifest) -> list[str | None]:
        """None: the file names are like those of CelebA, the pictures are not."""
        return [None] * len(manifest)
