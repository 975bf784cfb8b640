"""Tables come back right from any changelog that a broker can hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import TopicPartition
from confluent_kafka import Producer
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient
from faust.types import TP

from streams.clients import Clients
from streams.config import load_settings
from streams.errors import StoreFull
from streams.faust_app import create_app, create_table
from streams.restore import ChunkTableManager
from streams.shelves import Entry
from streams.tables import ChunkTable
from tests.kafka.helpers import create_topics, read_all, unique
from tests.waiting import until, wait_until

ANSWER_S = 20


class Changelog:
    """A table and its changelog's only partition on a broker."""

    def __init__(self, kafka: str, store: str, folder: Path, **config: str) -> None:
        flags = {
            "kafka.bootstrap_servers": kafka,
            "kafka.group": unique("restore"),
            "engine.store": store,
            "engine.state_dir": str(folder),
        }
        settings = load_settings(environ={}, flags=flags, directory=folder).settings
        app = create_app(settings, 1, lambda: Clients(settings).reader("tables"))
        self.table: ChunkTable = create_table(app, "counts", 1)
        self.topic = self.table.changelog_topic_name
        self.manager = cast(ChunkTableManager, app.tables)
        self.recovery = self.manager.recovery
        self.kafka = kafka
        self.producer = Producer(
            {"bootstrap.servers": kafka, "transactional.id": unique("changelog")}
        )
        self.producer.init_transactions(ANSWER_S)
        create_topics(kafka, [self.topic], partitions=1, config=config)

    def write(self, *entries: tuple[str, int | None], commit: bool = True) -> None:
        self.producer.begin_transaction()
        for key, value in entries:
            body = None if value is None else str(value)
            self.producer.produce(self.topic, key=f'"{key}"', value=body, partition=0)
        assert self.producer.flush(ANSWER_S) == 0
        if commit:
            self.producer.commit_transaction(ANSWER_S)
        else:
            self.producer.abort_transaction(ANSWER_S)

    def delete_all(self) -> None:
        self.delete_before(-1)

    def delete_before(self, offset: int) -> None:
        admin = AdminClient({"bootstrap.servers": self.kafka})
        place = Place(self.topic, 0, offset)
        admin.delete_records([place])[place].result(ANSWER_S)

    def compact(self) -> int:
        """Let old segments be compacted; return how many records are left."""
        self.write(("filler", 1))
        return len(read_all(self.kafka, self.topic, 1_000_000, limit_s=0.5, partitions=1))

    async def restore(self) -> None:
        await self.recovery.restore([TP(self.topic, 0)])

    def stored(self, key: str) -> object:
        return self.table.stored(key, 0)


@pytest.fixture(params=["memory", "rocksdb"])
def changelog(request: pytest.FixtureRequest, kafka: str, tmp_path: Path) -> Changelog:
    return Changelog(kafka, request.param, tmp_path)


async def test_what_was_committed_comes_back_and_what_was_aborted_does_not(
    changelog: Changelog,
) -> None:
    changelog.write(("a", 1), ("b", 1))
    changelog.write(("a", 99), ("c", 99), commit=False)
    changelog.write(("a", 2), ("b", None))
    changelog.write(("a", 77), commit=False)  # the last records of all are void
    await changelog.restore()
    assert (changelog.stored("a"), changelog.stored("b"), changelog.stored("c")) == (2, None, None)


async def test_a_changelog_that_nothing_was_written_to(changelog: Changelog) -> None:
    await changelog.restore()
    assert changelog.stored("a") is None


async def test_a_changelog_that_was_emptied(changelog: Changelog) -> None:
    changelog.write(("a", 1))
    changelog.delete_all()
    await changelog.restore()
    assert changelog.stored("a") is None


async def test_only_what_is_new_is_read_again(changelog: Changelog) -> None:
    changelog.write(("a", 1), ("b", 1))
    await changelog.restore()
    changelog.table.store({"mark": 1}, 0, changelog.table.applied_offset(0) or 0)
    changelog.write(("b", 2))
    await changelog.restore()
    assert (changelog.stored("a"), changelog.stored("b")) == (1, 2)
    assert changelog.stored("mark") == 1  # the store was not begun anew


@pytest.mark.parametrize("offset", [50, 1_000_000])
async def test_a_store_that_is_ahead_of_its_changelog_is_begun_anew(
    changelog: Changelog, offset: int
) -> None:
    changelog.table.restore([Entry(b'"ghost"', b"1", offset)], 0)
    changelog.write(("a", 1))
    await changelog.restore()
    assert (changelog.stored("ghost"), changelog.stored("a")) == (None, 1)


async def test_a_store_whose_changelog_was_deleted_beneath_it_is_begun_anew(
    changelog: Changelog,
) -> None:
    changelog.write(("a", 1))
    await changelog.restore()
    changelog.write(("b", 1))
    changelog.delete_all()
    changelog.write(("c", 1))
    await changelog.restore()
    assert (changelog.stored("a"), changelog.stored("b"), changelog.stored("c")) == (None, None, 1)


COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "50",  # the next write after it begins a new one; only old ones are compacted
    "min.cleanable.dirty.ratio": "0.001",
    "delete.retention.ms": "0",
}
COMPACTION_LIMIT_S = 60.0
KEYS = 20


@pytest.fixture(params=["memory", "rocksdb"])
def compacted(request: pytest.FixtureRequest, kafka: str, tmp_path: Path) -> Changelog:
    """A changelog of which little is left (faust #176, #432): gaps, and a tail without records.

    Its offsets begin with records that were compacted away and end with some that were aborted.
    """
    changelog = Changelog(kafka, request.param, tmp_path, **COMPACTED)
    changelog.write(("gone", 1))
    for number in range(10):
        changelog.write(*((f"k{key}", number) for key in range(KEYS)))
    changelog.write(("gone", None), ("k0", None))
    wait_until(lambda: changelog.compact() < 3 * KEYS, COMPACTION_LIMIT_S)
    changelog.write(("k1", 99), commit=False)
    return changelog


async def test_a_compacted_changelog_with_gaps_and_an_aborted_tail(compacted: Changelog) -> None:
    await compacted.restore()
    assert compacted.stored("gone") is None
    assert [compacted.stored(f"k{key}") for key in range(KEYS)] == [None, *[9] * (KEYS - 1)]


async def test_a_store_whose_next_record_was_compacted_away(compacted: Changelog) -> None:
    """The store ends within a gap: what comes next has a higher offset, or never comes."""
    compacted.table.restore([Entry(b'"k1"', b"0", 3), Entry(b'"gone"', b"1", 3)], 0)
    await compacted.restore()
    assert [compacted.stored(f"k{key}") for key in range(1, KEYS)] == [9] * (KEYS - 1)


@pytest.mark.parametrize("behind", [1, 2])
async def test_a_store_behind_an_end_that_no_reader_gets(changelog: Changelog, behind: int) -> None:
    """faust #432: the rest is a marker, or aborted records, and is waited for without end."""
    changelog.write(("a", 1))
    changelog.write(("a", 2), ("b", 2), commit=False)
    changelog.table.restore([Entry(b'"a"', b"1", 5 - behind)], 0)
    await changelog.restore()
    assert (changelog.stored("a"), changelog.stored("b")) == (1, None)


async def test_records_deleted_while_they_are_read(changelog: Changelog) -> None:
    """faust #651: what is left must not be skipped with what has gone."""
    changelog.write(("a", 1))
    changelog.write(("b", 1))
    changelog.table.restore([Entry(b'"a"', b"1", 0)], 0)
    manager = changelog.manager
    new_consumer = manager.new_consumer

    def deleting() -> AIOKafkaConsumer:
        consumer = new_consumer()
        seek = consumer.seek

        def seek_and_lose(tp: TopicPartition, offset: int) -> None:
            changelog.delete_before(2)
            seek(tp, offset)

        consumer.seek = seek_and_lose
        return consumer

    manager.new_consumer = deleting
    await changelog.restore()
    assert (changelog.stored("a"), changelog.stored("b")) == (1, 1)


@pytest.mark.parametrize("read", ["restore", "follow"])
async def test_a_broker_that_does_not_answer_is_asked_again(
    changelog: Changelog, read: str
) -> None:
    changelog.write(("a", 1))
    manager = changelog.manager
    new_consumer = manager.new_consumer
    refusals = iter([KafkaConnectionError("nobody there")] * 2)

    def unlucky() -> AIOKafkaConsumer:
        consumer = new_consumer()
        start = consumer.start

        async def refused() -> None:
            if error := next(refusals, None):
                raise error
            await start()

        consumer.start = refused
        return consumer

    manager.new_consumer = unlucky
    if read == "restore":
        await changelog.restore()
        assert changelog.stored("a") == 1
    else:
        async with followed(changelog):
            assert changelog.stored("a") == 1


@pytest.mark.parametrize("read", ["restore", "follow"])
async def test_a_full_disk_is_waited_for(changelog: Changelog, read: str) -> None:
    """At a rebalance as by a standby; then it is read on from where the store ends."""
    changelog.write(("a", 1), ("b", 1))
    restore, tries = changelog.table.restore, 0

    def full_at_first(entries: Iterable[Entry], partition: int) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StoreFull("no space left on device")
        restore(entries, partition)

    changelog.table.restore = full_at_first  # type: ignore[method-assign]
    if read == "restore":
        await changelog.restore()
        assert (changelog.stored("a"), changelog.stored("b")) == (1, 1)
    else:
        async with followed(changelog):
            assert (changelog.stored("a"), changelog.stored("b")) == (1, 1)
    assert tries >= 3


# -- standbys


@asynccontextmanager
async def followed(changelog: Changelog) -> AsyncIterator[None]:
    """Follow the changelog as a standby would."""
    following = asyncio.create_task(changelog.recovery.follow([TP(changelog.topic, 0)]))
    try:
        await until(lambda: changelog.manager.standbys_ready, ANSWER_S)
        yield
        assert not following.done()
    finally:
        following.cancel()
        await asyncio.wait([following])


async def test_a_standby_follows_what_is_committed(changelog: Changelog) -> None:
    changelog.write(("a", 1), ("gone", 1))
    changelog.write(("a", 99), commit=False)
    async with followed(changelog):
        assert changelog.stored("a") == 1
        changelog.write(("a", 2), ("gone", None))
        changelog.write(("a", 99), commit=False)
        changelog.write(("b", 1))
        await until(lambda: changelog.stored("b"), ANSWER_S)
        assert (changelog.stored("a"), changelog.stored("gone")) == (2, None)
    # What it has followed is not read again when it takes over.
    assert changelog.table.applied_offset(0) == 10
    changelog.table.store({"mark": 1}, 0, 10)
    await changelog.restore()
    assert (changelog.stored("a"), changelog.stored("mark")) == (2, 1)


async def test_a_standby_of_an_emptied_changelog(changelog: Changelog) -> None:
    changelog.write(("a", 1))
    changelog.delete_all()
    async with followed(changelog):
        changelog.write(("b", 1))
        await until(lambda: changelog.stored("b"), ANSWER_S)
        assert changelog.stored("a") is None


async def test_a_standby_of_a_compacted_changelog(compacted: Changelog) -> None:
    async with followed(compacted):
        assert compacted.stored("k7") == 9
        compacted.write(("k7", 10))
        await until(lambda: compacted.stored("k7") == 10, ANSWER_S)


async def test_a_standby_that_fails_ends_the_worker_with_its_reason(changelog: Changelog) -> None:
    tp = TP(changelog.topic, 0)
    recovery = changelog.recovery
    recovery.loop = asyncio.get_running_loop()  # the fixture was made before there was one
    recovery.standby_tps.add(tp)
    changelog.table.restore = broken  # type: ignore[method-assign]
    changelog.write(("a", 1))
    recovery.begin_following()
    await until(lambda: recovery.crashed, ANSWER_S)
    assert isinstance(recovery.crash_reason, OSError)


def broken(entries: object, partition: int) -> None:
    raise OSError("no space left on device")
