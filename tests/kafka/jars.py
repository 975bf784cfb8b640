"""Apache Kafka's jars, fetched once a user by Maven."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

KAFKA_VERSION = "4.1.0"
FETCH_TIMEOUT_S = 300
TRIES = 3


def tools_are_there() -> bool:
    """Whether this machine can run a broker of its own."""
    return shutil.which("java") is not None and shutil.which("mvn") is not None


def kafka_jars() -> Path:
    """Return the folder of the jars; several test runs at once fetch them once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "shopstreams"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"kafka-{KAFKA_VERSION}"
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        jars = Path(scratch) / "jars"
        pom = Path(__file__).parent / "pom.xml"
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        for attempt in range(1, TRIES + 1):
            done = subprocess.run(
                [*command, f"-DoutputDirectory={jars}"],
                capture_output=True,
                text=True,
                timeout=FETCH_TIMEOUT_S,
                check=False,
            )
            if done.returncode == 0:
                jars.rename(folder)
                return
            if attempt == TRIES:
                raise RuntimeError(f"Maven did not fetch Kafka's jars: {done.stdout[-2000:]}")
