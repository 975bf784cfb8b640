"""Writes that count only once the broker has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from faust.types import TP

from streams.config import Settings, load_settings
from streams.errors import StoreFull
from streams.faust_app import create_app, create_table
from streams.shelves import Entry
from streams.tables import Changes, ChunkTable, Overlay

PARTITION = 2


def settings(store: str, folder: Path) -> Settings:
    flags = {"engine.store": store, "engine.state_dir": str(folder)}
    return load_settings(environ={}, flags=flags, directory=folder).settings


def no_consumer() -> None:
    raise AssertionError("nothing is to be read here")


@pytest.fixture(params=["memory", "rocksdb"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> ChunkTable:
    app = create_app(settings(request.param, tmp_path), 4, no_consumer)
    return create_table(app, "counts", 4)


def settle(overlay: Overlay, table: ChunkTable, *each: Changes, offset: int = 0) -> None:
    changelog = TP(table.changelog_topic_name, PARTITION)
    overlay.settle([changes.writes for changes in each], {changelog: offset})


def written(overlay: Overlay, table: ChunkTable, key: str, value: object) -> Changes:
    changes = Changes(overlay)
    changes.put(table, key, value)
    changes.keep()
    return changes


def test_later_events_see_a_write_before_the_store_does(table: ChunkTable) -> None:
    overlay = Overlay(PARTITION)
    first = written(overlay, table, "k", {"n": 1})
    assert Changes(overlay).get(table, "k") == {"n": 1}
    assert table.stored("k", PARTITION) is None
    settle(overlay, table, first)
    assert table.stored("k", PARTITION) == {"n": 1}


def test_what_an_event_wrote_before_it_failed_is_forgotten(table: ChunkTable) -> None:
    overlay = Overlay(PARTITION)
    changes = Changes(overlay)
    changes.put(table, "k", 1)
    assert changes.get(table, "k") == 1
    changes.forget()
    changes.keep()
    assert changes.writes == {}
    assert Changes(overlay).get(table, "k") is None


def test_an_overlay_that_is_dropped_leaves_the_store_as_it_was(table: ChunkTable) -> None:
    overlay = Overlay(PARTITION)
    settle(overlay, table, written(overlay, table, "k", 1))
    written(overlay, table, "k", 2)
    assert table.stored("k", PARTITION) == 1
    assert Changes(Overlay(PARTITION)).get(table, "k") == 1


def test_settling_a_write_leaves_later_ones_pending(table: ChunkTable) -> None:
    overlay = Overlay(PARTITION)
    first = written(overlay, table, "k", 1)
    second = written(overlay, table, "k", 2)
    settle(overlay, table, first)
    assert table.stored("k", PARTITION) == 1
    assert Changes(overlay).get(table, "k") == 2
    settle(overlay, table, second, offset=1)
    assert table.stored("k", PARTITION) == 2
    assert table.applied_offset(PARTITION) == 1


def test_a_later_write_stays_however_much_it_is_like_an_earlier_one(table: ChunkTable) -> None:
    overlay = Overlay(PARTITION)
    first, second, third = (written(overlay, table, "k", value) for value in (5, 6, 5))
    settle(overlay, table, first)
    settle(overlay, table, second, offset=1)
    assert table.stored("k", PARTITION) == 6
    assert Changes(overlay).get(table, "k") == 5
    assert overlay.is_pending(table, "k")
    settle(overlay, table, third, offset=2)
    assert not overlay.is_pending(table, "k")


def test_what_both_phases_wrote_is_settled_as_one(table: ChunkTable) -> None:
    overlay = Overlay(PARTITION)
    changes = written(overlay, table, "prepared", 1)
    changes.put(table, "decided", 2)
    changes.keep()
    settle(overlay, table, changes)
    assert (table.stored("prepared", PARTITION), table.stored("decided", PARTITION)) == (1, 2)
    assert not overlay.is_pending(table, "prepared")


@pytest.mark.parametrize("falsy", [0, "", [], {}, False])
def test_an_empty_value_is_a_value_and_none_deletes(table: ChunkTable, falsy: object) -> None:
    overlay = Overlay(PARTITION)
    settle(overlay, table, written(overlay, table, "k", falsy))
    assert table.stored("k", PARTITION) == falsy
    settle(overlay, table, written(overlay, table, "k", None), offset=1)
    assert table.stored("k", PARTITION) is None


def test_a_changelog_record_carries_the_last_value_of_a_key(table: ChunkTable) -> None:
    overlay = Overlay(PARTITION)
    changes = Changes(overlay)
    changes.put(table, "k", 1)
    changes.put(table, "k", 2)
    changes.put(table, "gone", None)
    changes.keep()
    records = list(overlay.changelog(changes.writes))
    assert [(r.key, r.value, r.partition) for r in records] == [
        (b'"k"', b"2", PARTITION),
        (b'"gone"', None, PARTITION),
    ]
    assert {r.topic for r in records} == {table.changelog_topic_name}


def test_one_phase_writes_a_key_of_a_table(table: ChunkTable) -> None:
    changes = written(Overlay(PARTITION), table, "k", 1)
    changes.put(table, "k", 2)
    with pytest.raises(ValueError, match="prepare or by decide"):
        changes.keep()


def test_what_was_read_from_the_changelog_is_stored_and_forgotten(table: ChunkTable) -> None:
    entries = [
        Entry(orjson.dumps("a"), b"1", 0),
        Entry(orjson.dumps("b"), b"0", 1),
        Entry(orjson.dumps("a"), None, 2),
    ]
    table.restore(entries, PARTITION)
    assert table.stored("a", PARTITION) is None
    assert table.stored("b", PARTITION) == 0
    assert table.applied_offset(PARTITION) == 2
    table.forget(PARTITION)
    assert table.stored("b", PARTITION) is None
    assert table.applied_offset(PARTITION) is None


def test_all_values_are_read_while_the_table_changes(
    table: ChunkTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        table.app.assignor, "assigned_actives", lambda: {TP(table.changelog_name, PARTITION)}
    )
    table.restore([Entry(orjson.dumps(f"k{n}"), b"%d" % n, n) for n in range(3)], PARTITION)
    values = table.stored_values()
    first = next(values)
    table.restore([Entry(b'"more"', b"9", 3), Entry(b'"k1"', None, 4)], PARTITION)
    assert sorted([first, *values])[:3] == [0, 1, 2]
    assert sorted(table.stored_values()) == [0, 2, 9]


def test_a_full_disk_keeps_writes_for_another_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings("rocksdb", tmp_path), 4, no_consumer)
    table, overlay = create_table(app, "counts", 4), Overlay(PARTITION)
    changes = written(overlay, table, "k", 1)

    class FullDisk:
        def write(self, batch: object) -> None:
            raise Exception("IO error: No space left on device: While appending to file: 4.log")

    with monkeypatch.context() as patch:
        patch.setattr(table.data, "_db_for_partition", lambda partition: FullDisk())
        with pytest.raises(StoreFull, match=r"make room in engine\.state_dir; .*64 MiB"):
            settle(overlay, table, changes)
        assert overlay.is_pending(table, "k")
    assert Changes(overlay).get(table, "k") == 1
    settle(overlay, table, changes)
    assert table.stored("k", PARTITION) == 1
    assert not overlay.is_pending(table, "k")


def test_a_disk_too_full_to_open_a_store_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings("rocksdb", tmp_path), 4, no_consumer)
    table = create_table(app, "counts", 4)

    def opened(partition: int) -> object:
        raise Exception("IO error: No space left on device: While open a file for appending")

    monkeypatch.setattr(table.data, "_db_for_partition", opened)
    with pytest.raises(StoreFull):
        table.applied_offset(PARTITION)
    with pytest.raises(StoreFull):
        table.restore([Entry(b'"k"', b"1", 0)], PARTITION)


async def test_a_rebalance_waits_for_room_to_open_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings("rocksdb", tmp_path), 4, no_consumer)
    table = create_table(app, "counts", 4)
    monkeypatch.setattr(app.assignor, "assigned_standbys", set)
    store: Any = table.data
    open_store, tries = store._open_for_partition, 0

    def full_at_first(partition: int) -> object:
        nonlocal tries
        tries += 1
        if tries < 2:
            raise Exception("IO error: No space left on device: While open a file for appending")
        return open_store(partition)

    monkeypatch.setattr(store, "_open_for_partition", full_at_first)
    came = {TP(table.changelog_name, PARTITION)}
    await table.on_rebalance(came, set(), came, 1)
    assert tries == 2
    assert table.applied_offset(PARTITION) is None


async def test_partitions_that_went_leave_no_key_in_memory(tmp_path: Path) -> None:
    app = create_app(settings("memory", tmp_path), 4, no_consumer)
    table = create_table(app, "counts", 4)
    table.restore([Entry(b'"a"', b"1", 5)], 0)
    table.restore([Entry(b'"b"', b"1", 5)], 1)
    table.restore([Entry(b'"c"', b"1", 5)], 2)
    name = table.changelog_topic_name
    await table.on_recovery_completed({TP(name, 0)}, {TP(name, 2)})
    assert (table.stored("a", 0), table.stored("b", 1), table.stored("c", 2)) == (1, None, 1)
    assert table.applied_offset(1) is None
