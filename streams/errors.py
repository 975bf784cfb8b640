"""What can go wrong between Kafka and the tasks.

StreamsError
├── StartupError          the worker cannot start; a sentence for its operator
├── PublishError          a batch of outcomes was not confirmed by the broker
└── CommitError           the broker did not take an offset
    └── CommitFenced      another worker owns the partitions now
"""

from __future__ import annotations


class StreamsError(Exception):
    """Base of the errors of this package."""


class StartupError(StreamsError):
    """The worker cannot start; the message tells its operator what to do."""


class PublishError(StreamsError):
    """A batch of outcomes was not confirmed by the broker; publishing it again is safe."""


class CommitError(StreamsError):
    """The broker did not take an offset; the commit may be tried again."""


class CommitFenced(CommitError):
    """Another worker owns the partitions now; the offsets are its business."""
