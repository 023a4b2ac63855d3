"""Conditions: ways of showing the same photo to the recogniser."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from torch import Tensor, nn

from bareface.pipeline import backdrops
from bareface.pipeline.background import compose
from bareface.pipeline.boxes import box_of, strip_beside, tiled
from bareface.pipeline.matte import Matte
from bareface.pipeline.mattes import Mattes
from bareface.pipeline.photos import NOBODY, UNREAD, Photos, inside

Hidden = Literal["shape", "box", "tiled"]
Partner = Literal["same", "other"]


class Condition(nn.Module):
    """One way of showing photos.

    Args:
        foreground: ``face``, ``hair``, ``face+hair`` or ``person``; None where no matte is needed.
        source: Where mattes come from: ``segmenter``, ``mask``, ``random`` or the name of a segmenter; None = as the
            run says.
        matte: Arguments of ``Matte``; None = the run's own matte.
    """

    partner: Partner | None = None
    """Whose background is shown: another photo of the ``same`` identity, one of an ``other`` one, or its own."""

    def __init__(
        self,
        foreground: str | None = None,
        source: str | None = None,
        matte: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.foreground, self.source = foreground, source
        self.settings = None if matte is None else dict(matte)
        self.own = None if matte is None else Matte(**matte)

    @property
    @abstractmethod
    def meaning(self) -> str:
        """What is shown, in words."""

    def kept(self) -> str:
        """The foreground in words, with what is special about its mattes."""
        origin = {None: "", "mask": " (true mattes)", "random": " (as much of anything)"}
        words = origin.get(self.source, f" (mattes of {self.source})")
        own = "" if not self.settings else f" ({', '.join(f'{key} {each}' for key, each in self.settings.items())})"
        return f"{self.foreground}{words}{own}"

    @abstractmethod
    def forward(self, photos: Photos, mattes: Mattes) -> Tensor:
        """What the recogniser is shown, (N, 3, H, W) float32 RGB in [0, 255]."""

    def mattes_of(self, mattes: Mattes) -> Tensor:
        """(N, 1, H, W) mattes of this condition; 1 on the whole photo where it needs none."""
        return mattes.photos.shown if self.foreground is None else mattes(self.foreground, self.source, self.own)

    def left_of(self, mattes: Mattes) -> Tensor:
        """(N, 1, H, W) how much of each pixel of the photo is shown."""
        return self.mattes_of(mattes)

    def faults(self, photos: Photos, mattes: Mattes) -> Iterator[tuple[Tensor, str]]:
        """What keeps photos from being shown like this: (N,) bool and the reason, reason by reason."""
        if self.foreground is not None:
            empty = self.mattes_of(mattes).amax((1, 2, 3)) == 0
            yield empty, f"no {self.foreground} found"


class Original(Condition):
    """The photo as it is."""

    def __init__(self) -> None:
        super().__init__()

    @property
    def meaning(self) -> str:
        """In words."""
        return "the photo as it is"

    def forward(self, photos: Photos, mattes: Mattes) -> Tensor:
        """The photos."""
        return photos.image


class Removed(Condition):
    """The foreground in front of a backdrop.

    Args:
        foreground: ``face``, ``hair``, ``face+hair`` or ``person``.
        backdrop: black, white, grey, mean, blur, noise, or the path of a picture or of a folder of them.
        source: Where mattes come from: ``segmenter``, ``mask``, ``random`` or the name of a segmenter; null = as the
            run says.
        matte: Arguments of ``Matte``; null = the run's own matte.
    """

    foreground: str

    def __init__(
        self,
        foreground: str,
        backdrop: str,
        source: str | None = None,
        matte: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(foreground, source, matte)
        self.backdrop_name, self.backdrop = backdrop, backdrops.backdrop(backdrop)

    @property
    def meaning(self) -> str:
        """In words."""
        return f"{self.kept()} in front of {self.backdrop_name}"

    def forward(self, photos: Photos, mattes: Mattes) -> Tensor:
        """The composites."""
        matte = self.mattes_of(mattes)
        return compose(photos.image, matte, self.backdrop(photos, matte))


class BackgroundOnly(Condition):
    """The photo without its foreground.

    Args:
        foreground: What is hidden.
        hidden: ``shape``: the foreground is black; its outline still shows. ``box``: the box around it is black.
            ``tiled``: the box is filled by copies of the largest strip of background beside it.
        source: Where mattes come from; null = as the run says.
        matte: Arguments of ``Matte``; null = the run's own matte.

    Raises:
        ValueError: Another ``hidden``.

    Source: Xiao et al., Noise or signal, ICLR 2021: No-FG, Only-BG-B, Only-BG-T.
    """

    foreground: str

    def __init__(
        self,
        foreground: str,
        hidden: Hidden,
        source: str | None = None,
        matte: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(foreground, source, matte)
        if hidden not in get_args(Hidden):
            raise ValueError(f"condition.hidden={hidden}: expected one of {', '.join(get_args(Hidden))}.")
        self.hidden = hidden

    @property
    def meaning(self) -> str:
        """In words."""
        how = {"shape": "black in its own shape", "box": "under a black box", "tiled": "under tiles of the background"}
        return f"the background, {self.kept()} {how[self.hidden]}"

    def forward(self, photos: Photos, mattes: Mattes) -> Tensor:
        """The backgrounds."""
        if self.hidden == "tiled":
            return tiled(photos, box_of(self.mattes_of(mattes)))
        return photos.image * self.left_of(mattes)

    def left_of(self, mattes: Mattes) -> Tensor:
        """What the foreground, or the box around it, does not cover."""
        matte = self.mattes_of(mattes)
        covered = matte if self.hidden == "shape" else inside(box_of(matte), *matte.shape[2:])
        return mattes.photos.shown * (1 - covered)

    def faults(self, photos: Photos, mattes: Mattes) -> Iterator[tuple[Tensor, str]]:
        """An empty matte, or one that leaves no background."""
        yield from super().faults(photos, mattes)
        matte = self.mattes_of(mattes)
        if self.hidden == "shape":
            yield ((1 - matte) * photos.shown).amax((1, 2, 3)) == 0, "no background left"
        else:
            strip = strip_beside(box_of(matte), photos.content)
            yield strip[:, 2:].amin(1) <= 0, f"no background beside the box of {self.foreground}"


class MaskOnly(Condition):
    """The silhouette: white foreground on black. What it gives away, the outline alone gives away.

    Args:
        foreground: Whose outline.
        source: Where mattes come from; null = as the run says.
        matte: Arguments of ``Matte``; null = the run's own matte.
    """

    foreground: str

    def __init__(self, foreground: str, source: str | None = None, matte: Mapping[str, Any] | None = None) -> None:
        super().__init__(foreground, source, matte)

    @property
    def meaning(self) -> str:
        """In words."""
        return f"the outline of {self.kept()}, white on black"

    def forward(self, photos: Photos, mattes: Mattes) -> Tensor:
        """The silhouettes."""
        return (self.mattes_of(mattes) * 255).expand(-1, 3, -1, -1)


class Swapped(Condition):
    """The foreground in front of the background of another photo, from which its own foreground was taken.

    Args:
        foreground: What is kept.
        partner: ``same``: the background of another photo of this identity. ``other``: of another identity's.
        source: Where mattes come from; null = as the run says.
        matte: Arguments of ``Matte``; null = the run's own matte.

    Raises:
        ValueError: Another ``partner``.

    Source: Xiao et al., Noise or signal, ICLR 2021: Mixed-Same, Mixed-Rand.
    """

    foreground: str

    def __init__(
        self,
        foreground: str,
        partner: Partner,
        source: str | None = None,
        matte: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(foreground, source, matte)
        if partner not in get_args(Partner):
            raise ValueError(f"condition.partner={partner}: expected one of {', '.join(get_args(Partner))}.")
        self.partner = partner

    @property
    def meaning(self) -> str:
        """In words."""
        who = "the same person" if self.partner == "same" else "another person"
        return f"{self.kept()} in front of the background of another photo of {who}"

    def forward(self, photos: Photos, mattes: Mattes) -> Tensor:
        """The composites; where there is no partner, something without meaning."""
        matte, partner = self.mattes_of(mattes), self._partner(photos).clamp(min=0)
        behind = tiled(photos, box_of(matte))[partner]
        return compose(photos.image, matte, backdrops.cover(behind, photos.content[partner], photos))

    def faults(self, photos: Photos, mattes: Mattes) -> Iterator[tuple[Tensor, str]]:
        """An empty matte, no partner, or one whose background cannot be had."""
        yield from super().faults(photos, mattes)
        partner, matte = self._partner(photos), self.mattes_of(mattes)
        who = "of this person" if self.partner == "same" else "of another person"
        alone = "no other photo of this person" if self.partner == "same" else "nobody is left to lend a background"
        yield partner == NOBODY, alone
        yield partner == UNREAD, f"its partner {who} cannot be read"
        empty = matte.amax((1, 2, 3)) == 0
        covered = strip_beside(box_of(matte), photos.content)[:, 2:].amin(1) <= 0
        yield (empty | covered)[partner.clamp(min=0)] & (partner >= 0), f"its partner {who} has no background to give"

    def _partner(self, photos: Photos) -> Tensor:
        partner = photos.same if self.partner == "same" else photos.other
        assert partner is not None
        return partner
