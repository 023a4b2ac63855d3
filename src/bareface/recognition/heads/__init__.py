"""Heads: (N, D) embeddings in, (N, identities) scores out."""
