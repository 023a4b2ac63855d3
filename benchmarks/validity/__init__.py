"""Answers of the study against truth that is known."""
