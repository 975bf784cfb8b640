"""What can go wrong between a text and its scores.

InferenceError
├── ModelError        a model cannot be loaded; a sentence says why
├── UnknownSlot       no model is loaded under that name
├── QueueFull         the worker holds as many items as it may
├── TooLate           no item of the request can be answered before its deadline
├── ProtocolError     a frame is not what it should be
├── StepHung          a step of the worker does not end
├── WorkerDied        the worker process ended each time it held this, and nobody knows why
├── WorkerLost        there is no worker any more; no request is to blame
├── ClientClosed      the client was stopped
├── FilesError        `inference.files`: files that cannot be read as what they should be
├── RegistryError     a registry of models is not there, or will not do what is asked
├── TrainingError     a training cannot begin, go on or end well
└── GoldLabelError    a labelled file's label is none that the model knows
"""

from __future__ import annotations

from collections.abc import Collection


class InferenceError(Exception):
    """Base of the errors of this package."""


class ModelError(InferenceError):
    """A model cannot be loaded; the message says why and what to do."""


class UnknownSlot(InferenceError):
    """No model is loaded under that name."""


class QueueFull(InferenceError):
    """The worker holds as many items as it may; asking again later helps."""


class TooLate(InferenceError):
    """What is ahead takes longer than the request can wait; asking again helps no more."""


class ProtocolError(InferenceError):
    """A frame is not what it should be."""


class StepHung(InferenceError):
    """A step of the worker does not end; the worker has to."""

    def __init__(self, message: str, items: Collection[tuple[int, int]]) -> None:
        super().__init__(message)
        self.items = items  # (request, place): what it was at; no other is to blame


class WorkerDied(InferenceError):
    """The worker process ended while it held the request, as often as it was asked.

    Where it is known which item it was at, that has the error `worker_died` in its answer instead.
    """


class WorkerLost(InferenceError):
    """The inference worker is gone for good, or cannot be started; no request is to blame."""


class ClientClosed(InferenceError):
    """The client was stopped before the answer came."""


class RegistryError(InferenceError):
    """A registry of models is not there, or will not do what is asked; a sentence says why."""


class TrainingError(InferenceError):
    """A training cannot begin, go on or end well; the message says why and what to do."""


class GoldLabelError(InferenceError):
    """A label of a labelled file is none that the model knows."""

    def __init__(self, message: str, row: int) -> None:
        super().__init__(message)
        self.row = row  # counted from 1
