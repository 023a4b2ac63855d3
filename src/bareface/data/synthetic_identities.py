"""The embedded data set with identities: drawn people in the layout of VGGFace2, with ground-truth masks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bareface.data.survey import Survey
from bareface.data.synthetic.renderer import Renderer
from bareface.data.synthetic.writer import write_vggface2
from bareface.data.synthetic_folder import DrawnFolder
from bareface.data.vggface2 import VGGFace2


class SyntheticIdentities(VGGFace2):
    """Drawn people, read as VGGFace2 is; drawn when they are first used.

    Args:
        root: Folder of drawn data sets; this one gets a folder in it whose name says all that it depends on.
        identities: Number of people in ``train/``.
        photos: Photos of each.
        test_identities: Number of others in ``test/``.
        height: Of a photo, in pixels.
        width: Of a photo, in pixels.
        background_bias: Probability that a photo shows its person's own background.
        render_seed: Another one, other people.
        tree: ``train`` or ``test``.
        crop: ``none`` or ``tight``, as of ``VGGFace2``.
        fractions: Train, val and test share of each identity's pictures.
        seed: Of the split.
        split: ``fractions`` or ``disjoint``, as of ``VGGFace2``.
    """

    def __init__(
        self,
        root: str,
        identities: int = 40,
        photos: int = 20,
        test_identities: int = 10,
        height: int = 128,
        width: int = 112,
        background_bias: float = 0.0,
        render_seed: int = 0,
        tree: Literal["train", "test"] = "train",
        crop: Literal["none", "tight"] = "none",
        fractions: Sequence[float] = (0.7, 0.1, 0.2),
        seed: int = 0,
        split: Literal["fractions", "disjoint"] = "fractions",
    ) -> None:
        if tree == "test" and test_identities == 0:
            raise ValueError(f"data.tree={tree}: expected train where data.test_identities={test_identities}.")
        renderer = Renderer(render_seed, height, width, background_bias)
        numbers = {"identities": identities, "photos": photos, "test_identities": test_identities}
        self.drawn = DrawnFolder(Path(root), "vggface2", write_vggface2, renderer, numbers)
        folder = str(self.drawn.path)
        super().__init__(folder, tree, crop=crop, fractions=fractions, seed=seed, masks="masks", split=split)

    def survey(self) -> Survey:
        """Draws the people where that was not done before, then lists the pictures."""
        self.drawn.ensure()
        survey = super().survey()
        return Survey(survey.manifest, survey.errors)  # the warnings compare it with the real VGGFace2
