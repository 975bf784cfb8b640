"""The worker under test: `python -m tests.chaos.worker FOLDER`.

The product's engine and inference client, with a handler whose results and tables say what it
has seen, and a toy model in a real inference process. The folder holds the settings and the
clock's offset; tables are written into it at a clean stop.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path

from tests.chaos import clock


def main() -> int:
    """Run until a signal; return the worker's exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    clock.install(arguments.folder / "clock")
    # Here, not above: whatever takes `time.time` by name must take the one that jumps.
    from tests.chaos import hooks
    from tests.chaos.product import run

    hooks.install(random.Random(arguments.seed))
    return run(arguments.folder)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # what a defect left running must not keep a supervisor waiting
