"""Conditions: ways of showing the same photo to the recogniser."""

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from bareface.pipeline import background
from bareface.pipeline.background import compose
from bareface.pipeline.matte import Matte


class Mattes:
    """The mattes of one batch: scored once, made once for each foreground that a condition asks for.

    Args:
        classes: Names of the classes.
        content: (N, 1, H, W) float32, 1 on the picture, 0 on its padding: mattes are 0 there.
        matte: What becomes of the scores, or of the mask.
        scores: (N, C, H, W) logits of a segmenter, or None.
        mask: (N, H, W) ground truth to be used instead, or None.
    """

    def __init__(
        self,
        classes: Sequence[str],
        content: Tensor,
        matte: Matte,
        scores: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> None:
        self.classes, self.content, self.matte, self.scores, self.mask = classes, content, matte, scores, mask
        self._made: dict[str, Tensor] = {}

    def __call__(self, foreground: str) -> Tensor:
        """(N, 1, H, W) float32, 1 = foreground.

        Raises:
            ValueError: There are neither scores nor masks, or their classes lack the foreground.
        """
        if foreground not in self._made:
            if self.mask is not None:
                made = self.matte.of_mask(self.mask, self.content, foreground, self.classes)
            elif self.scores is not None:
                made = self.matte.of_scores(self.scores, self.content, foreground, self.classes)
            else:
                raise ValueError(f"foreground={foreground}: no mattes. Give segmenter=..., or mattes_from=mask.")
            self._made[foreground] = made
        return self._made[foreground]


class Condition(nn.Module):
    """One way of showing photos. ``foreground`` is what it keeps; None for the whole picture."""

    foreground: str | None = None

    @abstractmethod
    def forward(self, image: Tensor, mattes: Mattes, content: Tensor) -> Tensor:
        """What the recogniser is shown.

        Args:
            image: (N, 3, H, W) float32 RGB in [0, 255], canvases.
            mattes: Gives the matte of a foreground.
            content: (N, 4) top, left, height, width of each picture in its canvas.

        Returns:
            (N, 3, H, W) float32.
        """


class Original(Condition):
    """The photo as it is."""

    def forward(self, image: Tensor, mattes: Mattes, content: Tensor) -> Tensor:
        """``image``."""
        return image


class Removed(Condition):
    """The foreground in front of a backdrop.

    Args:
        foreground: ``face``, ``hair``, ``face+hair`` or ``person``.
        backdrop: black, white, grey, mean, blur, or the path of a picture.
    """

    def __init__(self, foreground: str = "face+hair", backdrop: str = "black") -> None:
        super().__init__()
        self.foreground = foreground
        self.backdrop = background.backdrop(backdrop)

    def forward(self, image: Tensor, mattes: Mattes, content: Tensor) -> Tensor:
        """The composite."""
        assert self.foreground is not None
        matte = mattes(self.foreground)
        return compose(image, matte, self.backdrop(image, matte, content))
