"""Heads: (N, D) embeddings in, scores of the identities out."""
