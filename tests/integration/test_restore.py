"""Tables come back right from any changelog that a broker can hold."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from confluent_kafka import Producer
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient
from faust.types import TP

from streams.clients import new_reader
from streams.config import load_settings
from streams.faust_app import create_app, create_table
from streams.restore import ChunkTableManager
from streams.shelves import Entry
from streams.tables import ChunkTable
from tests.kafka.helpers import create_topics, unique

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
        app = create_app(settings, 1, lambda: new_reader(settings, "tables"))
        self.table: ChunkTable = create_table(app, "counts", 1)
        self.topic = self.table.changelog_topic_name
        self.recovery = cast(ChunkTableManager, app.tables).recovery
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
        admin = AdminClient({"bootstrap.servers": self.kafka})
        end = Place(self.topic, 0, -1)
        admin.delete_records([end])[end].result(ANSWER_S)

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


async def test_a_compacted_changelog_with_gaps(kafka: str, tmp_path: Path) -> None:
    changelog = Changelog(
        kafka,
        "memory",
        tmp_path,
        **{
            "cleanup.policy": "compact",
            "segment.bytes": "1048576",
            "min.cleanable.dirty.ratio": "0.01",
        },
    )
    for number in range(50):
        changelog.write(("a", number), (f"k{number}", number))
    await changelog.restore()
    assert changelog.stored("a") == 49
    assert changelog.stored("k7") == 7
