"""What can go wrong between Kafka and the tasks.

StreamsError
├── StartupError          the worker cannot start; a sentence for its operator
├── PublishError          a batch of outcomes was not confirmed by the broker
├── OutcomeTooLarge       a topic takes no record of that size, now or later
├── StoreFull             there is no room for a table on the disk, now
├── DeliveryLost          what left since the last settling counts for nothing
├── DeliveryFenced        the partition belongs to another worker
├── StepCancelled         a step of a pipeline was cancelled by nobody who may
├── TaskFailed            a task's own code raised on one record
├── CommitError           the broker did not take an offset
│   └── CommitFenced      another worker owns the partitions now
├── AdminError            `streams.admin`: broker and topics
├── AccessError           `streams.security`: certificates, passwords, tokens, rights: who says no
├── ConfigError           `streams.config_sources`: settings that make no sense
├── LetterError           `streams.dead_letters`: a letter that is not there or cannot be used so
├── ReplayError           `streams.replay`: files that cannot be sent
├── ModelsError           `streams.models`: models that are not there, or not everywhere
├── OutputError           `streams.output_files`: a file that cannot be written
└── DemoError             `streams.demo`: a part that did not start
"""

from __future__ import annotations

import traceback


class StreamsError(Exception):
    """Base of the errors of this package."""


class StartupError(StreamsError):
    """The worker cannot start; the message tells its operator what to do."""


class PublishError(StreamsError):
    """A batch of outcomes was not confirmed by the broker; publishing it again is safe."""


class OutcomeTooLarge(StreamsError):
    """A topic takes no record of that size; trying again would hold up its partition for ever."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"the broker takes no record of that size in {topic}: raise its max.message.bytes to "
            "what `shopstreams doctor` says it should be"
        )


class StoreFull(StreamsError):
    """There is no room for a table on the disk; writing it again once there is loses nothing."""


class StepCancelled(StreamsError):
    """A step of a pipeline was cancelled from within: a defect, ours or a client's."""

    def __init__(self, task: str) -> None:
        super().__init__(f"a step of {task} was cancelled, and not by its end")


class TaskFailed(StreamsError):
    """A task's own code raised on one record.

    `detail` is the kind of the error and the function that raised it, without its message, which
    may repeat what a customer wrote.
    """

    def __init__(self, cause: Exception) -> None:
        place = traceback.extract_tb(cause.__traceback__)[-1:]
        self.detail = f"{type(cause).__name__} in {place[0].name}" if place else repr(type(cause))
        super().__init__(self.detail)


class CommitError(StreamsError):
    """The broker did not take an offset; the commit may be tried again."""


class CommitFenced(CommitError):
    """Another worker owns the partitions now; the offsets are its business."""


class DeliveryLost(StreamsError):
    """What left since the last settling counts for nothing; the partition begins there again."""


class DeliveryFenced(StreamsError):
    """The partition belongs to another worker; only an assignment brings it back."""
