"""Others' texts on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return the text in one line without what could steer a terminal; its length is kept."""
    return "".join(char if char.isprintable() else " " for char in text)
