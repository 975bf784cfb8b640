"""The embedded broker: librdkafka's, in a process of its own.

It keeps everything in memory, makes topics when they are first used and proves nothing about
durability: fit for a demo, not for a shop.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Final

from streams.demo.errors import DemoError
from streams.demo.lifeline import Child, end_with_parent

START_TIMEOUT_S: Final = 20.0
_LOOK_INTERVAL_S: Final = 0.02
_ANNOUNCEMENT: Final = "broker at "


class EmbeddedBroker:
    """A broker that lives while this object's process does."""

    def __init__(self, folder: Path) -> None:
        """Start it; raises `DemoError` if it does not."""
        self._log = folder / "broker.log"
        self._child = Child(["streams.demo.broker"], os.environ, self._log)
        try:
            self.address = self._await_address()
        except BaseException:
            self._child.stop()
            raise

    def stop(self) -> None:
        """End it."""
        self._child.stop()

    def _await_address(self) -> str:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._child.exit_code is None:
            text = self._log.read_text(encoding="utf-8", errors="replace")
            for line in text.splitlines(keepends=True):
                if line.startswith(_ANNOUNCEMENT) and line.endswith("\n"):
                    return line.removeprefix(_ANNOUNCEMENT).strip()
            time.sleep(_LOOK_INTERVAL_S)
        raise DemoError("the embedded broker did not start", self._log)


def serve() -> None:
    """Be the broker until the parent ends."""
    from confluent_kafka import Producer

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    end_with_parent()
    producer = Producer(
        {"test.mock.num.brokers": 1, "bootstrap.servers": "ignored", "log_level": 0}
    )
    found = producer.list_topics(timeout=START_TIMEOUT_S).brokers.values()
    print(_ANNOUNCEMENT + next(f"{broker.host}:{broker.port}" for broker in found), flush=True)
    ended.wait()


if __name__ == "__main__":
    serve()
