"""Enrolled faces: what a gallery is, where it lies, and how it is searched."""
