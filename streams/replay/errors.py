"""What can go wrong on the way to the broker; what is wrong with files is in `inference.files`.

ReplayError
└── DeliveryError    the broker did not take a record
"""

from __future__ import annotations

from streams.errors import StreamsError


class ReplayError(StreamsError):
    """Base of this package's errors; each message is a sentence for the person who asked."""


class DeliveryError(ReplayError):
    """The broker did not take a record."""
