"""Dead letters: found, read, and sent back to the topics that their records came from.

A record is sent back as it was, bytes, key and headers, with one header more: `REPLAY_OF`, the
letter's id. It gets the partition that Kafka's hash gives its key, as every record of that key,
and letters of one key leave in the order in which they were buried.

That header is also how a letter is known to have been replayed: the partitions where its record
would lie are read from the letter's time on. So the answer is the broker's, whoever replayed it
and from wherever, nothing else has to be kept or can be lost, and a replay that broke off half
way can simply be asked for again. It costs reading what the source received since, for a long
time or a busy topic some minutes; who knows better says so and it is not read (`again`). Two
replays at the same time do not see each other.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from aiokafka.partitioner import murmur2
from confluent_kafka import Message
from pydantic import ValidationError

from schemas.letters import DeadLetter
from schemas.topics import Role
from streams.config import Settings
from streams.errors import StreamsError
from streams.history import places_of, read_history
from streams.outcomes import Place
from streams.replay.events import Record
from streams.replay.producer import Sender

REPLAY_OF: Final = "shopstreams-replay-of"
"""Header of a record that was sent back: the id of its letter."""

_CLOCKS_DIFFER_MS: Final = 10 * 60 * 1000
"""How far the clock of whoever replayed a letter may be behind that of the worker."""
_POSITIVE: Final = 0x7FFFFFFF


class LetterError(StreamsError):
    """A letter that was asked for is not there or cannot be used as was asked."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which letters are meant: those that fit all that is said."""

    ids: frozenset[str] = frozenset()  # empty is any
    code: str | None = None
    task: str | None = None
    topic: str | None = None  # that the record came from, as the broker calls it
    since: datetime | None = None  # buried then or later

    def takes(self, letter: DeadLetter) -> bool:
        """Return whether the letter is meant."""
        return (
            (not self.ids or letter.result_id in self.ids)
            and self.code in (None, letter.code)
            and self.task in (None, letter.task)
            and self.topic in (None, letter.source.topic)
            and (self.since is None or letter.produced_at >= self.since)
        )


class Letters:
    """The dead letters that the broker holds at the moment."""

    def __init__(self, settings: Settings) -> None:
        """Find the topic; raises `AdminError` where broker or topic are not there."""
        self._kafka = settings.kafka
        self._places = places_of(settings, settings.named_topics()["dead-letters"].name)
        self.foreign = 0  # records of the last reading that are no letters

    def read(self, choice: Choice) -> Iterator[DeadLetter]:
        """Yield the letters meant, each once; a worker may have written one twice."""
        self.foreign = 0
        seen: set[str] = set()
        since_ms = None if choice.since is None else int(choice.since.timestamp() * 1000)
        for message in read_history(self._kafka, self._places, since_ms):
            letter = _letter(message)
            if letter is None:
                self.foreign += 1
            elif letter.result_id not in seen and choice.takes(letter):
                seen.add(letter.result_id)
                yield letter

    def find(self, result_id: str) -> DeadLetter:
        """Return the letter of that id; raises `LetterError` where there is none."""
        for letter in self.read(Choice(ids=frozenset({result_id}))):
            return letter
        raise LetterError(
            f"there is no dead letter {result_id}: see `shopstreams dead-letters list`"
        )


def _letter(message: Message) -> DeadLetter | None:
    try:
        return DeadLetter.model_validate_json(message.value() or b"")
    except ValidationError:
        return None


def without_value(letter: DeadLetter) -> DeadLetter:
    """Return the letter without the record's bytes: thousands of them fit into memory."""
    return letter.model_copy(update={"value": None, "headers": ()})


@dataclass(frozen=True, kw_only=True)
class ReplayPlan:
    """What a replay is going to do; letters without their values."""

    send: tuple[DeadLetter, ...]
    replayed: tuple[DeadLetter, ...]  # sent back before, and left alone
    refused: tuple[tuple[DeadLetter, str], ...]  # with the reason
    unknown: tuple[str, ...]  # ids that no letter has

    def topics(self) -> list[str]:
        """Return where records will be sent."""
        return sorted({letter.source.topic for letter in self.send})


@dataclass
class _Sorted:
    good: list[DeadLetter] = field(default_factory=list)
    refused: list[tuple[DeadLetter, str]] = field(default_factory=list)


def plan_replay(settings: Settings, choice: Choice, *, again: bool = False) -> ReplayPlan:
    """Return what can be sent back of the letters meant; raises `AdminError`.

    With `again`, nobody looks whether a letter was replayed before.
    """
    sources = {spec.name for spec in settings.named_topics().of(Role.SOURCE)}
    found = _Sorted()
    for letter in Letters(settings).read(choice):
        problem = refusal(letter, sources)
        if problem is None:
            found.good.append(without_value(letter))
        else:
            found.refused.append((without_value(letter), problem))
    done = set() if again else replayed_ids(settings, found.good)
    known = {letter.result_id for letter in [*found.good, *(one for one, _ in found.refused)]}
    return ReplayPlan(
        send=tuple(one for one in found.good if one.result_id not in done),
        replayed=tuple(one for one in found.good if one.result_id in done),
        refused=tuple(found.refused),
        unknown=tuple(sorted(choice.ids - known)),
    )


def refusal(letter: DeadLetter, sources: Collection[str]) -> str | None:
    """Return why a letter cannot be sent back, None where it can."""
    if letter.source.topic not in sources:
        return f"{letter.source.topic} is no source: there, it would not be worked on"
    if not letter.value_is_whole:
        return (
            f"its value of {letter.value_bytes:,} bytes was too large to be carried whole: "
            "send it again from where it came from"
        )
    if letter.left_out_bytes:
        return (
            f"its key and headers of {letter.left_out_bytes:,} bytes were too large to be carried: "
            "send it again from where it came from"
        )
    if hashlib.sha256(letter.raw_value() or b"").hexdigest() != letter.value_sha256:
        return "its bytes do not have the checksum that the worker wrote down"
    return None


def replay_letters(settings: Settings, plan: ReplayPlan, tick: Callable[[], None]) -> int:
    """Send the plan's records back and return how many the broker confirmed.

    The letters are read again, so that only what is on its way is in memory. `tick` is called now
    and then. Raises `DeliveryError` if the broker does not take a record, and `AdminError`.
    """
    confirmed = 0

    def count(*_confirmed: object) -> None:
        nonlocal confirmed
        confirmed += 1

    if not plan.send:
        return 0
    choice = Choice(ids=frozenset(letter.result_id for letter in plan.send))
    with Sender(settings.kafka, count) as sender:
        for letter in Letters(settings).read(choice):
            sender.send(letter.source.topic, record_of(letter))
            tick()
        sender.flush(tick)
        sender.check()
    return confirmed


def record_of(letter: DeadLetter) -> Record:
    """Return the record as it was, with the letter's id in a header of its own."""
    headers = tuple((one.name, one.raw_value()) for one in letter.headers)
    return Record(
        key=letter.raw_key(),
        value=letter.raw_value(),
        headers=(*headers, (REPLAY_OF, letter.result_id.encode())),
    )


def replayed_ids(settings: Settings, letters: Iterable[DeadLetter]) -> set[str]:
    """Return which of the letters were sent back already, as their source topics tell."""
    by_topic: defaultdict[str, list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        by_topic[letter.source.topic].append(letter)
    found: set[str] = set()
    for topic, of_topic in by_topic.items():
        found |= _replayed_in(settings, topic, of_topic)
    return found


def _replayed_in(settings: Settings, topic: str, letters: Collection[DeadLetter]) -> set[str]:
    places = places_of(settings, topic)
    looked_at = {place for letter in letters for place in _possible(letter, places)}
    first = min(letter.produced_at for letter in letters)
    since_ms = int(first.timestamp() * 1000) - _CLOCKS_DIFFER_MS
    wanted = {letter.result_id for letter in letters}
    found: set[str] = set()
    for message in read_history(settings.kafka, sorted(looked_at), since_ms):
        found |= wanted & _replay_of(message)
        if found == wanted:
            break
    return found


def _possible(letter: DeadLetter, places: list[Place]) -> list[Place]:
    """Return where the letter's record lies if it was sent back."""
    key = letter.raw_key()
    if not key:  # then it may lie anywhere
        return places
    hashed = (murmur2(key) & _POSITIVE) % len(places)
    # Its old place, too: partitions may have been added since it was sent back.
    return [places[hashed], *places[letter.source.partition : letter.source.partition + 1]]


def _replay_of(message: Message) -> set[str]:
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return {
        (value or b"").decode("utf-8", "replace") for name, value in headers if name == REPLAY_OF
    }
