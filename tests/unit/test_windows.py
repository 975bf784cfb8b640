"""Windowed tables: the right windows, and an end to them in store and changelog."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import orjson
import pytest
from faust.types import TP
from faust.windows import HoppingWindow, TumblingWindow

from streams.config import load_settings
from streams.faust_app import create_app, create_windowed_table
from streams.publisher import Publication
from streams.shelves import Entry
from streams.tables import Changes, Overlay
from streams.windows import WindowedTable

PARTITION = 2
MINUTE = 60.0
NOON = 1_767_268_800.0  # a whole hour
STORES = ("memory", "rocksdb")


def no_consumer() -> None:
    raise AssertionError("nothing is to be read here")


def windowed(store: str, folder: Path, window: HoppingWindow) -> WindowedTable:
    flags = {"engine.store": store, "engine.state_dir": str(folder)}
    settings = load_settings(environ={}, flags=flags, directory=folder).settings
    return create_windowed_table(create_app(settings, 4, no_consumer), "counts", 4, window)


def one_more(count: int | None) -> int:
    return (count or 0) + 1


class Partition:
    """One partition's way of writes: kept, sent, and settled when it is said."""

    def __init__(self, table: WindowedTable) -> None:
        self.table = table
        self.changelog: list[Publication] = []
        self.unsettled: list[Changes] = []
        self.reopen()

    def reopen(self) -> None:
        """Begin anew at what is settled, as after a transaction that broke."""
        self.overlay = Overlay(PARTITION)
        self.unsettled.clear()

    def count(self, key: str, at: float) -> None:
        changes = Changes(self.overlay)
        self.table.apply(changes, key, at, one_more)
        changes.keep()
        self.unsettled.append(changes)

    def settle(self, *each: Changes) -> None:
        settled = list(each) or self.unsettled
        for changes in settled:
            self.changelog += self.overlay.changelog(changes.writes)
        name = TP(self.table.changelog_topic_name, PARTITION)
        writes = [changes.writes for changes in settled]
        self.overlay.settle(writes, {name: len(self.changelog) - 1})
        self.unsettled = [one for one in self.unsettled if one not in settled]

    def value(self, key: str, at: float) -> object:
        return self.table.value(Changes(self.overlay), key, at)

    def stored(self) -> list[str]:
        """Return what the store holds of all that was ever written."""
        names = {orjson.loads(record.key or b"") for record in self.changelog}
        return [name for name in names if self.table.stored(name, PARTITION) is not None]

    def compacted(self) -> dict[bytes | None, bytes | None]:
        """Return what a compacted changelog still holds."""
        last = {record.key: record.value for record in self.changelog}
        return {key: value for key, value in last.items() if value is not None}


@pytest.fixture(params=STORES)
def minutes(request: pytest.FixtureRequest, tmp_path: Path) -> Partition:
    return Partition(windowed(request.param, tmp_path, TumblingWindow(MINUTE, expires=2 * MINUTE)))


def test_a_minute_counts_what_happened_in_it(minutes: Partition) -> None:
    for second in (0, 59, 60, 61):
        minutes.count("k", NOON + second)
    assert minutes.value("k", NOON + 30) == 2
    assert minutes.value("k", NOON + 90) == 2
    assert minutes.value("k", NOON + 120) is None
    minutes.settle()
    assert minutes.value("k", NOON + 30) == 2
    assert minutes.value("other", NOON + 30) is None


def test_an_event_counts_in_every_window_that_holds_it(tmp_path: Path) -> None:
    window = HoppingWindow(MINUTE, 20.0, expires=MINUTE)
    table = Partition(windowed("memory", tmp_path, window))
    table.count("k", NOON + 45)
    table.count("k", NOON + 61)
    # The newest window that holds the moment: from 0, from 20 and from 60 on.
    assert [table.value("k", NOON + at) for at in (19, 39, 61)] == [1, 2, 1]


@pytest.mark.usefixtures("kept_time")
def test_windows_that_are_over_leave_store_and_changelog(minutes: Partition) -> None:
    for user in range(50):
        minutes.count(f"u{user}", NOON)
    minutes.settle()
    assert len(minutes.stored()) == len(minutes.compacted()) == 50
    for second in range(50):
        minutes.count("late", NOON + 4 * MINUTE + second)
    minutes.settle()
    assert len(minutes.stored()) == len(minutes.compacted()) == 1
    assert minutes.value("u1", NOON) is None


@pytest.mark.usefixtures("kept_time")
def test_memory_is_bounded_by_the_windows_that_live(minutes: Partition) -> None:
    held = []
    for minute in range(100):
        for user in range(20):
            minutes.count(f"{minute}-u{user}", NOON + minute * MINUTE + user)
        minutes.settle()
        held.append(len(minutes.stored()))
    # Expires after two minutes, and is cleared away in the one after: four are there at most.
    assert max(held) <= 4 * 20
    assert len(minutes.compacted()) == held[-1]


@pytest.mark.usefixtures("kept_time")
def test_windows_that_a_restart_restored_expire_too(tmp_path: Path) -> None:
    window = TumblingWindow(MINUTE, expires=2 * MINUTE)
    before = Partition(windowed("memory", tmp_path, window))
    for user in range(10):
        before.count(f"u{user}", NOON)
    before.settle()
    after = Partition(windowed("memory", tmp_path, window))
    entries = [
        Entry(record.key or b"", record.value, offset)
        for offset, record in enumerate(before.changelog)
    ]
    after.table.restore(entries, PARTITION)
    assert after.value("u1", NOON) == 1
    for second in range(10):
        after.count("new", NOON + 4 * MINUTE + second)
    after.settle()
    assert len(after.stored()) == 1


@pytest.mark.usefixtures("kept_time")
def test_what_comes_after_its_window_is_over_is_not_counted(minutes: Partition) -> None:
    minutes.count("k", NOON + 4 * MINUTE)
    minutes.count("k", NOON)
    minutes.settle()
    assert minutes.value("k", NOON) is None
    assert len(minutes.stored()) == 1


def test_a_date_in_the_future_ends_no_window(minutes: Partition) -> None:
    now = time.time()
    minutes.count("k", now)
    minutes.count("k", now + 1_000_000)
    minutes.count("k", now)
    assert minutes.value("k", now) == 2


@pytest.mark.usefixtures("kept_time")
def test_a_write_that_is_on_its_way_is_not_overtaken_by_the_end_of_its_window(
    minutes: Partition,
) -> None:
    """It may wait for a model, while events of other keys, which came later, leave before it."""
    minutes.count("slow", NOON)
    slow = minutes.unsettled[0]
    minutes.count("k", NOON + 4 * MINUTE)
    minutes.settle(minutes.unsettled[1])
    minutes.settle(slow)
    minutes.count("k", NOON + 5 * MINUTE)
    minutes.settle()
    assert [name for name in minutes.stored() if "slow" in name] == []
    assert [key for key in minutes.compacted() if key and b"slow" in key] == []


@pytest.mark.usefixtures("kept_time")
def test_deletions_that_were_rolled_back_are_made_again(minutes: Partition) -> None:
    for user in range(3):
        minutes.count(f"u{user}", NOON)
    minutes.settle()
    for second in range(3):
        minutes.count("k", NOON + 4 * MINUTE + second)
    minutes.reopen()
    assert len(minutes.stored()) == 3
    for second in range(3):
        minutes.count("k", NOON + 4 * MINUTE + second)
    minutes.settle()
    assert [orjson.loads(key or b"")[-1] for key in minutes.compacted()] == ["k"]
    assert len(minutes.stored()) == 1


async def test_fausts_own_bookkeeping_is_no_help(tmp_path: Path) -> None:
    """Where this fails, Faust was mended, and `streams.windows` may lean on it."""
    app = faust.App("stock", store="memory://", datadir=str(tmp_path))
    table: Any = app.Table("counts", partitions=1).tumbling(MINUTE, expires=MINUTE).table
    name = ("k", (NOON, NOON + MINUTE - 0.1))
    for _ in range(100):
        table._maybe_set_key_ttl(name, 0)
    assert len(table._partition_timestamps[0]) == 100  # one for each write of one window

    table._partition_timestamps.clear()
    message = SimpleNamespace(partition=0, value=b"1")
    event = SimpleNamespace(key=list(name), value=1, message=message)
    table.apply_changelog_batch([event])
    assert table.data[name] == 1
    assert not table._partition_timestamps  # a window that was restored never ends


def test_a_window_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expiry"):
        windowed("memory", tmp_path, TumblingWindow(MINUTE))


@pytest.fixture
def kept_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be long after noon."""
    monkeypatch.setattr(time, "time", lambda: NOON + 24 * 3600)
