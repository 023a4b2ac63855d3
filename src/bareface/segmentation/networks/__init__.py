"""Networks: (N, 3, H, W) normalised floats in, (N, classes, H, W) logits out."""
