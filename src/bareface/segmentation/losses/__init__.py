"""Losses: (N, C, H, W) logits and (N, H, W) class indices in, a scalar out; 255 is ignored."""
