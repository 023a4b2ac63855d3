"""The recogniser: preprocessing + backbone + head, the thing that a checkpoint holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.data.normalise import Normalise
from bareface.data.window import centre_window, resample
from bareface.io import checkpoint
from bareface.recognition.heads.head import Head

Framing = Literal["picture", "box", "aligned"]
BACKBONES, HEADS = "bareface.recognition.backbones", "bareface.recognition.heads"


class Recogniser(nn.Module):
    """Turns pictures into embeddings and into scores of the identities it was trained on.

    Args:
        backbone: ``_target_`` (a class of ``bareface.recognition.backbones``) and its arguments.
        head: ``_target_`` (a class of ``bareface.recognition.heads``) and its arguments but the two sizes.
        normalise: Arguments of ``Normalise``.
        shorter: Length in pixels that a picture's shorter side is resized to.
        crop: Side in pixels of the central square that the backbone sees.
        canvas: Side in pixels of the square that pictures are letterboxed to before the central square is cut.
        identities: Names of the labels 0, 1, ...
        framing: How its pictures are cut out of photos: ``picture``: not at all; ``box``: the detected box made larger
            by 0.3; ``aligned``: five landmarks moved to the places they have in a 112 x 112 template.
        shown: How training showed its photos, in words; None: as they are.

    Raises:
        ValueError: Sizes contradict each other, or another framing.
    """

    def __init__(
        self,
        backbone: Mapping[str, Any],
        head: Mapping[str, Any],
        normalise: Mapping[str, Any],
        shorter: int,
        crop: int,
        canvas: int,
        identities: Sequence[str],
        framing: Framing = "picture",
        shown: str | None = None,
    ) -> None:
        super().__init__()
        if framing not in get_args(Framing):
            raise ValueError(f"recogniser.framing={framing}: expected one of {', '.join(get_args(Framing))}.")
        if not crop <= shorter <= canvas:
            raise ValueError(f"crop={crop}, shorter={shorter}, canvas={canvas}: expected crop <= shorter <= canvas.")
        self.card: dict[str, Any] = {
            "task": "recognition",
            "backbone": dict(backbone),
            "head": dict(head),
            "normalise": dict(normalise),
            "shorter": shorter,
            "crop": crop,
            "canvas": canvas,
            "identities": list(identities),
            "framing": framing,
        }
        if shown is not None:
            self.card["shown"] = shown
        self.shorter, self.crop, self.canvas, self.identities = shorter, crop, canvas, tuple(identities)
        self.framing: Framing = framing
        self.normalise = Normalise(**normalise)
        self.backbone = checkpoint.build(backbone, BACKBONES)
        built = checkpoint.build(head, HEADS, embedding_size=self.backbone.embedding_size, identities=len(identities))
        assert isinstance(built, Head)
        self.head = built
        self.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Rebuilds the recogniser of a checkpoint, ready for inference. No configuration is needed.

        Raises:
            FileNotFoundError: There is no such file.
            CheckpointError: The file is not the checkpoint of a recogniser.
        """
        card, state = checkpoint.load_model(path, "recognition", "recogniser.")
        recogniser = cls(**{name: value for name, value in card.items() if name not in ("task", "versions")})
        checkpoint.fill(recogniser, state, path)
        return recogniser.eval()

    def embed(self, image: Tensor, content: Tensor | None = None) -> Tensor:
        """Embeds pictures.

        Args:
            image: (N, 3, H, W) RGB in [0, 255], uint8 or floating point.
            content: (N, 4) top, left, height, width of each picture in its canvas, from which the central square is
                cut. None: the picture was cut already and is ``crop`` x ``crop``.

        Returns:
            (N, D) embeddings.
        """
        embedding: Tensor = self.backbone(self._prepared(image, content))
        return embedding

    def features(self, image: Tensor, content: Tensor | None = None) -> Tensor:
        """What the head scores: (N, D), the embeddings but for their length. Arguments as ``embed``."""
        # FaceNet's embeddings have length 1, but its classifier looks at what they were before.
        options = {"normalise": False} if getattr(self.backbone, "unit_length", False) else {}
        features: Tensor = self.backbone(self._prepared(image, content), **options)
        return features

    def embedding_of(self, features: Tensor) -> Tensor:
        """The embeddings whose ``features`` are given, without another look at the pictures: (N, D)."""
        return F.normalize(features) if getattr(self.backbone, "unit_length", False) else features

    def _prepared(self, image: Tensor, content: Tensor | None) -> Tensor:
        if content is None:
            if image.shape[-2:] != (self.crop, self.crop):
                shape = tuple(image.shape[-2:])
                raise ValueError(f"image of {shape}: expected ({self.crop}, {self.crop}), or say where the content is.")
            pixels = image.float()
        else:
            pixels = resample(image, centre_window(content, self.shorter, self.crop), content, self.crop, self.crop)
        normalised: Tensor = self.normalise(pixels)
        return normalised.contiguous(memory_format=torch.channels_last)

    def forward(self, image: Tensor, content: Tensor | None = None) -> Tensor:
        """Scores the identities: (N, identities) logits. Arguments as ``embed``."""
        logits: Tensor = self.head(self.features(image, content))
        return logits
