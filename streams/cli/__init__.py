"""The command `shopstreams`.

A command stands in the module of its name. What they share:

    app.py          all commands; short ones live here
    options.py      where settings come from
    data.py         labelled files: how columns are named, what is left out
    failures.py     errors to sentences and exit codes
    printable.py    others' texts, which cannot steer a terminal
    waiting.py      waiting for what is starting beside us
    data.py         labelled files: their columns, and what was left out
    lines.py        outcomes as lines; letters.py: dead letters
    figures.py      a model's figures; training.py: how its training goes

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
