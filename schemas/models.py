"""What workers are told of their models while they run, and what they say of it.

A command holds all that is to be known of one model, so that the last one of each is enough for a
worker that starts later: its topic is compacted. What became of a command each worker says for
itself.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from schemas.base import EventTime, Id, Message, Part
from schemas.results import ModelId

CONFIGURED: Final = "configured"
"""As a source: what each worker's own configuration names."""
ALL_SLOTS: Final = "all"
"""As a slot, of a command that asks for reports."""

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Distance = Annotated[float, Field(ge=0.0)]


class ModelAction(StrEnum):
    """What an operator asked for."""

    LOAD = "load"
    SHADOW = "shadow"
    SWAP = "swap"
    ROLLBACK = "rollback"
    DROP = "drop"
    REPORT = "report"


class ModelChoice(Part):
    """Weights, and where a worker finds them."""

    source: Annotated[
        Id, Field(description="`bundled`, `configured`, a folder or a Hugging Face name.")
    ]
    hash: Annotated[
        str | None,
        Field(description="What a worker must find there, as in results; null: whatever is."),
    ] = None
    brought_by: Annotated[
        str, Field(description="The command that named the source first; empty if none did.")
    ] = ""


class ModelCommand(Message):
    """Which models one slot has from now on; topic `model-commands`.

    With the action `report`, and the slot `all`, it changes nothing and asks for a report.
    """

    command_id: Id
    slot: Annotated[Id, Field(description="As in the configuration's section `models`.")]
    action: ModelAction
    issued_at: EventTime
    in_use: ModelChoice = ModelChoice(source=CONFIGURED)
    before: Annotated[
        ModelChoice | None, Field(description="What was in use before: where a roll-back leads.")
    ] = None
    candidate: Annotated[
        ModelChoice | None, Field(description="Loaded beside the one in use; it answers nobody.")
    ] = None
    share: Annotated[
        Share, Field(description="Of the traffic, what the candidate is asked in the shadow.")
    ] = 0.0


class ModelStep(StrEnum):
    """How far a worker came with a command."""

    TAKEN = "taken"  # it is read, and begun as soon as what was begun before is done
    WARM = "warm"  # the candidate stands ready
    TOOK_OVER = "took_over"  # another model answers since, from between two batches on
    DONE = "done"  # all is as it should be, and no model had to be loaded
    FAILED = "failed"  # nothing is changed, for a reason
    SUPERSEDED = "superseded"  # a later command is done instead
    LOST = "lost"  # the candidate is not there any more, for a reason


class LoadedModel(Part):
    """A model as a worker has it."""

    source: str
    name: str
    hash: str
    labels: tuple[str, ...]
    device: str
    dtype: str


class ModelEvent(Message):
    """How one slot stands in one worker, and why that is said; topic `model-events`."""

    command_id: Annotated[str, Field(description="The command that it is about; empty if none.")]
    slot: Id
    worker: Annotated[Id, Field(description="Its `kafka.instance_id`, or a name of its own.")]
    step: ModelStep
    reason: str | None = None
    in_use: LoadedModel
    candidate: LoadedModel | None = None
    share: Share = 0.0
    hits: Annotated[Count, Field(description="Texts whose scores were known or on their way.")] = 0
    misses: Annotated[Count, Field(description="Texts that were computed.")] = 0
    produced_at: datetime


class LabelPair(Part):
    """How often two models gave these labels to one text."""

    in_use: str
    candidate: str
    count: Count


class ModelAgreement(Message):
    """How a candidate compares with the model in use; topic `model-agreement`.

    One worker's texts of one window of time; counts of several windows and workers add up.
    """

    slot: Id
    worker: Id
    window_start: datetime
    window_end: datetime
    in_use: ModelId
    candidate: ModelId
    share: Annotated[Share, Field(description="Of the traffic, what was to be compared.")]
    compared: Annotated[Count, Field(description="Texts that both models have scores for.")]
    agreeing: Annotated[
        int | None,
        Field(ge=0, description="Of those, with one label; null where rows are no labels."),
    ]
    pairs: Annotated[
        tuple[LabelPair, ...], Field(description="Most frequent first; of labels alone.")
    ]
    mean_distance: Annotated[
        Distance, Field(description="Largest difference of one label's score, mean over texts.")
    ]
    max_distance: Annotated[Distance, Field(description="The largest of all texts.")]
