"""Systems as processes: their programs, their environments, their start and end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.benchmarks.peers.options import AT_LEAST_ONCE, EXACTLY_ONCE, Options

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = Path(__file__).parent / "peers"
CACHE: Final = Path.home() / ".cache/shopstreams/benchmarks"
PACKAGES: Final = "tests.benchmarks.peers"
STOP_LIMIT_S: Final = 30.0
POLL_S: Final = 0.05
SHOWN_LOG: Final = 3_000
GUARANTEES: Final = (AT_LEAST_ONCE, EXACTLY_ONCE)


@dataclass(frozen=True, kw_only=True)
class System:
    """One way to do the work."""

    name: str
    program: str  # module in `peers`
    guarantee: str

    @property
    def is_slow(self) -> bool:
        """Whether it is given fewer events: stock Faust's transactions are slow."""
        return self.program == "stock" and self.guarantee == EXACTLY_ONCE


def system(name: str, program: str, guarantee: str = AT_LEAST_ONCE) -> System:
    """Return a system; its name is followed by its guarantee."""
    return System(name=f"{name}_{guarantee}", program=program, guarantee=guarantee)


class Worker:
    """One process of a system, from start to end; its log is shown if it ends by itself."""

    def __init__(self, one: System, options: Options) -> None:
        self.name = one.name
        with tempfile.NamedTemporaryFile(prefix=f"{one.name}-", suffix=".log", delete=False) as log:
            self._log = Path(log.name)
            self.began = time.time()
            self._process = subprocess.Popen(
                [_python(one.program), "-m", f"{PACKAGES}.{one.program}", *options.arguments()],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._log.unlink()

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    def processor_s(self) -> float:
        """Return the processor time that it has used; 0 when it has ended."""
        return processor_s(self.pid)

    def alive(self) -> bool:
        """Whether it runs; tells what it last said if not."""
        if self._process.poll() is None:
            return True
        text = f"{self.name} ended with {self._process.returncode}:\n{self.log()}"
        print(text, file=sys.stderr)
        return False

    def log(self) -> str:
        """Return the end of what it said."""
        return self._log.read_text(errors="replace")[-SHOWN_LOG:]

    def stop(self) -> None:
        """End it in order, or at once if it does not."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            print(f"{self.name} did not stop within {STOP_LIMIT_S} s", file=sys.stderr)
            self._process.kill()
            self._process.wait()


def processor_s(pid: int) -> float:
    """Return the processor time that a process has used; 0 when it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def prepare(systems: Sequence[System]) -> dict[str, list[str]]:
    """Make the environments that are not there; return each system's packages by program."""
    return {one.program: _versions(_python(one.program)) for one in systems}


def _python(program: str) -> str:
    requirements = PEERS / f"{program}-requirements.txt"
    if not requirements.is_file():
        return sys.executable
    folder = CACHE / program
    python, marker = folder / "bin/python", folder / "requirements.txt"
    wanted = requirements.read_text(encoding="utf-8")
    if not marker.is_file() or marker.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        for command in _make(folder, requirements):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        marker.write_text(wanted, encoding="utf-8")
    return str(python)


def _make(folder: Path, requirements: Path) -> list[list[str]]:
    python = str(folder / "bin/python")
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, "-r", str(requirements)],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "-r", str(requirements)],
    ]


def _versions(python: str) -> list[str]:
    code = (
        "from importlib.metadata import distributions\n"
        "wanted = {'aiokafka', 'confluent-kafka', 'faust-streaming', 'pydantic', 'quixstreams', "
        "'torch', 'transformers', 'uvloop'}\n"
        "names = {(d.name.lower(), d.version) for d in distributions()}\n"
        "print(*(f'{n}=={v}' for n, v in sorted(names) if n in wanted), sep='\\n')"
    )
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return [f"Python=={sys.version.split()[0]}", *done.stdout.split()]
