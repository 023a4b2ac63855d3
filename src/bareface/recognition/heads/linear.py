"""The softmax classifier's last layer."""

from torch import Tensor, nn
from torch.nn import functional as F

from bareface.recognition.heads.head import Head


class Linear(Head):
    """One weight vector and one bias an identity: (N, embedding_size) to (N, identities) logits.

    Args:
        embedding_size: Length of an embedding.
        identities: Number of identities.
    """

    def __init__(self, embedding_size: int, identities: int) -> None:
        super().__init__(embedding_size, identities)
        layer = nn.Linear(embedding_size, identities)
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, embedding: Tensor, label: Tensor | None = None) -> Tensor:
        """The same with and without a label."""
        return F.linear(embedding, self.weight, self.bias)
