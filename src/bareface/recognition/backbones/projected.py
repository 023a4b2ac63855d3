"""A backbone with an embedding of another length."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from bareface.io import checkpoint

PACKAGE = "bareface.recognition.backbones"


class Projected(nn.Module):
    """A backbone, then dropout, a linear layer and batch norm: the end that ArcFace trains with.

    Args:
        backbone: ``_target_`` (a class of ``bareface.recognition.backbones``) and its arguments.
        embedding_size: Length of the embedding.
        dropout: Share of the backbone's values that are dropped in training.

    Attributes:
        embedding_size: Length of the embedding.

    Raises:
        ValueError: The length is below 1, or the dropout not in [0, 1).

    Source: Deng et al., ArcFace, CVPR 2019, section 3.1, option E.
    """

    def __init__(self, backbone: Mapping[str, Any], embedding_size: int = 512, dropout: float = 0.0) -> None:
        super().__init__()
        if embedding_size < 1 or not 0 <= dropout < 1:
            rule = "expected at least 1, and 0 <= dropout < 1"
            raise ValueError(f"backbone.embedding_size={embedding_size}, backbone.dropout={dropout}: {rule}.")
        self.embedding_size = embedding_size
        self.backbone = checkpoint.build(backbone, PACKAGE)
        width = self.backbone.embedding_size
        assert isinstance(width, int)
        self.project = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(width, embedding_size, bias=False), nn.BatchNorm1d(embedding_size)
        )

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) normalised pictures to (N, embedding_size); the backbone says how small a picture may be."""
        embedding: Tensor = self.project(self.backbone(image))
        return embedding
