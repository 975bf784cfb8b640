"""What a worker was at can be read when it was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from inference.recorder import Recorder, new_memory


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = new_memory()
    yield descriptor
    os.close(descriptor)


def test_another_process_reads_what_a_killed_one_noted(memory: int) -> None:
    code = (
        "import os, signal, sys\n"
        "from inference.recorder import Recorder\n"
        "Recorder(int(sys.argv[1])).begin('forward', [(5, 6)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", code, str(memory)]
    assert subprocess.run(command, pass_fds=[memory], check=False).returncode == -9
    assert Recorder(memory).was_at() == frozenset({(5, 6)})
