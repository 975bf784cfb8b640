"""A child process that ends when its parent does, however the parent ends.

The parent holds the writing end of the child's standard input. The kernel closes it when the
parent is gone, even when it was killed; the child reads the end and leaves.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

STOP_WAIT_S: Final = 10.0
"""From the request to stop to the kill."""


class Child:
    """A Python module in a process of its own, in a session of its own.

    Of its own, so that Ctrl-C reaches the parent alone, which stops its children in order.
    """

    def __init__(self, arguments: list[str], environ: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  # our own module, without a shell
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=dict(environ),
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """The code it ended with; None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask it to stop, wait for a while, then end it and all it started."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            self._kill_group()
            self._process.wait()

    def _kill_group(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def end_with_parent() -> None:
    """Send this process SIGTERM when its standard input ends; to be called early, by the child."""
    threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(STOP_WAIT_S)
    # It does not stop, and nobody is left to tell it again: end it with all that it started.
    os.killpg(os.getpgrp(), signal.SIGKILL)
