"""Errors to sentences and exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""

from __future__ import annotations

import sys
import tempfile
import traceback
from typing import Final

import typer

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130

_NAME: Final = "shopstreams"


def run_command(app: typer.Typer, arguments: list[str]) -> int:
    """Run the command line and return its exit code; every error becomes a sentence on stderr."""
    try:
        typer.main.get_command(app).main(arguments, prog_name=_NAME)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        return _explain(error)
    return EXIT_DONE


def _explain(error: Exception) -> int:
    from schemas.errors import SchemaError
    from streams.config_sources import ConfigError
    from streams.errors import StreamsError

    if isinstance(error, ConfigError):
        say(str(error))
        return EXIT_USAGE
    if isinstance(error, StreamsError | SchemaError) or _is_of_inference(error):
        say(str(error))
        return EXIT_FAILED
    with tempfile.NamedTemporaryFile(
        "w", prefix=f"{_NAME}-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    say(f"this should not happen ({type(error).__name__}: {error}); details are in {file.name}")
    return EXIT_FAILED


def _is_of_inference(error: Exception) -> bool:
    # Looked up, not imported: an error of a package that nobody imported cannot be here.
    errors = sys.modules.get("inference.errors")
    return errors is not None and isinstance(error, errors.InferenceError)


def say(sentence: str) -> None:
    """Print a sentence on stderr under the command's name."""
    print(f"{_NAME}: {sentence}", file=sys.stderr)
