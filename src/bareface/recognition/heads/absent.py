"""No classifier: for backbones that were published without theirs."""

from torch import Tensor, nn

from bareface.recognition.heads.head import Head


class Absent(Head):
    """Scores nobody: pictures can be embedded and compared, but not classified.

    Args:
        embedding_size: Length of an embedding.
        identities: Number of identities, which is 0.

    Raises:
        ValueError: There are identities.
    """

    def __init__(self, embedding_size: int, identities: int) -> None:
        nn.Module.__init__(self)  # Head's own would refuse what there is none of
        if identities:
            raise ValueError(f"head=absent: expected no identities to score, got {identities}. Use head=linear.")
        self.embedding_size, self.identities = embedding_size, identities

    def forward(self, embedding: Tensor, label: Tensor | None = None) -> Tensor:
        """Refuses.

        Raises:
            ValueError: Always.
        """
        raise ValueError("recogniser: it came without a classifier. Compare embeddings, or train a head for it.")
