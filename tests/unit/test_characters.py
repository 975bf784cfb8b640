"""Halves of characters become whole ones; all else stays as it is."""

from __future__ import annotations

import pytest

from inference.models.characters import whole_characters


@pytest.mark.parametrize("text", ["", "plain", "很好", "🙂", "\0\x1b\u202e"])
def test_what_is_whole_stays(text: str) -> None:
    assert whole_characters(text) == text


def test_halves_become_whole() -> None:
    assert whole_characters("a\ud83db") == "a\ufffdb"
    assert whole_characters("\udc00 good") == "\ufffd good"
    assert whole_characters("\ud83d\ude42") == "🙂"  # a pair that came apart in JSON
