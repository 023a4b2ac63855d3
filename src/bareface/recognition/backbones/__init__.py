"""Backbones: (N, 3, H, W) normalised floats in, (N, ``embedding_size``) float embeddings out."""
