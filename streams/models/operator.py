"""The operator's side: commands out, and what every worker made of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final

from pydantic import ValidationError

from schemas.codec import encode
from schemas.models import ALL_SLOTS, CONFIGURED, ModelAction, ModelCommand, ModelEvent
from streams.config import Settings
from streams.models import commands
from streams.models.answers import Answers
from streams.models.errors import NotEverywhere, NothingThere
from streams.models.in_force import COMMANDS, in_force
from streams.models.members import Members
from streams.outcomes import OutcomeReader, ResultRecord, Start
from streams.replay.events import Record
from streams.replay.producer import DELIVERED_IN_S, send_one

EVENTS: Final = "model-events"
UNHEARD_S: Final = 5.0
"""Where nobody knows how many workers there are: by then each has said that it began."""
COUNT_S: Final = 2.0
"""Between two counts of the workers: one that died meanwhile is not waited for."""
_READ_WAIT_S: Final = 0.2

Tell = Callable[[ModelEvent], None]


class Operator:
    """Changes the models of all workers of the group."""

    def __init__(self, settings: Settings, timeout_s: float, tell: Tell) -> None:
        """`tell` is told what workers say; `timeout_s` is given to each of a swap's two steps."""
        self._settings = settings
        self._timeout_s = timeout_s
        self._tell = tell
        self._members = Members(settings.kafka)
        self._slots = tuple(settings.models_in_use())

    # -- what there is

    def in_force(self) -> dict[str, ModelCommand]:
        """Return each slot's last command; one that says nothing where there is none."""
        return in_force(self._settings)

    def report(self) -> Answers:
        """Return how all models stand in all workers."""
        return self._send(commands.report(ALL_SLOTS), self._slots, _say_nothing)

    # -- what is to be

    def load(self, slot: str, source: str) -> Answers:
        """Load a model beside the one in use; raises `NotEverywhere`, and nothing is changed."""
        return self._bring(self.in_force()[slot], ModelAction.LOAD, source)[1]

    def shadow(self, slot: str, source: str | None, share: float) -> Answers:
        """Ask a candidate a share of the traffic; raises `NothingThere`, `NotEverywhere`."""
        last = self.in_force()[slot]
        if source is not None:
            last, _ = self._bring(last, ModelAction.SHADOW, source)
        answers = self._send(commands.shadowed(last, share), [slot])
        self._require(answers, "the others compare; `shopstreams models drop` ends it")
        return answers

    def drop(self, slot: str) -> Answers:
        """Free the candidate; raises `NotEverywhere`."""
        answers = self._send(commands.dropped(self.in_force()[slot]), [slot])
        self._require(answers, "see `shopstreams models list`")
        return answers

    def swap(self, slot: str, source: str | None) -> Answers:
        """Use a model, that of `source` or the candidate, in every worker or in none.

        Raises `NothingThere` and `NotEverywhere`.
        """
        last = self.in_force()[slot]
        if source is None:
            return self._use(last, ModelAction.SWAP, self.report().candidates())
        return self._use_alike(last, *self._bring(last, ModelAction.SWAP, source))

    def roll_back(self, slot: str) -> Answers:
        """Use the model before, as `swap` does; where that changes no weights, `NothingThere`."""
        last = self.in_force()[slot]
        source = commands.before(last)
        brought, answers = self._bring(last, ModelAction.ROLLBACK, source)
        if answers.changes_nothing:
            self._produce(commands.restored(last))
            raise NothingThere(
                f"{source!r}, which was in use before, holds the weights that are in use: nothing "
                "was changed; name the model with `shopstreams models swap`"
            )
        return self._use_alike(last, brought, answers)

    def _use_alike(self, last: ModelCommand, brought: ModelCommand, answers: Answers) -> Answers:
        found, candidate = answers.candidates(), brought.candidate
        if len(found) > 1 and candidate is not None and candidate.source != CONFIGURED:
            self._produce(commands.restored(last))
            raise NotEverywhere(
                f"{candidate.source!r} holds other weights in one worker than in another "
                f"({', '.join(sorted(found))}): nothing was changed; bring the same to all of them"
            )
        return self._use(brought, brought.action, found)

    def _bring(
        self, last: ModelCommand, action: ModelAction, source: str
    ) -> tuple[ModelCommand, Answers]:
        command = commands.brought(last, action, source)
        answers = self._send(command, [last.slot])
        if answers.failed or answers.silent:
            self._produce(commands.restored(last))
        self._require(answers, "nothing was changed")
        return command, answers

    def _use(self, last: ModelCommand, action: ModelAction, found: Collection[str]) -> Answers:
        answers = self._send(commands.used(last, action, found), [last.slot])
        self._require(answers, "the others use the new model; `shopstreams models rollback`")
        return answers

    def _require(self, answers: Answers, holds: str) -> None:
        problems = []
        if answers.failed:
            problems.append(f"{len(answers.failed)} of {answers.heard} workers failed")
        if answers.silent:
            problems.append(f"{answers.silent} gave no answer in {self._timeout_s:g} s")
        if answers.workers is None and not answers.heard:
            problems.append("no worker answered")
        if problems:
            raise NotEverywhere(f"{' and '.join(problems)}: {holds}")

    # -- Kafka

    def _send(
        self, command: ModelCommand, slots: Collection[str], tell: Tell | None = None
    ) -> Answers:
        reader = OutcomeReader(self._settings, [EVENTS], Start.NEW)
        try:
            answers = Answers(
                command_id=command.command_id, slots=slots, workers=self._members.count()
            )
            self._produce(command)
            self._await(answers, reader, tell or self._tell)
        finally:
            reader.close()
        return answers

    def _produce(self, command: ModelCommand) -> None:
        topic = self._settings.named_topics()[COMMANDS].name
        record = Record(key=command.slot.encode(), value=encode(command))
        send_one(self._settings.kafka, topic, record, DELIVERED_IN_S)

    def _await(self, answers: Answers, reader: OutcomeReader, tell: Tell) -> None:
        began = counted = time.monotonic()
        while time.monotonic() - began < self._timeout_s:
            if answers.is_complete and (answers.heard or answers.workers == 0):
                return
            if answers.workers is None and not answers.heard:
                if time.monotonic() - began > UNHEARD_S:
                    return
            elif time.monotonic() - counted > COUNT_S:
                answers.workers, counted = self._members.count(), time.monotonic()
            for record in reader.read(_READ_WAIT_S):
                event = _event(record)
                if event is not None and answers.add(event):
                    tell(event)


def _event(record: ResultRecord) -> ModelEvent | None:
    try:
        return ModelEvent.model_validate(record.value)
    except ValidationError:
        return None


def _say_nothing(_: ModelEvent) -> None:
    """Keep what is asked for to count it from being told as an answer."""
