"""Weights that others have published, each with the preprocessing that it was trained with."""
