"""ArcFace."""

from torch import Tensor

from bareface.recognition.heads.cosine import CosineHead, check_margins, turned


class ArcFace(CosineHead):
    """Makes the angle to the right identity's centre larger by a margin while training.

    Args:
        embedding_size: Length of an embedding.
        identities: Number of identities.
        scale: Of the logits.
        margin: In radians.

    Source: Deng et al., ArcFace, CVPR 2019, equation 3.
    """

    def __init__(self, embedding_size: int, identities: int, scale: float = 64.0, margin: float = 0.5) -> None:
        check_margins(scale, margin=margin)
        super().__init__(embedding_size, identities, scale)
        self.margin = margin

    def harder(self, cosine: Tensor, embedding: Tensor) -> Tensor:
        """cos(theta + margin)."""
        return turned(cosine, self.margin)
