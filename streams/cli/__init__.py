"""The command `shopstreams`.

    app.py          all commands; short ones live here
    options.py      what commands share: where settings come from
    failures.py     errors to sentences and exit codes
    topics.py       topics create | check | acls
    replay.py       replay reviews | queries | orders | catalogue | knowledge
    tail.py         tail
    dead_letters.py dead-letters list | show | replay
    letters.py      dead letters as lines, whole and counted
    evaluate.py     evaluate sentiment
    doctor.py       doctor
    demo.py         demo

Nothing heavy is imported before a command needs it: a help text comes at once.
"""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from streams.cli.app import app
        from streams.cli.failures import run_command

        code = run_command(app, sys.argv[1:])
    except KeyboardInterrupt:  # while the imports above still ran
        code = _INTERRUPTED
    sys.exit(code)
