"""What can be wrong with a file or with what is asked of it.

ReplayError
├── FileError        the file cannot be read as what it seems to be
├── ColumnError      the file has no column for a field that every event needs
└── DeliveryError    the broker did not take a record
"""

from __future__ import annotations

from streams.errors import StreamsError


class ReplayError(StreamsError):
    """Base of this package's errors; each message is a sentence for the person who asked."""


class FileError(ReplayError):
    """The file cannot be read as what it seems to be; the message names file and line."""


class ColumnError(ReplayError):
    """The file has no column for a field that every event needs, or a mapping is malformed."""


class DeliveryError(ReplayError):
    """The broker did not take a record."""
