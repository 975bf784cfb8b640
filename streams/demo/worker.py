"""The worker as a child process: `shopstreams run`, told by its environment."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson

from streams.demo.errors import DemoError
from streams.demo.lifeline import Child, end_with_parent

READY_TIMEOUT_S: Final = 300.0
"""Loading models takes seconds where they are on disk, minutes where they are fetched."""

_READY_ACTION: Final = "worker_ready"
_LOOK_INTERVAL_S: Final = 0.1


class DemoWorker:
    """A worker on the embedded broker."""

    def __init__(self, address: str, folder: Path, arguments: list[str]) -> None:
        self._log = folder / "worker.log"
        environ = os.environ | _environment(address, folder)
        self._child = Child(["streams.demo.worker", *arguments], environ, self._log)
        self._read = 0
        self._rest = b""

    def await_ready(self, progress: Callable[[str], None]) -> None:
        """Wait until it takes events, telling what it says; raises `DemoError`."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            for event, action in self._new_lines():
                progress(event)
                if action == _READY_ACTION:
                    return
            self.check()
            time.sleep(_LOOK_INTERVAL_S)
        raise DemoError(f"the worker was not ready after {READY_TIMEOUT_S:g} s", self._log)

    def check(self) -> None:
        """Raise `DemoError` if it has ended."""
        if self._child.exit_code is not None:
            raise DemoError(f"the worker ended with {self._child.exit_code}", self._log)

    def stop(self) -> None:
        """Let it drain and end."""
        self._child.stop()

    def _new_lines(self) -> list[tuple[str, str]]:
        with self._log.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        return [_event(line) for line in lines if line.strip()]


def _event(line: bytes) -> tuple[str, str]:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "", ""
    if not isinstance(fields, dict):
        return "", ""
    return str(fields.get("event", "")), str(fields.get("action", ""))


def _environment(address: str, folder: Path) -> dict[str, str]:
    return {
        "SHOPSTREAMS_KAFKA__BOOTSTRAP_SERVERS": address,
        "SHOPSTREAMS_KAFKA__DECLARE_TOPICS": "false",
        "SHOPSTREAMS_KAFKA__PARTITIONS": "4",
        "SHOPSTREAMS_KAFKA__GROUP": "shopstreams-demo",
        "SHOPSTREAMS_ENGINE__STATE_DIR": str(folder / "state"),
        "SHOPSTREAMS_ENGINE__DRAIN_TIMEOUT_S": "5",
        # The embedded broker knows no transactions.
        "SHOPSTREAMS_ENGINE__DELIVERY": "at_least_once",
        "SHOPSTREAMS_WEB__PORT": str(_free_port()),
        "SHOPSTREAMS_LOGGING__FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve() -> int:
    """Be the worker until the parent ends or asks to stop."""
    from streams.cli.app import app
    from streams.cli.failures import run_command

    # Until the engine takes the signal over, an early stop is an end like any other.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    end_with_parent()
    return run_command(app, ["run", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(serve())
