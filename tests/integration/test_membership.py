"""Static members: a quick restart moves nothing, and a stop for good frees the seat at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from schemas.topics import DEFAULT_TOPICS
from tests.chaos.process import Setup, Worker
from tests.kafka.helpers import create_topics, unique
from tests.waiting import wait_until

ANSWER_S = 20
LIMIT_S = 60.0
SESSION_S = 45.0
"""A start on a busy machine is still quick beside this."""
ASSIGNED = b'"partitions_opened"'

pytestmark = pytest.mark.timeout(240)


class Group:
    """Two static members."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.kafka = kafka
        self.name = unique("members")
        self._admin = AdminClient({"bootstrap.servers": kafka})
        model = folder / "model"
        model.mkdir()
        topics = {spec.id: f"{self.name}.{spec.name}" for spec in DEFAULT_TOPICS}
        create_topics(kafka, topics.values())
        setup = Setup(
            bootstrap=kafka,
            group=self.name,
            delivery="exactly_once",
            topics=topics,
            folder=folder,
            model=model,
            seed=1,
            session_timeout_s=SESSION_S,
        )
        self.first, self.second = Worker(setup, "first"), Worker(setup, "second")

    def start(self) -> None:
        self.first.start(static=True)
        assert self.first.wait_until_ready(), self.first.log_tail().decode()
        self.second.start(static=True)
        wait_until(lambda: self.is_settled(2), LIMIT_S)
        wait_until(lambda: assignments(self.second) >= 1, LIMIT_S)
        wait_until(lambda: assignments(self.first) >= 2, LIMIT_S)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `shopstreams group`."""
        where = ["--bootstrap-servers", self.kafka, "--group", self.name]
        return subprocess.run(
            [sys.executable, "-m", "streams.cli", "group", *arguments, *where],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    def members(self) -> int:
        """Return how many members the broker knows."""
        described = self._admin.describe_consumer_groups([self.name])[self.name]
        return len(described.result(ANSWER_S).members)

    def is_settled(self, members: int) -> bool:
        described = self._admin.describe_consumer_groups([self.name])[self.name].result(ANSWER_S)
        return len(described.members) == members and described.state.name == "STABLE"


def assignments(worker: Worker) -> int:
    return worker.log_tail().count(ASSIGNED)


@pytest.fixture
def group(kafka: str, tmp_path: Path) -> Iterator[Group]:
    group = Group(kafka, tmp_path)
    try:
        group.start()
        yield group
    finally:
        group.first.remove()
        group.second.remove()


def test_a_quick_restart_pauses_nobody_else_and_a_stop_for_good_frees_the_seat(
    group: Group,
) -> None:
    before = assignments(group.first)
    group.second.kill()
    group.second.start(static=True)
    assert group.second.wait_until_ready(), group.second.log_tail().decode()
    wait_until(lambda: assignments(group.second) >= 1, LIMIT_S)
    assert group.members() == 2
    assert assignments(group.first) == before

    group.second.send(signal.SIGINT)
    wait_until(lambda: not group.second.runs, LIMIT_S)
    assert group.members() == 1
    wait_until(lambda: assignments(group.first) > before, LIMIT_S)


def test_a_seat_is_given_up_from_outside_where_a_worker_was_stopped_for_good(
    group: Group,
) -> None:
    """What stops a worker sends SIGTERM for a restart and for good alike: its seat stays."""
    before = assignments(group.first)
    seat = f"{group.name}-{group.second.name}"
    assert group.second.terminate() == 0
    assert seat in group.command("show").stdout
    stopped_at = time.monotonic()
    assert group.command("leave", seat).returncode == 0
    wait_until(lambda: assignments(group.first) > before, LIMIT_S)
    assert time.monotonic() - stopped_at < SESSION_S / 2
    assert group.members() == 1

    again = group.command("leave", seat)
    assert again.returncode == 1
    assert f"{group.name}-{group.first.name}" in again.stderr  # who is there
