"""The demo as a user runs it: one command, nothing else installed or running."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(400)

COMMAND = [sys.executable, "-m", "streams.cli", "demo"]
READY_S = 240.0
LEFT_S = 30.0
SCREEN_ON, SCREEN_OFF = b"\x1b[?1049h", b"\x1b[?1049l"
CURSOR_OFF, CURSOR_ON = b"\x1b[?25l", b"\x1b[?25h"
RESULT_TOPICS = {"review-labels", "replies", "recommendations", "dead-letters"}


class Marked:
    """An environment that tells this test's processes from all others."""

    def __init__(self, folder: Path) -> None:
        self._mark = f"DEMO_TEST={uuid.uuid4().hex}"
        kept = {name: value for name, value in os.environ.items() if "SHOPSTREAMS" not in name}
        name, _, value = self._mark.partition("=")
        root = str(Path(__file__).parents[2])
        paths = os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH")]))
        self.environ = kept | {name: value, "PYTHONPATH": paths, "TMPDIR": str(folder)}
        self.environ |= {"TERM": "xterm-256color"}

    def processes(self) -> set[int]:
        """Return the ids of all living processes that have the mark."""
        return {int(entry.name) for entry in Path("/proc").iterdir() if self._is_ours(entry)}

    def _is_ours(self, entry: Path) -> bool:
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            return False
        try:
            return self._mark.encode() in (entry / "environ").read_bytes().split(b"\x00")
        except OSError:
            return False


@pytest.fixture
def marked(tmp_path: Path) -> Marked:
    return Marked(tmp_path)


def until(condition: Callable[[], bool], limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        select.select([], [], [], 0.05)
    return condition()


def test_every_event_of_a_short_demo_has_its_outcome(marked: Marked, tmp_path: Path) -> None:
    report_file = tmp_path / "demo.json"
    done = subprocess.run(
        [*COMMAND, "--seconds", "15", "--rate", "12", "--json", str(report_file)],
        env=marked.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=350,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(report_file.read_text(encoding="utf-8"))
    assert report["events_in"] >= 100
    assert report["missing"] == 0
    assert report["outcomes"] == report["events_in"]
    assert report["dead_letters"] >= 1
    assert set(report["by_topic"]) >= RESULT_TOPICS
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p99"]
    assert marked.processes() == set()
    assert "Traceback" not in done.stderr


class Terminal:
    """A demo on a terminal of 80 columns and 24 lines."""

    def __init__(self, marked: Marked) -> None:
        self.output = b""
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            COMMAND,
            env=marked.environ,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(follower)

    def saw(self, wanted: bytes) -> bool:
        """Read what there is and return whether `wanted` was ever shown."""
        while select.select([self._leader], [], [], 0)[0]:
            try:
                piece = os.read(self._leader, 65536)
            except OSError:  # nobody is left at the other end
                break
            if not piece:
                break
            self.output += piece
        return wanted in self.output

    def press_ctrl_c(self) -> None:
        os.write(self._leader, b"\x03")

    def ended(self) -> bool:
        self.saw(b"")  # a full terminal would hold the process up
        return self.process.poll() is not None

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._leader)


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(
    "moment", [b"starting", b"sending", b"starting the worker", SCREEN_ON, b"Dead letters"]
)
def test_ctrl_c_at_any_moment_leaves_nothing_behind(
    marked: Marked, tmp_path: Path, moment: bytes
) -> None:
    terminal = Terminal(marked)
    try:
        assert until(lambda: terminal.saw(moment), READY_S), terminal.output[-2000:]
        terminal.press_ctrl_c()
        assert until(terminal.ended, LEFT_S), terminal.output[-2000:]
        assert terminal.process.returncode == 130
        assert until(lambda: not marked.processes(), LEFT_S), marked.processes()
    finally:
        terminal.close()
    assert terminal.output.count(SCREEN_ON) == terminal.output.count(SCREEN_OFF)
    assert terminal.output.count(CURSOR_OFF) == terminal.output.count(CURSOR_ON)
    assert b"Traceback" not in terminal.output
    assert not list(tmp_path.glob("shopstreams-demo-*"))


def test_the_children_of_a_killed_demo_end_too(marked: Marked) -> None:
    terminal = Terminal(marked)
    try:
        assert until(lambda: terminal.saw(SCREEN_ON), READY_S), terminal.output[-2000:]
        assert len(marked.processes()) >= 3  # the demo, its broker, its worker
        terminal.process.send_signal(signal.SIGKILL)
        assert until(lambda: not marked.processes(), LEFT_S), marked.processes()
    finally:
        terminal.close()


def test_a_worker_that_does_not_start_is_shown_with_its_log(marked: Marked, tmp_path: Path) -> None:
    environ = marked.environ | {"SHOPSTREAMS_MODELS__SENTIMENT": str(tmp_path / "nothing")}
    done = subprocess.run(
        [*COMMAND, "--seconds", "5"],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1
    assert "the worker ended with 1" in done.stderr
    assert str(tmp_path / "nothing") in done.stderr
    assert "Traceback" not in done.stderr
    assert marked.processes() == set()
