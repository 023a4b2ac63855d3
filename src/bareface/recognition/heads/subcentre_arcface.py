"""Sub-centre ArcFace."""

from torch import Tensor

from bareface.recognition.heads.cosine import CosineHead, check_margins, turned


class SubcentreArcFace(CosineHead):
    """ArcFace with several centres an identity, of which the nearest counts, so that wrong labels may gather apart.

    Args:
        embedding_size: Length of an embedding.
        identities: Number of identities.
        scale: Of the logits.
        margin: In radians.
        centres: Of each identity; those of identity ``i`` are the rows ``i * centres`` and following of the weight.

    Source: Deng et al., Sub-center ArcFace, ECCV 2020, equation 5.
    """

    def __init__(
        self, embedding_size: int, identities: int, scale: float = 64.0, margin: float = 0.5, centres: int = 3
    ) -> None:
        check_margins(scale, margin=margin)
        if centres < 1:
            raise ValueError(f"head.centres={centres}: expected at least 1.")
        super().__init__(embedding_size, identities, scale, centres)
        self.margin = margin

    def harder(self, cosine: Tensor, embedding: Tensor) -> Tensor:
        """cos(theta + margin) of the nearest centre."""
        return turned(cosine, self.margin)
