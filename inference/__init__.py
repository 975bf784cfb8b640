"""Texts in, scores out."""
