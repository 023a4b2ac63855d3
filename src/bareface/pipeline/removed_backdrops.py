"""Training on photos without their background."""

from collections.abc import Sequence

from torch import Tensor

from bareface.data.dataset import STAGES, Stage
from bareface.data.samples import Samples
from bareface.pipeline import backdrops
from bareface.pipeline.background import compose
from bareface.pipeline.photos import Photos
from bareface.pipeline.shown import ShownWithMatte


class RemovedBackdrops(ShownWithMatte):
    """Every photo as the condition ``Removed`` shows it: its foreground in front of one backdrop.

    A photo whose matte is empty is left out and listed, as it is of a study. Validation and test show the same unless
    ``stages`` says otherwise: an epoch must be chosen by what is trained.

    Args:
        mattes: Folder that ``bareface mattes`` wrote.
        foreground: What its mattes must keep.
        backdrop: black, white, grey, mean, blur, noise, or the path of a picture or of a folder of them.
        segmenter: Checkpoint of the segmenter that must have made the mattes; null: whichever did.
        stages: The stages whose photos are shown like this.

    Raises:
        FileNotFoundError: The backdrop is none of the names, and no file.
        ValueError: There is no such stage.
    """

    left_out = True

    def __init__(
        self,
        mattes: str,
        foreground: str,
        backdrop: str,
        segmenter: str | None = None,
        stages: Sequence[Stage] = STAGES,
    ) -> None:
        super().__init__(mattes, foreground, segmenter, stages)
        self.name, self.backdrop = backdrop, backdrops.backdrop(backdrop)

    @property
    def text(self) -> str:
        """Such as ``removed black, face+hair``."""
        return f"removed {self.name}, {self.foreground}"

    def composed(self, photos: Photos, matte: Tensor, samples: Samples, row: int) -> Tensor:
        """The foreground in front of the backdrop."""
        return compose(photos.image, matte, self.backdrop(photos, matte))
