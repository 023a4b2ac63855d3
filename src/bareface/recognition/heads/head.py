"""What every head is."""

from abc import abstractmethod

from torch import Tensor, nn


class Head(nn.Module):
    """Turns embeddings into what a loss is computed from.

    Args:
        embedding_size: Length D of an embedding.
        identities: Number of identities.

    Attributes:
        scores_identities: Without a label, ``forward`` gives a column for each identity.
        samples: With a label, ``forward`` gives other columns than without.

    Raises:
        ValueError: One of them is below 1.
    """

    scores_identities = True
    samples = False

    def __init__(self, embedding_size: int, identities: int) -> None:
        super().__init__()
        if embedding_size < 1 or identities < 1:
            raise ValueError(f"head: embedding_size={embedding_size}, identities={identities}: expected at least 1.")
        self.embedding_size, self.identities = embedding_size, identities

    @abstractmethod
    def forward(self, embedding: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores embeddings.

        Args:
            embedding: (N, D), of any length.
            label: (N,) int64 the right identities, while training: where a head makes it harder to be right, it does
                so with a label alone.

        Returns:
            (N, identities) logits.
        """

    def target(self, label: Tensor) -> Tensor:
        """The columns of the right identities in what ``forward`` gives with this (N,) label."""
        return label

    def distribute(self) -> tuple[str, ...]:
        """Shares the head among the processes; called in each of them, once they are connected.

        Returns:
            Names of the parameters of which each process holds another part; none where all hold all of it.
        """
        return ()

    def whole(self, part: Tensor) -> Tensor:
        """Puts the rows that each process holds of such a parameter together; called in every process at once."""
        return part

    def part(self, whole: Tensor) -> Tensor:
        """The rows of ``whole`` that this process holds."""
        return whole
