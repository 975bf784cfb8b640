"""One worker under test, as its supervisor sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from tests.chaos.disk import StateDisk
from tests.kafka.server import LIBC, PR_SET_PDEATHSIG

READY_LIMIT_S = 60.0
STOP_LIMIT_S = 60.0
POLL_S = 0.02
BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
"""Compiled once a run, even where nothing is to be left in the source's folders."""
READY = b'"worker_ready"'


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What all workers of a run share."""

    bootstrap: str
    group: str
    delivery: str
    topics: dict[str, str]  # id to the broker's name
    folder: Path
    model: Path  # a folder that the toy model takes for its weights
    seed: int
    store: str = "memory"
    standbys: int = 0
    session_timeout_s: float = 6.0  # the least that a broker allows by default
    engine: Mapping[str, float] = field(default_factory=dict)  # more of its settings
    moderated: bool = False  # whether reviews are
    program: str = "tests.chaos.worker"  # module that takes the worker's folder


class Worker:
    """A worker process with its settings, log, state folder, clock and final tables."""

    def __init__(self, setup: Setup, name: str) -> None:
        self._setup = setup
        self._folder = setup.folder / name
        self._folder.mkdir()
        self.name = name
        self.disk = StateDisk(self._folder / "state", setup.store)
        self.clock = self._folder / "clock"
        self.clock.write_text("0")
        self.tables = self._folder / "tables.json"
        self.log = self._folder / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._starts = 0

    @property
    def runs(self) -> bool:
        """Whether the process is there, stopped ones included."""
        return self._process is not None and self._process.poll() is None

    @property
    def resident_bytes(self) -> int:
        """Memory of the stream process; it must run."""
        assert self._process is not None
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def is_ready(self) -> bool:
        """Whether the process said so since it was started."""
        return READY in self.log_tail()

    def start(self, *, static: bool = False) -> None:
        """Start the process; with `static` as a static member of its group."""
        self._write_settings(static)
        self.tables.unlink(missing_ok=True)
        self._starts += 1
        command = [sys.executable, "-m", self._setup.program, str(self._folder)]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                [*command, "--seed", str(self._setup.seed * 1000 + self._starts)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ
                | BYTECODE
                | {"PYTHONPYCACHEPREFIX": str(self._setup.folder / "pyc")},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def wait_until_ready(self) -> bool:
        """Whether the process was ready within the limit; one that ended was not."""
        until = time.monotonic() + READY_LIMIT_S
        while time.monotonic() < until and self.runs:
            if self.is_ready:
                return True
            time.sleep(POLL_S)
        return self.runs and self.is_ready

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the stream process."""
        if self._process is not None and self.runs:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End the stream process at once."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(STOP_LIMIT_S)

    def terminate(self) -> int | None:
        """Ask the process to end; return its exit code, None where it had to be killed."""
        self.send(signal.SIGTERM)
        if self._process is None:
            return None
        try:
            return self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill_inference(self) -> None:
        """End the process that holds the models at once."""
        if self._process is not None:
            for child in _children(self._process.pid):
                os.kill(child, signal.SIGKILL)

    def remove(self) -> None:
        """End everything."""
        self.kill_inference()
        self.kill()
        self.disk.remove()

    def log_tail(self) -> bytes:
        """Return the log since the last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read()

    def _write_settings(self, static: bool) -> None:
        setup = self._setup
        topics = "\n".join(f'{id} = "{name}"' for id, name in setup.topics.items())
        instance = f'instance_id = "{setup.group}-{self.name}"\n' if static else ""
        engine = "".join(f"{name} = {value}\n" for name, value in setup.engine.items())
        models = "\n".join(
            f'{slot} = "{setup.model}"' for slot in ("sentiment", "intent", "recommend")
        )
        (self._folder / "shopstreams.toml").write_text(
            f'[kafka]\nbootstrap_servers = "{setup.bootstrap}"\ngroup = "{setup.group}"\n'
            f"session_timeout_s = {setup.session_timeout_s}\n{instance}"
            f'[engine]\ndelivery = "{setup.delivery}"\nstore = "{setup.store}"\n'
            f'state_dir = "{self.disk.folder}"\nstandby_replicas = {setup.standbys}\n'
            f"{engine}"
            f'[web]\nenabled = false\n[logging]\nformat = "json"\n'
            f"[moderation]\nenabled = {str(setup.moderated).lower()}\n"
            f"[models]\n{models}\n[topics]\n{topics}\n"
        )

    def held(self) -> dict[str, dict[str, dict[str, int]]] | None:
        """Return the tables that the process wrote down at its last clean stop, if it did."""
        if not self.tables.is_file():
            return None
        read: dict[str, dict[str, dict[str, int]]] = orjson.loads(self.tables.read_bytes())
        return read


def _die_with_parent() -> None:
    # Even a run that is killed leaves no worker behind.
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:  # the thread is gone
            continue
    return found
