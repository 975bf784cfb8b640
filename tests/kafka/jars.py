"""Apache Kafka's jars, fetched once a user by Maven."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

KAFKA_VERSION = "4.1.0"
POM = Path(__file__).parent / "pom.xml"
FETCH_TIMEOUT_S = 300
TRIES = 3
PAUSE_S = 2.0


def tools_are_there() -> bool:
    """Whether this machine can run a broker of its own."""
    return shutil.which("java") is not None and shutil.which("mvn") is not None


def kafka_jars() -> Path:
    """Return the folder of the jars; several test runs at once fetch them once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "shopstreams"
    cache.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    folder = cache / f"kafka-{KAFKA_VERSION}-{key}"
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            fetch(POM, folder)
    return folder


def fetch(pom: Path, folder: Path) -> None:
    """Fetch what a POM depends on into a new folder."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        jars = Path(scratch) / "jars"
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        problem: str | None = None
        for attempt in range(1, TRIES + 1):
            problem = _run([*command, f"-DoutputDirectory={jars}"])
            if problem is None:
                jars.rename(folder)
                return
            if attempt < TRIES:
                time.sleep(PAUSE_S * attempt)
        raise RuntimeError(f"Maven did not fetch Kafka's jars: {problem}")


def _run(command: list[str]) -> str | None:
    """Return None, or why the command did not do its work."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end after {FETCH_TIMEOUT_S} s"
    return None if done.returncode == 0 else (done.stdout + done.stderr)[-2000:]


if __name__ == "__main__":
    print(f"Kafka {KAFKA_VERSION} for the tests: {len(list(kafka_jars().iterdir()))} jars")
