"""CosFace."""

from torch import Tensor

from bareface.recognition.heads.cosine import CosineHead, check_margins


class CosFace(CosineHead):
    """Takes a margin from the cosine to the right identity's centre while training.

    Args:
        embedding_size: Length of an embedding.
        identities: Number of identities.
        scale: Of the logits.
        margin: Of the cosine.

    Source: Wang et al., CosFace, CVPR 2018, equation 4.
    """

    def __init__(self, embedding_size: int, identities: int, scale: float = 64.0, margin: float = 0.4) -> None:
        check_margins(scale, margin=margin)
        super().__init__(embedding_size, identities, scale)
        self.margin = margin

    def harder(self, cosine: Tensor, embedding: Tensor) -> Tensor:
        """cos(theta) - margin."""
        return cosine - self.margin
