"""The softmax classifier's last layer."""

from torch import nn


class Linear(nn.Linear):
    """One weight vector and one bias an identity: (N, embedding_size) to (N, identities) logits.

    Args:
        embedding_size: Length of an embedding.
        identities: Number of identities.
    """

    def __init__(self, embedding_size: int, identities: int) -> None:
        super().__init__(embedding_size, identities)
