"""The words by which aspects are found, as the settings name them."""

from __future__ import annotations

from pathlib import Path

from inference.tasks.aspect_words import BUNDLED, AspectWordsError, read_words
from inference.tasks.aspects import Words
from streams.config_sections import AspectsSettings
from streams.errors import StartupError


def words_file(settings: AspectsSettings) -> Path:
    """Return where the words stand."""
    return settings.words or BUNDLED


def require_words(settings: AspectsSettings) -> Words:
    """Return the words; raises `StartupError` with file and place where they cannot be used."""
    try:
        return read_words(words_file(settings))
    except AspectWordsError as error:
        raise StartupError(f"aspects.words: {error}") from error
