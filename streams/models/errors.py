"""What can go wrong when an operator changes models.

ModelsError
├── NothingThere     it needs a model that is not there
└── NotEverywhere    some worker did not do it; the message says what holds now
"""

from __future__ import annotations

from streams.errors import StreamsError


class ModelsError(StreamsError):
    """Base of this package's errors."""


class NothingThere(ModelsError):
    """What was asked for needs a model that is not there."""


class NotEverywhere(ModelsError):
    """Some worker did not do what was commanded."""
