"""What the values of a mask mean."""

IGNORE = 255
"""Mask value of pixels that no loss and no metric may look at: padding, and what a data set declares unknown."""
