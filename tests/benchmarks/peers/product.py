"""shopstreams as it is run, all tasks and models, but for the cache of known texts."""

from __future__ import annotations

import sys
import tempfile

from streams.app import run_worker
from streams.config import load_settings
from tests.benchmarks.peers import ours
from tests.benchmarks.peers.options import parse


def main() -> int:
    """Relay until SIGTERM."""
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        flags = {
            **ours.flags(options, folder),
            "models.sentiment": options.model,
            "inference.cache_mb": 0,
            "inference.threads": options.threads,
        }
        return run_worker(load_settings(environ={}, flags=flags).settings)


if __name__ == "__main__":
    sys.exit(main())
